"""The tables of one user's transactions and windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pipeline.contract import Transaction, WindowRow
from pipeline.sources import TRANSACTION
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.history import Seen
from tui.table.column import Column, Columns
from tui.table.export import FileColumn, fields_of
from tui.table.live_table import LiveTable

_CELLS: Final = 60


def _mark(row: Seen, _: float) -> Sequence[Piece]:
    return [Piece("⚑", Tone.DANGER)] if row.transaction.is_fraud else []


def _amount(row: Seen, _: float) -> Sequence[Piece]:
    tone = Tone.DANGER if row.transaction.is_fraud else Tone.PLAIN
    return [Piece(text.money(row.transaction.amt), tone)]


def _times_mean(row: Seen, _: float) -> Sequence[Piece]:
    if not row.mean:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(f"×{row.transaction.amt / row.mean:,.1f}", Tone.QUIET)]


def _of_transaction(field: FileColumn) -> Column[Seen]:
    """Return a column that is exported but not shown."""
    name = field.name

    def value(row: Seen) -> Any:
        return getattr(row.transaction, name)

    # It is hidden where it is read.
    masked = (lambda row: str(value(row))) if name in TRANSACTION.sensitive else None
    return Column(name=name, kind=field.kind, value=value, masked=masked)


SEEN_COLUMNS: Final = Columns[Seen](
    Column(
        "event time",
        19,
        lambda row, _: [Piece(text.event_time(row.transaction.trans_date_trans_time), Tone.QUIET)],
    ),
    Column("", 1, _mark),
    Column("amount", 10, _amount, right=True),
    *map(_of_transaction, fields_of(Transaction)),
    Column(
        "mean 6 h",
        10,
        lambda row, _: [Piece(text.NOTHING if row.mean is None else text.money(row.mean))],
        name="mean",
        kind=float,
        value=lambda row: row.mean,
        right=True,
        drop=2,
    ),
    Column(name="count", kind=int, value=lambda row: row.count),
    Column("of mean", 7, _times_mean, right=True, drop=1),
    Column(
        "merchant",
        16,
        lambda row, _: [Piece(text.clean(row.transaction.merchant, _CELLS))],
        grow=16,
    ),
    Column(
        "category",
        14,
        lambda row, _: [Piece(text.clean(row.transaction.category, _CELLS), Tone.QUIET)],
        drop=3,
    ),
)

USER_WINDOW_COLUMNS: Final = Columns[WindowRow](
    Column(
        "window",
        24,
        lambda row, _: [Piece(text.window(row.window_start, row.window_end), Tone.QUIET)],
        grow=6,
    ),
    Column(name="start", kind=datetime, value=lambda row: row.window_start),
    Column(name="end", kind=datetime, value=lambda row: row.window_end),
    Column(name="user", kind=int, value=lambda row: row.user_id),
    Column(
        "count",
        6,
        lambda row, _: [Piece(text.integer(row.count))],
        name="count",
        kind=int,
        value=lambda row: row.count,
        right=True,
    ),
    Column(
        "mean",
        10,
        lambda row, _: [Piece(text.money(row.mean))],
        name="mean",
        kind=float,
        value=lambda row: row.mean,
        right=True,
    ),
)


class TransactionsTable(LiveTable[Seen]):
    """The user's transactions, newest first."""

    EXPORTS = True

    OPENS = False

    def __init__(self) -> None:
        super().__init__(SEEN_COLUMNS, lambda row: row.transaction, id="user-transactions")

    def copied(self, row: Seen) -> str:
        return str(row.transaction.user_id)


class UserWindowsTable(LiveTable[WindowRow]):
    """The user's closed windows, newest first."""

    EXPORTS = True

    OPENS = False

    def __init__(self) -> None:
        super().__init__(USER_WINDOW_COLUMNS, lambda row: row.window_end, id="user-windows")

    def copied(self, row: WindowRow) -> str:
        return str(row.user_id)
