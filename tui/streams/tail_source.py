"""Where the records of one topic come from, as the console sees it; tests bring their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.model import Last, Reset, Start

from .record_view import RecordView


def follows(start: Start) -> bool:
    """Whether reading keeps up with what comes, rather than paging on through what is there."""
    return start is Reset.LATEST or isinstance(start, Last)


@dataclass(frozen=True, slots=True)
class TailBatch:
    """What one poll brought.

    Attributes:
        records: In the order in which they were read.
        lag: Records that wait in Kafka; None before Kafka has told of the topic.
        recreated: Whether the topic was deleted or recreated, so that what was read before is gone.
        missing: Whether there is no such topic.
        error: Why nothing can be read at the moment; empty when it can.
    """

    records: Sequence[RecordView] = ()
    lag: int | None = None
    recreated: bool = False
    missing: bool = False
    error: str = ""


class TailSource(Protocol):
    """One topic, read from some place on."""

    def poll(self, most: int) -> TailBatch:
        """The next records, at most `most`; waits a fraction of a second for some.

        With 0 it takes no record, and only sees how the topic is.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TopicSize:
    """A topic and how much it holds.

    Attributes:
        name: As it is called in Kafka.
        records: Of the partitions that have a leader; None when Kafka does not tell.
        partitions: How many there are.
        leaderless: Those of them that have no leader, and cannot be read.
    """

    name: str
    records: int | None
    partitions: int
    leaderless: int = 0


class Tails(Protocol):
    """Kafka, as far as looking into its topics goes; every method but `address` blocks."""

    def address(self) -> str:
        """Where Kafka is; empty while there is none. Another one means: open again."""

    def open(self, topic: str, start: Start) -> TailSource: ...

    def topics(self) -> Sequence[TopicSize]: ...
