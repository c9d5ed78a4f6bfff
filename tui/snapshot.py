"""What the widgets see of the streams: frozen, so that it cannot change while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.model import Transaction


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user's latest rolling feature.

    Attributes:
        user_id: Who.
        mean: Mean amount of the last 360 minutes.
        count: Transactions in the last 360 minutes.
        last_seen: Event time of the user's latest row.
        flags: Flagged transactions of the user that the console has seen.
        updated_at: When the console got the row, in seconds since the epoch.
    """

    user_id: int
    mean: float
    count: int
    last_seen: datetime
    flags: int
    updated_at: float


@dataclass(frozen=True, slots=True)
class WindowUser:
    """A user in one closed window."""

    start: datetime
    end: datetime
    user_id: int
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """One closed window as a whole, and the users that stand out in it.

    Attributes:
        start: First event time in it.
        end: First event time after it.
        users: How many users it has.
        mean: Mean amount over all its transactions.
        count: Its transactions.
        top: Users with the highest means, highest first; not all of them.
        truncated: Whether there are more users than were kept, so that totals are at least so high.
    """

    start: datetime
    end: datetime
    users: int
    mean: float
    count: int
    top: tuple[WindowUser, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flagged transaction and where in Kafka it lies."""

    partition: int
    offset: int
    timestamp_ms: int
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The streams at one moment.

    Attributes:
        users: Latest event time first; the newest part only.
        users_total: Users known.
        users_truncated: Whether users were forgotten, so that there are more than `users_total`.
        windows: Newest first.
        flagged: Newest first; the newest part only.
        flagged_total: Flagged transactions seen.
        transactions_total: Transactions seen.
        rate: Transactions per second of wall time, over the last few seconds.
        event_time: Newest event time of any transaction.
        last_record_at: When the last record of any topic came, in seconds since the epoch.
        bad: Records that could not be decoded.
        lag: Records that wait in Kafka; None when that is not known.
        error: Why the streams cannot be read; empty when they can.
        error_at: Since when, in seconds since the epoch.
    """

    users: tuple[UserRow, ...] = ()
    users_total: int = 0
    users_truncated: bool = False
    windows: tuple[WindowSummary, ...] = ()
    flagged: tuple[Flagged, ...] = ()
    flagged_total: int = 0
    transactions_total: int = 0
    rate: float = 0.0
    event_time: datetime | None = None
    last_record_at: float | None = None
    bad: int = 0
    lag: int | None = None
    error: str = ""
    error_at: float | None = None
