"""Where the streams come from, as the console sees it; tests bring a source of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipeline.model import RollingRow, Transaction, WindowRow

from .quarantine import BadRow
from .snapshot import Flagged


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
        rolling: Rolling features.
        extents: What the transactions say of each partition.
        windows: Features of closed windows, by kind.
        flagged: Flagged transactions, with their place in Kafka.
        quarantined: Records of the topic `transaction` that are no transactions.
        bad: Records of the other topics that could not be decoded.
        lag: Records that wait in Kafka; None when that is not known.
        recreated: Whether topics were deleted or recreated, so that what was read before is gone.
        written: When the newest record of each topic was written as Kafka says, by the topic's
            documented name; in seconds since the epoch.
        past: Whether this was in Kafka before the console looked, so that it tells no rate.
        error: Why nothing can be read at the moment; empty when it can.
    """

    transactions: Sequence[Transaction] = ()
    rolling: Sequence[RollingRow] = ()
    extents: Mapping[int, Extent] = field(default_factory=dict)
    windows: Mapping[str, Sequence[WindowRow]] = field(default_factory=dict)
    flagged: Sequence[Flagged] = ()
    quarantined: Sequence[BadRow] = ()
    bad: int = 0
    lag: int | None = None
    recreated: bool = False
    written: Mapping[str, float] = field(default_factory=dict)
    past: bool = False
    error: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many records it has, by kind."""
        return {
            "transaction": len(self.transactions),
            "rolling": len(self.rolling),
            "flagged": len(self.flagged),
            **{kind: len(rows) for kind, rows in self.windows.items()},
        }

    @property
    def brought_something(self) -> bool:
        """Whether there was any record."""
        some = self.transactions or self.rolling or self.windows or self.flagged
        return bool(some or self.quarantined or self.bad)


class Source(Protocol):
    """Where batches come from."""

    def poll(self) -> Batch:
        """The next batch; waits a fraction of a second for one, then returns an empty one."""

    def close(self) -> None:
        """Let go of the connection."""
