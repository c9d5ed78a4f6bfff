"""The interface to the streams; tests pass fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pipeline.contract import TRANSACTION_TOPIC, Transaction
from pipeline.labels.label import LaterLabel
from pipeline.labels.verdict import Verdict

from .quarantined import BadRow
from .sink_topics import RowT, SinkTopic


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of a batch in one partition of a source's topic.

    Attributes:
        first_offset: Offset of its first record in the batch.
        oldest: Oldest event time.
        newest: Newest event time.
    """

    first_offset: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """The decoded records of one poll.

    Attributes:
        transactions: Valid records of the topic `transaction`.
        others: Valid records of other sources, by documented topic, with an attribute per column.
        extents: The extent of each source's records in each partition, by documented topic.
        sinks: Rows of sink topics, by feature; `rows` adds the type.
        quarantined: Invalid records of the topic `transaction`.
        elsewhere: Invalid records of other sources.
        labels: Labels that arrived after their records, in order.
        verdicts: Verdicts of analysts, in order.
        bad: Number of records that could not be decoded: of sinks, and of sources in Avro whose
            schema registry does not answer.
        lag: Records in Kafka that have not been read yet; None when unknown.
        recreated: Whether topics were deleted or recreated, so that earlier records are gone.
        written: Kafka's timestamp of the newest record of each topic, by the topic's documented
            name; in seconds since the epoch.
        past: Whether the records are older than the console, so that they do not count for rates.
        error: Why Kafka cannot be read at the moment; empty when it can.
    """

    transactions: Sequence[Transaction] = ()
    others: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    extents: Mapping[str, Mapping[int, Extent]] = field(default_factory=dict)
    sinks: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    quarantined: Sequence[BadRow] = ()
    elsewhere: Sequence[BadRow] = ()
    labels: Sequence[LaterLabel] = ()
    verdicts: Sequence[Verdict] = ()
    bad: int = 0
    lag: int | None = None
    recreated: bool = False
    written: Mapping[str, float] = field(default_factory=dict)
    past: bool = False
    error: str = ""

    def rows(self, sink: SinkTopic[RowT]) -> Sequence[RowT]:
        """Return the rows of a sink topic, in the order in which they were read."""
        return self.sinks.get(sink.feature, ())

    def records(self, topic: str) -> Sequence[Any]:
        """Return the valid records of a source, by its documented topic."""
        return self.transactions if topic == TRANSACTION_TOPIC else self.others.get(topic, ())

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of records, by `transaction` and by feature."""
        sinks = {feature: len(rows) for feature, rows in self.sinks.items()}
        return {"transaction": len(self.transactions), **sinks}

    @property
    def brought_something(self) -> bool:
        """Whether it contains any record."""
        return any(self.counts.values()) or bool(
            self.others
            or self.quarantined
            or self.elsewhere
            or self.bad
            or self.labels
            or self.verdicts
        )

    def came_at(self, topics: Sequence[str], now: float) -> float:
        """Return when its records of these topics arrived, in seconds since the epoch.

        That is now, or, for records older than the console, when the newest of them was written,
        but never later than now, whatever the producer's clock.
        """
        if not self.past:
            return now
        newest = max((self.written.get(topic, 0.0) for topic in topics), default=now)
        return min(now, newest or now)


class BatchSource(Protocol):
    """Reads batches of all streams."""

    def poll(self) -> Batch:
        """Wait a fraction of a second for the next batch, and return it; it may be empty."""

    def close(self) -> None: ...
