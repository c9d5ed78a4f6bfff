"""Where the streams come from, as the console sees it; tests bring a source of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pipeline.model import Transaction

from .quarantined import BadRow
from .sink_topics import RowT, SinkTopic


@dataclass(frozen=True, slots=True)
class Extent:
    """What a batch has of one partition of the topic `transaction`.

    Attributes:
        first_offset: Of its first record in the batch.
        oldest: Event time.
        newest: Event time.
    """

    first_offset: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought, decoded.

    Attributes:
        transactions: From the topic `transaction`.
        extents: What the transactions say of each partition.
        sinks: Rows of sink topics, by feature; `rows` gives them their type.
        quarantined: Records of the topic `transaction` that are no transactions.
        bad: Records of the sink topics that could not be decoded.
        lag: Records that wait in Kafka; None when that is not known.
        recreated: Whether topics were deleted or recreated, so that what was read before is gone.
        written: When the newest record of each topic was written as Kafka says, by the topic's
            documented name; in seconds since the epoch.
        past: Whether this was in Kafka before the console looked, so that it tells no rate.
        error: Why nothing can be read at the moment; empty when it can.
    """

    transactions: Sequence[Transaction] = ()
    extents: Mapping[int, Extent] = field(default_factory=dict)
    sinks: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    quarantined: Sequence[BadRow] = ()
    bad: int = 0
    lag: int | None = None
    recreated: bool = False
    written: Mapping[str, float] = field(default_factory=dict)
    past: bool = False
    error: str = ""

    def rows(self, sink: SinkTopic[RowT]) -> Sequence[RowT]:
        """The rows of a sink topic, in the order in which they were read."""
        return self.sinks.get(sink.feature, ())

    @property
    def counts(self) -> dict[str, int]:
        """How many records it has: `transaction`, then by feature."""
        sinks = {feature: len(rows) for feature, rows in self.sinks.items()}
        return {"transaction": len(self.transactions), **sinks}

    @property
    def brought_something(self) -> bool:
        """Whether there was any record."""
        return any(self.counts.values()) or bool(self.quarantined or self.bad)

    def came_at(self, topics: Sequence[str], now: float) -> float:
        """When its records of these topics came, in seconds since the epoch.

        That is now, but for what had been there before: when the newest of them was written. A
        producer whose clock is ahead is not believed.
        """
        if not self.past:
            return now
        newest = max((self.written.get(topic, 0.0) for topic in topics), default=now)
        return min(now, newest or now)


class Source(Protocol):
    """Where batches come from."""

    def poll(self) -> Batch:
        """The next batch; waits a fraction of a second for one, then returns an empty one."""

    def close(self) -> None: ...
