"""The embedded broker's disk is formatted as Kafka's own tool does it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from pipeline import config
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.java import java_home


def test_the_disk_is_formatted_as_by_the_storage_tool(tmp_path: Path) -> None:
    settings = config.load(environment={"FRAUDWATCH_STATE_DIR": str(tmp_path)})
    jars.fetch(jars.manifest().kafka, settings.jars_dir)
    spec = broker.broker(settings, java_home(settings), cluster.wheel_lib(), 9092, 9093)
    data = tmp_path / "kafka" / "data"
    by_us = data.rename(tmp_path / "by us")
    *java, _, properties = spec.command
    tool = (*java, "kafka.tools.StorageTool", "format", f"--config={properties}")
    subprocess.run((*tool, f"--cluster-id={broker.new_id()}"), check=True, capture_output=True)
    assert _names(by_us) == _names(data) == ["bootstrap.checkpoint", "meta.properties"]
    assert _batches(by_us) == _batches(data)
    ours, theirs = _ids(by_us), _ids(data)
    assert ours.keys() == theirs.keys()
    same = ("node.id", "version")
    assert [ours[name] for name in same] == [theirs[name] for name in same]
    for name in ("cluster.id", "directory.id"):
        assert len(ours[name]) == len(theirs[name])
    shutil.rmtree(data)


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))


def _ids(folder: Path) -> dict[str, str]:
    lines = (folder / "meta.properties").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _batches(folder: Path) -> list[bytes]:
    """Kafka's record batches without their checksums and times."""
    data = (folder / "bootstrap.checkpoint").read_bytes()
    batches = []
    while data:
        # The base offset, then the length of the rest.
        (length,) = struct.unpack_from(">i", data, 8)
        batch, data = data[: 12 + length], data[12 + length :]
        batches.append(batch[:17] + batch[21:27] + batch[43:])
    assert len(batches) == 3, "header, levels and footer"
    return batches
