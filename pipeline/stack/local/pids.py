"""Records the stack's processes on disk, so that the next start can end those left by a crash."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import psutil

from pipeline import private_file
from pipeline.text.ready_type import ready

_PATIENCE_SECONDS: Final = 5.0


class _Process(msgspec.Struct, frozen=True):
    """A process; the pid alone may have been reused by another one."""

    pid: int
    created_at: float


class PidFile:
    """The pids of one state directory's processes, by name.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted: dict[str, _Process] = {}

    def note(self, name: str, pid: int) -> None:
        """Record a process, unless it has already ended."""
        try:
            self._noted[name] = _Process(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return
        self._write()

    def clear(self) -> None:
        """Forget all processes, after an orderly end."""
        self._noted.clear()
        self._path.unlink(missing_ok=True)

    def end_leftovers(self) -> None:
        """End the processes left by an earlier stack."""
        try:
            noted = msgspec.json.decode(self._path.read_bytes(), type=ready(dict[str, _Process]))
        except (FileNotFoundError, msgspec.DecodeError):
            return  # There is no file, or the crash left an incomplete one.
        left = [process for entry in noted.values() if (process := _find(entry))]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=_PATIENCE_SECONDS)
        self.clear()

    def _write(self) -> None:
        private_file.write(self._path, msgspec.json.format(msgspec.json.encode(self._noted)))


def _find(noted: _Process) -> psutil.Process | None:
    try:
        process = psutil.Process(noted.pid)
        return process if process.create_time() == noted.created_at else None
    except psutil.NoSuchProcess:
        return None
