"""An alert in the panel Signals, and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.labels.known import UNKNOWN, Known
from pipeline.model.sinks import SinkColumn
from pipeline.sources.column_types import digits, is_decimal
from pipeline.sources.masking import masked
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.feature_rows import kind
from tui.streams.sink_topics import SinkTopic, Values
from tui.table.column import Column, Columns

SCORE: Final = "score"
REASONS: Final = "reasons"
VERDICT: Final = "verdict"
AMOUNT_CELLS: Final = 10
"""The width of amounts, unless one needs more."""
_USER_CELLS: Final = 20
_REASON_CELLS: Final = 200
_LEAST_REASON_CELLS: Final = 22
_NAME_CELLS: Final = 11


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A record that a signal has scored.

    Attributes:
        number: How many were read before it.
        values: The row, a value per column of the signal's topic.
        time: Its event time.
        score: From 0 to 1.
        fraud: Whether it is fraud, as far as is known; None if it has no label.
        identity: What names it, as text; empty if nothing does.
        known: What has become known of it since.
    """

    number: int
    values: Values
    time: datetime
    score: float
    fraud: bool | None
    identity: str = ""
    known: Known = UNKNOWN


def places(sink: SinkTopic[Values]) -> dict[str, int]:
    """Return the place of each column in a row, by its name."""
    return {column.name: place for place, column in enumerate(sink.columns)}


def is_hidden(sink: SinkTopic[Values], name: str | None) -> bool:
    """Whether the values of a column are not shown; a column that is none has none."""
    return any(column.hidden for column in sink.columns if column.name == name)


def identity_shown(identity: str, sink: SinkTopic[Values]) -> str:
    """Return what names a record, as it is shown."""
    return masked(identity) if is_hidden(sink, sink.identity) else text.clean(identity)


def reasons_shown(row: SignalRow, sink: SinkTopic[Values]) -> str:
    """Return the reasons of a score, as they are shown."""
    said = str(row.values[places(sink)[REASONS]] or "")
    return masked(said) if said and is_hidden(sink, REASONS) else said


def user_of(row: SignalRow, sink: SinkTopic[Values]) -> Any:
    """Return the user of a row; None if it has none."""
    return row.values[places(sink)[sink.user]] if sink.user is not None else None


def signal_columns(sink: SinkTopic[Values], amount_cells: int = AMOUNT_CELLS) -> Columns[SignalRow]:
    """Return the columns of a signal's alerts; those of its inputs are only for filters and files.

    Args:
        sink: The signal's topic.
        amount_cells: The width of amounts.
    """
    return Columns(*_drawn(sink, amount_cells), *_others(sink))


def _drawn(sink: SinkTopic[Values], amount_cells: int) -> Iterator[Column[SignalRow]]:
    by_name = {column.name: column for column in sink.columns}
    place_of = places(sink)
    yield _column(
        by_name[sink.time],
        place_of[sink.time],
        "when",
        14,
        lambda row: Piece(text.short_time(row.time), Tone.QUIET),
        letter="W",
    )
    if sink.user is not None:
        user, of_user = by_name[sink.user], place_of[sink.user]
        numbered = sink.source == TRANSACTION_TOPIC and kind(user) is int
        yield _column(
            user,
            of_user,
            " user",
            _USER_CELLS,
            lambda row: Piece(_user(row.values[of_user], user, numbered=numbered), is_name=True),
            letter="U",
            word=True,
            # In a narrow table, an id is cut in the middle before the reasons are cut.
            grow=1,
        )
    if sink.amount is not None:
        of_amount, amount = place_of[sink.amount], by_name[sink.amount]
        yield _column(
            amount,
            of_amount,
            "amount",
            amount_cells,
            lambda row: Piece(amount_shown(row.values[of_amount], amount)),
            letter="A",
            right=True,
        )
    yield _column(
        by_name[SCORE],
        place_of[SCORE],
        "score",
        6,
        lambda row: Piece(f"{row.score:.2f}", Tone.STRONG),
        letter="C",
        right=True,
    )
    if sink.label is not None:
        label = by_name[sink.label]
        look = _hidden_label if label.hidden else _label
        yield _column(label, place_of[sink.label], "label", 6, look, letter="L")
    if sink.identity is not None and VERDICT not in by_name:
        yield Column(
            "by",
            6,
            lambda row, now: [_by(row, now)],
            name=VERDICT,
            value=lambda row: _verdict(row) or None,
            drop=1,
            grow=6,
        )
    of_reasons = place_of[REASONS]
    yield _column(
        by_name[REASONS],
        of_reasons,
        "reasons",
        _LEAST_REASON_CELLS,
        lambda row: Piece(text.clean(reasons_shown(row, sink), _REASON_CELLS)),
        word=True,
        grow=_REASON_CELLS,
    )


def _others(sink: SinkTopic[Values]) -> Iterator[Column[SignalRow]]:
    drawn = {sink.time, sink.user, sink.amount, sink.label, SCORE, REASONS}
    for place, column in enumerate(sink.columns):
        if column.name not in drawn:
            yield _column(column, place, "", 0, lambda _: Piece(""), word=kind(column) is str)


def _column(
    column: SinkColumn,
    place: int,
    title: str,
    width: int,
    piece: Any,
    **looks: Any,
) -> Column[SignalRow]:
    def hidden(row: SignalRow) -> str | None:
        value = row.values[place]
        return None if value is None else masked(value)

    def cell(row: SignalRow, _: float) -> Sequence[Piece]:
        return [piece(row)]

    return Column(
        title,
        width,
        cell,
        name=column.name,
        kind=kind(column),
        places=digits(column.type)[1] if is_decimal(column.type) else 0,
        value=lambda row: row.values[place],
        masked=hidden if column.hidden else None,
        **looks,
    )


def _user(value: Any, column: SinkColumn, *, numbered: bool) -> str:
    if value is None:
        return text.NOTHING
    if column.hidden:
        return masked(value)
    return text.user(value) if numbered else text.clean(value, _USER_CELLS)


def amount_shown(value: float | Decimal | int | None, column: SinkColumn) -> str:
    """Return an amount of a column, as it is shown."""
    if value is None:
        return text.NOTHING
    return masked(value) if column.hidden else text.money(value)


def _label(row: SignalRow) -> Piece:
    if row.fraud is None:
        return Piece("")
    return Piece("fraud", Tone.DANGER) if row.fraud else Piece("legit", Tone.QUIET)


def _by(row: SignalRow, now: float) -> Piece:
    """Say who has decided, or is deciding."""
    if row.known.verdict is not None:
        return Piece(text.clean(row.known.verdict.by, _NAME_CELLS), Tone.QUIET)
    claim = row.known.claimed_by(now)
    return Piece(f"{text.clean(claim, _NAME_CELLS)}…" if claim else "", Tone.WAITS)


def _verdict(row: SignalRow) -> str:
    """Return the verdict in words, as filters and exports have it; empty without one."""
    found = row.known.verdict
    if found is not None:
        return f"{found.decision} by {found.by}"
    return f"claimed by {row.known.claim.by}" if row.known.claim is not None else ""


def _hidden_label(row: SignalRow) -> Piece:
    return Piece("" if row.fraud is None else masked(row.fraud), Tone.QUIET)
