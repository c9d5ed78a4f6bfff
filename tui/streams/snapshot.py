"""What the widgets see of the streams: frozen, so that it cannot change while it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model import Transaction
from tui.table.query import Page, Query

from .quarantine import Quarantine
from .record_view import RecordView
from .series_snapshot import SeriesSnapshot


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user's latest rolling feature.

    Attributes:
        user_id: Who.
        mean: Mean amount of the last 360 minutes.
        count: Transactions in the last 360 minutes.
        last_seen: Event time of the user's latest row.
        flags: Flagged transactions of the user that the console has seen.
        updated_at: When the console got the row, or when the newest row was written of those that
            had been there before it looked; in seconds since the epoch.
        amount: Of the user's last transaction; None when the console has seen none.
        merchant: Of the user's last transaction.
        trend: The last means, oldest first.
    """

    user_id: int
    mean: float
    count: int
    last_seen: datetime
    flags: int
    updated_at: float
    amount: float | None = None
    merchant: str = ""
    trend: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowUser:
    """A user in one closed window."""

    start: datetime
    end: datetime
    user_id: int
    mean: float
    count: int

    @property
    def amount(self) -> float:
        """The sum of the user's amounts."""
        return self.mean * self.count


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """One closed window as a whole, and the users that were asked for.

    Attributes:
        start: First event time in it.
        end: First event time after it.
        users: How many users it has.
        count: Its transactions.
        amount: The sum of their amounts.
        top: The first of the users that the query finds.
        matched: How many users the query finds.
        truncated: Whether some rows are forgotten, so that totals are at least so high.
        fraud: Flagged transactions in it; None when the console has not seen all of its time.
    """

    start: datetime
    end: datetime
    users: int
    count: int
    amount: float
    top: tuple[WindowUser, ...]
    matched: int
    truncated: bool = False
    fraud: int | None = None

    @property
    def mean(self) -> float:
        """Mean amount over all its transactions."""
        return self.amount / self.count if self.count else 0.0

    @property
    def fraud_share(self) -> float | None:
        """Flagged transactions of all; None when that is not known."""
        return self.fraud / self.count if self.fraud is not None and self.count else None


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flagged transaction, its record in Kafka, and the user's rolling feature at its time.

    Attributes:
        record: As it lies in Kafka; of a long value how it begins.
        transaction: The same, decoded.
        mean: The user's rolling mean at this transaction, which is part of it; None while the
            feature job has not said.
        count: Transactions in that mean; 0 likewise.
    """

    record: RecordView
    transaction: Transaction
    mean: float | None = None
    count: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Partition and offset, which tell it from others."""
        return self.record.partition, self.record.offset

    @property
    def distance(self) -> float | None:
        """How far the amount is above the user's rolling mean; None while that is not known."""
        return None if self.mean is None else self.transaction.amt - self.mean


@dataclass(frozen=True, slots=True)
class Partition:
    """How far one partition of the topic `transaction` has come.

    Attributes:
        number: Of the partition.
        newest: Its newest event time.
        at: When its last record came, in seconds since the epoch.
    """

    number: int
    newest: datetime
    at: float


@dataclass(frozen=True, slots=True)
class EventTime:
    """How event time goes.

    Attributes:
        newest: Of any transaction.
        speed: Event seconds per second, over the last few; None when nothing moves.
        partitions: By number.
        older: Whether the topic has older transactions than those that were read.
    """

    newest: datetime | None = None
    speed: float | None = None
    partitions: tuple[Partition, ...] = ()
    older: bool = False


@dataclass(frozen=True, slots=True)
class Windows:
    """Closed windows of one kind.

    Attributes:
        kind: `tumbling`, `hopping` or `cumulating`.
        windows: Those with users that the query finds, newest first.
        total: All that are kept.
        query: What was asked.
    """

    kind: str = "tumbling"
    windows: tuple[WindowSummary, ...] = ()
    total: int = 0
    query: Query = field(default_factory=Query)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The streams at one moment.

    Attributes:
        users: Of the rolling feature.
        windows: Of the kind that was asked for.
        flagged: Flagged transactions.
        flagged_total: Flagged transactions seen.
        transactions_total: Transactions seen.
        rate: Transactions per second of wall time, over the last few seconds.
        event_time: How event time goes.
        series: What the plots show.
        last_record_at: When the last record of any topic came, or was written where it had been
            there before the console looked; in seconds since the epoch.
        written: When the newest record of each topic was written, by the topic's documented name;
            in seconds since the epoch.
        quarantine: Records that are no transactions.
        bad: Records of the sink topics that could not be decoded.
        consumed: Records taken in, by kind: `transaction`, `rolling`, a kind of window, `flagged`.
        windows_kept: Closed windows that are kept, by kind.
        lag: Records that wait in Kafka; None when that is not known.
        error: Why the streams cannot be read; empty when they can.
        error_at: Since when, in seconds since the epoch.
    """

    users: Page[UserRow] = field(default_factory=Page)
    windows: Windows = field(default_factory=Windows)
    flagged: Page[Flagged] = field(default_factory=Page)
    flagged_total: int = 0
    transactions_total: int = 0
    rate: float = 0.0
    event_time: EventTime = field(default_factory=EventTime)
    series: SeriesSnapshot = field(default_factory=SeriesSnapshot)
    last_record_at: float | None = None
    written: Mapping[str, float] = field(default_factory=dict)
    quarantine: Quarantine = field(default_factory=Quarantine)
    bad: int = 0
    consumed: Mapping[str, int] = field(default_factory=dict)
    windows_kept: Mapping[str, int] = field(default_factory=dict)
    lag: int | None = None
    error: str = ""
    error_at: float | None = None
