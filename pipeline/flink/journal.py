"""What is remembered about each job between starts: is it wanted, and where is its state."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from pipeline import private_file
from pipeline.errors import InputError

from .definition import Definition


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
        definition: What it computed when it last ran; its state is of no use to anything else. None
            when it was started from elsewhere.
        foreign_digest: The digest that such a job carries in its parameters; empty without one.
            The file calls it `told`.
    """

    wanted: bool = False
    job_id: str = ""
    savepoints: tuple[Savepoint, ...] = ()
    definition: Definition | None = None
    foreign_digest: str = msgspec.field(name="told", default="")

    @property
    def digest(self) -> str:
        """Digest of the definition that produced the state; empty when it is unknown."""
        return self.definition.digest if self.definition is not None else self.foreign_digest


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

    def wanted(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these jobs that a start of the stack starts.

        They ran when it was last stopped; a job that was never started counts as wanted.

        Raises:
            InputError: The file cannot be read.
        """
        entries = self.entries()
        return tuple(name for name in names if entries.get(name, Entry(wanted=True)).wanted)

    def update(self, name: str, **changes: object) -> Entry:
        """Change fields of one job's entry and keep the rest."""
        with private_file.locked(self._path):
            entries = self.entries()
            entry = msgspec.structs.replace(entries.get(name, Entry()), **changes)
            entries[name] = entry
            private_file.write(self._path, msgspec.json.format(msgspec.json.encode(entries)))
            return entry
