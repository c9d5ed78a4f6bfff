"""The interface to the records of any topic; tests pass fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.model.reading import Last, Reset, Start

from .record_view import RecordView


def follows(start: Start) -> bool:
    """Whether reading follows new records, rather than paging through existing ones."""
    return start is Reset.LATEST or isinstance(start, Last)


@dataclass(frozen=True, slots=True)
class TailBatch:
    """The records of one poll.

    Attributes:
        records: The records, in the order in which they were read.
        lag: Records in Kafka that have not been read yet; None before Kafka has answered.
        recreated: Whether the topic was deleted or recreated, so that earlier records are gone.
        missing: Whether the topic does not exist.
        error: Why Kafka cannot be read at the moment; empty when it can.
        undecoded: Why the schema registry cannot be asked, so that values are bytes; empty when it
            can, or is not needed.
    """

    records: Sequence[RecordView] = ()
    lag: int | None = None
    recreated: bool = False
    missing: bool = False
    error: str = ""
    undecoded: str = ""


class TailSource(Protocol):
    """One open topic, polled for its records."""

    def poll(self, most: int) -> TailBatch:
        """Wait a fraction of a second for records, and return at most `most`.

        With 0, it returns no records, only the state of the topic.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TopicSize:
    """A topic and its size.

    Attributes:
        name: The name in Kafka.
        offsets: Offsets from earliest to latest in the partitions that have a leader, which is the
            most records there can be; None when unknown.
        partitions: Number of partitions.
        leaderless: Number of partitions without a leader, which cannot be read.
    """

    name: str
    offsets: int | None
    partitions: int
    leaderless: int = 0


class Tails(Protocol):
    """Opens and lists Kafka's topics; every method blocks, if it does not say otherwise."""

    def address(self) -> str:
        """Return Kafka's address, empty while there is none; a change reopens topics.

        Does not block.
        """

    def name_of(self, topic: str) -> str:
        """Return the name in Kafka of a topic of the profile; does not block."""

    def open(self, topic: str, start: Start) -> TailSource: ...

    def topics(self) -> Sequence[TopicSize]: ...

    def inspect(self, topic: str, report: Callable[[int], None]) -> str:
        """Return the declaration of a source that fits a topic's newest records.

        Args:
            topic: Its name in Kafka.
            report: Called with the number of records so far; what it raises ends the reading.
        """
