"""What is remembered about each job between starts: is it wanted, and where is its state."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pipeline.errors import InputError


class Savepoint(msgspec.Struct, frozen=True):
    """A job's kept state: `path` as Flink names it, `taken_at` in seconds since the epoch."""

    path: str
    taken_at: float


class Entry(msgspec.Struct, frozen=True):
    """One job.

    Attributes:
        wanted: Whether the next start of the stack should start it.
        job_id: Flink's id of the last run that was not stopped by us; empty otherwise.
        savepoints: Newest first.
    """

    wanted: bool = False
    job_id: str = ""
    savepoints: tuple[Savepoint, ...] = ()


class Journal:
    """The entries of all jobs in one file, safe against several processes and half-done writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> dict[str, Entry]:
        """All jobs ever started, by name.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return msgspec.json.decode(data, type=dict[str, Entry])
        except msgspec.DecodeError as error:
            raise InputError(
                f"{self._path} is damaged: {error}.",
                "Move it away; jobs then start without their kept state.",
            ) from error

    def entry(self, name: str) -> Entry:
        """One job; an empty entry when it was never started."""
        return self.entries().get(name, Entry())

    def update(self, name: str, **changes: object) -> Entry:
        """Change fields of one job's entry and keep the rest."""
        with self._locked():
            entries = self.entries()
            entry = msgspec.structs.replace(entries.get(name, Entry()), **changes)
            entries[name] = entry
            partial = self._path.with_suffix(".partial")
            partial.write_bytes(msgspec.json.format(msgspec.json.encode(entries)))
            partial.chmod(0o600)
            partial.replace(self._path)
            return entry

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
