"""One user's transactions and windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pipeline.model import Transaction, WindowRow
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.history import Seen
from tui.table.column import Column
from tui.table.export import fields_of
from tui.table.live_table import LiveTable
from tui.table.query import Field, Fields

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


_TRANSACTIONS: Final[tuple[Column[Seen], ...]] = (
    Column(
        "event time",
        19,
        lambda row, _: [Piece(text.event_time(row.transaction.trans_date_trans_time), Tone.QUIET)],
    ),
    Column("", 1, _mark),
    Column("amount", 10, _amount, right=True),
    Column(
        "mean 6 h",
        10,
        lambda row, _: [Piece(text.NOTHING if row.mean is None else text.money(row.mean))],
        right=True,
        drop=2,
    ),
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

_WINDOWS: Final[tuple[Column[WindowRow], ...]] = (
    Column(
        "window",
        24,
        lambda row, _: [Piece(text.window(row.window_start, row.window_end), Tone.QUIET)],
        grow=6,
    ),
    Column(
        "count",
        6,
        lambda row, _: [Piece(text.integer(row.count))],
        right=True,
    ),
    Column(
        "mean",
        10,
        lambda row, _: [Piece(text.money(row.mean))],
        right=True,
    ),
)


def _of_transaction(name: str, kind: type) -> Field[Seen]:
    return Field(name, kind, lambda row: getattr(row.transaction, name))


SEEN_FIELDS: Final = Fields[Seen](
    *(_of_transaction(field.name, field.kind) for field in fields_of(Transaction)),
    Field("mean", float, lambda row: row.mean),
    Field("count", int, lambda row: row.count),
)
USER_WINDOW_FIELDS: Final = Fields[WindowRow](
    Field("start", datetime, lambda row: row.window_start),
    Field("end", datetime, lambda row: row.window_end),
    Field("user", int, lambda row: row.user_id),
    Field("mean", float, lambda row: row.mean),
    Field("count", int, lambda row: row.count),
)


class TransactionsTable(LiveTable[Seen]):
    """The user's transactions, newest first."""

    EXPORTS = True

    OPENS = False

    def __init__(self) -> None:
        super().__init__(_TRANSACTIONS, lambda row: row.transaction, id="user-transactions")

    def copied(self, row: Seen) -> str:
        """The user's id."""
        return str(row.transaction.user_id)


class UserWindowsTable(LiveTable[WindowRow]):
    """The user's closed windows, newest first."""

    EXPORTS = True

    OPENS = False

    def __init__(self) -> None:
        super().__init__(_WINDOWS, lambda row: row.window_end, id="user-windows")

    def copied(self, row: WindowRow) -> str:
        """The user's id."""
        return str(row.user_id)
