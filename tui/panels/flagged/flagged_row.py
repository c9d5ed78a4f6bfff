"""A row of the panel Flagged, and its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.contract import Transaction
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import RecordView
from tui.table.column import Column, Columns

_CELLS: Final = 60


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flagged transaction, its record in Kafka, and the user's rolling feature at its time.

    Attributes:
        record: The record in Kafka; a long value is truncated.
        transaction: The decoded record.
        mean: The user's rolling mean up to and including this transaction; None until the
            feature job has emitted it.
        count: Transactions in that mean; 0 likewise.
    """

    record: RecordView
    transaction: Transaction
    mean: float | None = None
    count: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Partition and offset, which identify the row."""
        return self.record.partition, self.record.offset

    @property
    def distance(self) -> float | None:
        """The amount minus the user's rolling mean; None until the mean is known."""
        return None if self.mean is None else self.transaction.amt - self.mean


def _distance(row: Flagged, _: float) -> Sequence[Piece]:
    if row.distance is None:
        return [Piece(text.NOTHING, Tone.QUIET)]
    tone = Tone.PLAIN if row.distance > 0 else Tone.QUIET
    return [Piece(text.signed(row.distance), tone)]


def _mean(row: Flagged, _: float) -> Sequence[Piece]:
    return [Piece(text.NOTHING if row.mean is None else text.money(row.mean), Tone.QUIET)]


def _name(row: Flagged) -> str:
    return f"{row.transaction.first} {row.transaction.last}"


def _shown_name(row: Flagged) -> str:
    mask = row.record.mask
    first, last = row.transaction.first, row.transaction.last
    return f"{mask.text('first', first)} {mask.text('last', last)}"


FLAGGED_COLUMNS: Final = Columns[Flagged](
    Column(
        "when",
        14,
        lambda row, _: [Piece(text.short_time(row.transaction.trans_date_trans_time), Tone.QUIET)],
        name="time",
        kind=datetime,
        value=lambda row: row.transaction.trans_date_trans_time,
        letter="W",
    ),
    Column(
        "amount",
        10,
        lambda row, _: [Piece(text.money(row.transaction.amt), Tone.DANGER)],
        name="amount",
        kind=float,
        value=lambda row: row.transaction.amt,
        letter="A",
        right=True,
    ),
    Column(
        "difference",
        11,
        _distance,
        name="distance",
        kind=float,
        value=lambda row: row.distance,
        letter="D",
        right=True,
    ),
    Column(
        "mean 6 h",
        10,
        _mean,
        name="mean",
        kind=float,
        value=lambda row: row.mean,
        right=True,
        drop=5,
    ),
    Column(
        " user",
        20,
        lambda row, _: [Piece(text.user(row.transaction.user_id))],
        name="user",
        kind=int,
        value=lambda row: row.transaction.user_id,
        word=True,
        letter="U",
    ),
    Column(
        "merchant",
        16,
        lambda row, _: [Piece(text.clean(row.transaction.merchant, _CELLS))],
        name="merchant",
        value=lambda row: row.transaction.merchant,
        word=True,
        letter="M",
        grow=16,
    ),
    Column(
        "category",
        14,
        lambda row, _: [Piece(text.clean(row.transaction.category, _CELLS), Tone.QUIET)],
        name="category",
        value=lambda row: row.transaction.category,
        word=True,
        letter="C",
        drop=1,
    ),
    Column(
        "name",
        16,
        lambda row, _: [Piece(text.clean(_shown_name(row), _CELLS))],
        name="name",
        value=_name,
        masked=_shown_name,
        word=True,
        letter="N",
        drop=2,
        grow=8,
    ),
    Column(
        "zip",
        7,
        lambda row, _: [Piece(text.clean(row.transaction.zipcode, _CELLS), Tone.QUIET)],
        name="zipcode",
        value=lambda row: row.transaction.zipcode,
        drop=3,
    ),
    Column(
        name="card",
        kind=int,
        value=lambda row: row.transaction.cc_num,
        masked=lambda row: row.record.mask.text("cc_num", row.transaction.cc_num),
    ),
    Column(
        name="dob",
        value=lambda row: row.transaction.dob,
        masked=lambda row: row.record.mask.text("dob", row.transaction.dob),
    ),
    Column(name="trans_num", value=lambda row: row.transaction.trans_num),
    Column(name="partition", kind=int, value=lambda row: row.record.partition),
    Column(name="offset", kind=int, value=lambda row: row.record.offset),
    Column(
        "part:offset",
        12,
        lambda row, _: [Piece(f"{row.record.partition}:{row.record.offset}", Tone.QUIET)],
        right=True,
        drop=4,
    ),
)
