"""The restore points that a start finds on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.flink.state import OwnState

JOB = "758d42bb0fff1d83df941cc8d20300b4"
NAMES = ("state", "fw state", "Jos\u00e9", "100%", "a%20b", "q?x#y")


def complete(folder: Path, at: float) -> Path:
    folder.mkdir(parents=True)
    (folder / "_metadata").write_bytes(b"x")
    os.utime(folder / "_metadata", (at, at))
    return folder


@pytest.fixture(params=NAMES)
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return Settings(state_dir=tmp_path / request.param)


def test_the_newest_that_lies_on_disk(settings: Settings) -> None:
    state = OwnState(settings)
    assert state.newest_left_by(JOB) is None
    complete(settings.checkpoints_dir / JOB / "chk-7", 100)
    last = complete(settings.checkpoints_dir / JOB / "chk-10", 200)
    (settings.checkpoints_dir / JOB / "chk-11").mkdir()
    found = state.newest_left_by(JOB)
    assert found is not None
    assert (found.path, found.kind) == (f"file://{last}", "checkpoint")
    # A savepoint that no client waited for: its run has deleted its checkpoints.
    late = complete(settings.savepoints_dir / f"savepoint-{JOB[:6]}-0123456789ab", 300)
    complete(settings.savepoints_dir / "savepoint-ffffff-0123456789ab", 400)
    found = state.newest_left_by(JOB)
    assert found is not None
    assert (found.path, found.kind, found.at) == (f"file://{late}", "savepoint", 300)


def test_a_path_is_read_as_flink_writes_it(settings: Settings) -> None:
    state = OwnState(settings)
    folder = complete(settings.savepoints_dir / "savepoint-758d42-0", 1)
    for address in (f"file:{folder}", f"file://{folder}"):
        assert state.readable(address)
    assert state.savepoints == f"file://{settings.savepoints_dir}"
    state.discard(f"file:{folder}")
    assert not folder.exists()
    assert not state.readable(f"file:{folder}")
