"""A file that records each job between starts: whether it is wanted, and its restore points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pipeline import private_file
from pipeline.errors import InputError
from pipeline.text.malformed import MALFORMED, malformation
from pipeline.text.ready_type import ready

from .definition import Definition


class Savepoint(msgspec.Struct, frozen=True):
    """A savepoint: `path` as Flink names it, `taken_at` in seconds since the epoch."""

    path: str
    taken_at: float


class Entry(msgspec.Struct, frozen=True):
    """The record of one job.

    Attributes:
        wanted: Whether the next start of the stack should start it.
        job_id: Flink's id of the last run that fraudwatch did not stop; empty otherwise.
        savepoints: Newest first.
        definition: The definition that it last ran; its state fits no other. None if it was started
            from elsewhere.
        foreign_digest: The digest that such a job carries in its parameters; empty without one.
            The file calls it `told`.
        topic_ids: Ids of the topics that its state and the rows in its sink are of, by name; empty
            if unknown.
    """

    wanted: bool = False
    job_id: str = ""
    savepoints: tuple[Savepoint, ...] = ()
    definition: Definition | None = None
    foreign_digest: str = msgspec.field(name="told", default="")
    topic_ids: dict[str, str] = {}

    def begun_with(self, topic_ids: Mapping[str, str], sink: str) -> dict[str, str]:
        """Return `topic_ids` for a start without state.

        Args:
            topic_ids: Ids of the topics as they are.
            sink: The one that it writes to, in which rows of before may be left.
        """
        same = self.topic_ids.get(sink, "") == topic_ids.get(sink)
        return {**topic_ids, **(self.topic_ids if same else {})}

    @property
    def digest(self) -> str:
        """Digest of the definition that produced the state; empty if it is unknown."""
        return self.definition.digest if self.definition is not None else self.foreign_digest


class Journal:
    """The entries of all jobs in one file; safe for several processes, and written atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> dict[str, Entry]:
        """Return the entries of all jobs ever started, by name.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return msgspec.json.decode(data, type=ready(dict[str, Entry]))
        except MALFORMED as error:
            raise InputError(
                f"{self._path} is damaged: {malformation(error)}.",
                "Move it away; jobs then start without state.",
            ) from error

    def entry(self, name: str) -> Entry:
        """Return one job's entry; an empty one if it was never started."""
        return self.entries().get(name, Entry())

    def wanted(self, names: Mapping[str, bool]) -> tuple[str, ...]:
        """Filter these jobs by whether a start of the stack starts them.

        Wanted are the jobs that ran when the stack was last stopped.

        Args:
            names: The jobs, and whether one that was never started is wanted.

        Raises:
            InputError: The file cannot be read.
        """
        entries = self.entries()
        return tuple(
            name for name, new in names.items() if entries.get(name, Entry(wanted=new)).wanted
        )

    def update(self, name: str, **changes: object) -> Entry:
        """Change fields of one job's entry and return it."""
        with private_file.locked(self._path):
            entries = self.entries()
            entry = msgspec.structs.replace(entries.get(name, Entry()), **changes)
            entries[name] = entry
            private_file.write(self._path, msgspec.json.format(msgspec.json.encode(entries)))
            return entry
