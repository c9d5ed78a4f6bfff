"""Temporary folders: those of killed processes are removed, those of living ones are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.scratch_folder import scratch_folder

IN_USE = """
import sys
from pathlib import Path
from pipeline.scratch_folder import scratch_folder
with scratch_folder("rows-", Path(sys.argv[1])) as folder:
    (folder / "file").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_removed_once_its_process_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IN_USE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        theirs = Path(process.stdout.readline().decode().strip())
        with scratch_folder("rows-", tmp_path):
            assert (theirs / "file").exists()
        process.kill()
    assert theirs.exists()
    with scratch_folder("rows-", tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert not list(tmp_path.iterdir())


def test_what_is_no_such_folder_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "rows-file").touch()
    (tmp_path / "rows-link").symlink_to(other)
    with pytest.raises(ValueError, match="of theirs"), scratch_folder("rows-", tmp_path):
        raise ValueError("an error of theirs")
    assert {path.name for path in tmp_path.iterdir()} == {"other", "rows-file", "rows-link"}
