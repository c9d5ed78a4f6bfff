"""A row of the panel Users, and its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.table.column import Column, Columns

from .sparkline import sparkline

_MERCHANT_CELLS: Final = 40


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user's latest rolling feature.

    Attributes:
        user_id: The user's id.
        mean: Mean amount of the last 360 minutes.
        count: Transactions in the last 360 minutes.
        last_seen: Event time of the user's latest row.
        flags: The user's flagged transactions that the console has read.
        updated_at: When the console read the row, or, for rows older than the console, when the
            newest of them was written; in seconds since the epoch.
        amount: Amount of the user's last transaction; None when the console has read none.
        merchant: Merchant of the user's last transaction.
        trend: The last few means, oldest first.
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


def _flags(row: UserRow, _: float) -> Sequence[Piece]:
    if row.flags:
        return [Piece(text.integer(row.flags), Tone.DANGER)]
    return [Piece("·", Tone.LINE)]


def _amount(row: UserRow, _: float) -> Sequence[Piece]:
    return [Piece(text.NOTHING if row.amount is None else text.money(row.amount), Tone.QUIET)]


USER_COLUMNS: Final = Columns[UserRow](
    Column(
        " user",
        20,
        lambda row, _: [Piece(text.user(row.user_id))],
        name="user",
        kind=int,
        value=lambda row: row.user_id,
        word=True,
        letter="U",
    ),
    Column(
        "mean 6 h",
        10,
        lambda row, _: [Piece(text.money(row.mean))],
        name="mean",
        kind=float,
        value=lambda row: row.mean,
        letter="M",
        right=True,
    ),
    Column(
        "count",
        6,
        lambda row, _: [Piece(text.integer(row.count))],
        name="count",
        kind=int,
        value=lambda row: row.count,
        letter="C",
        right=True,
    ),
    Column("trend", 10, lambda row, _: [Piece(sparkline(row.trend), Tone.ACCENT)], drop=3),
    Column(
        "flags",
        6,
        _flags,
        name="flags",
        kind=int,
        value=lambda row: row.flags,
        letter="F",
        right=True,
    ),
    Column(
        "last seen",
        14,
        lambda row, _: [Piece(text.short_time(row.last_seen), Tone.QUIET)],
        name="seen",
        kind=datetime,
        value=lambda row: row.last_seen,
        letter="L",
    ),
    Column(
        "amount",
        10,
        _amount,
        name="amount",
        kind=float,
        value=lambda row: row.amount,
        letter="A",
        right=True,
        drop=4,
    ),
    Column(
        "last merchant",
        16,
        lambda row, _: [Piece(text.clean(row.merchant, _MERCHANT_CELLS), Tone.QUIET)],
        name="merchant",
        value=lambda row: row.merchant,
        word=True,
        letter="N",
        drop=6,
        grow=20,
    ),
    Column(
        "updated",
        10,
        lambda row, now: [Piece(text.age(now - row.updated_at), Tone.QUIET)],
        name="updated",
        kind=datetime,
        value=lambda row: datetime.fromtimestamp(row.updated_at, UTC).replace(tzinfo=None),
        letter="D",
        right=True,
        drop=5,
    ),
)
