"""One alert in words: what it is, what is known of it, its reasons and its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.sources.masking import masked
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.signals.signal_row import (
    REASONS,
    SCORE,
    SignalRow,
    identity_shown,
    places,
    reasons_shown,
)
from tui.streams.sink_topics import SinkTopic, Values

_CELLS = 40
_NOTE_CELLS = 200
_INPUT_CELLS = 36


def facts(row: SignalRow, sink: SinkTopic[Values]) -> list[Piece]:
    """Return whose record it is, when it happened, its amount and its score."""
    pieces = [Piece("score ", Tone.QUIET), Piece(f"{row.score:.2f}", Tone.STRONG)]
    for role, name in (("user ", sink.user), ("amount ", sink.amount)):
        if name is not None:
            tone = Tone.TITLE if name == sink.user else Tone.PLAIN
            pieces += [Piece(f"   {role}", Tone.QUIET), Piece(shown(row, sink, name), tone)]
    return [
        *pieces,
        Piece(f"   {text.short_time(row.time)}   {identity_shown(row.identity, sink)}", Tone.QUIET),
    ]


def state(row: SignalRow, me: str, now: float) -> list[Piece]:
    """Return what is known of it: its label, the verdict on it, who is looking at it."""
    label = {True: "fraud", False: "legitimate", None: "not known yet"}[row.fraud]
    tone = Tone.DANGER if row.fraud else Tone.PLAIN
    pieces = [Piece("label ", Tone.QUIET), Piece(label, tone)]
    if (verdict := row.known.verdict) is not None:
        by, at = text.clean(verdict.by, _CELLS), text.clean(verdict.at, _CELLS)
        pieces.append(Piece(f"   {verdict.decision} by {by}, {at}", Tone.STRONG))
        if verdict.note:
            pieces.append(Piece(f"   {text.clean(verdict.note, _NOTE_CELLS)}", Tone.QUIET))
        return pieces
    if holder := row.known.claimed_by(now):
        who = "you are" if holder == me else f"{text.clean(holder, _CELLS)} is"
        return [*pieces, Piece(f"   {who} looking at it", Tone.WAITS)]
    return [*pieces, Piece("   nobody is looking at it", Tone.QUIET)]


def reasons(row: SignalRow, sink: SinkTopic[Values]) -> Iterator[list[Piece]]:
    """Return the reasons, a sentence a line."""
    for sentence in filter(None, reasons_shown(row, sink).split(". ")):
        yield [Piece("• ", Tone.WAITS), Piece(text.clean(sentence.rstrip("."), _NOTE_CELLS) + ".")]


def inputs(row: SignalRow, sink: SinkTopic[Values], width: int) -> Iterator[list[Piece]]:
    """Return the other columns as they were when the signal scored the record, in columns."""
    known = {sink.time, sink.user, sink.amount, sink.label, sink.identity, SCORE, REASONS}
    names = [column.name for column in sink.columns if column.name not in known]
    across = max(1, (width + 3) // (_INPUT_CELLS + 3))
    for at in range(0, len(names), across):
        line: list[Piece] = []
        for name in names[at : at + across]:
            value = shown(row, sink, name)
            label = text.clip(name, _INPUT_CELLS - len(value) - 1)
            filled = f"{label:<{_INPUT_CELLS - len(value)}}"
            line += [Piece(filled, Tone.QUIET), Piece(value), Piece("   ")]
        yield line[:-1]


def shown(row: SignalRow, sink: SinkTopic[Values], name: str) -> str:
    """Return a value of a row as it is shown."""
    place = places(sink)[name]
    value = row.values[place]
    if value is not None and sink.columns[place].hidden:
        return masked(value)
    return _plain(value, money=name == sink.amount)


def _plain(value: Any, *, money: bool) -> str:
    if value is None:
        return text.NOTHING
    if isinstance(value, datetime):
        return text.event_time(value)
    if isinstance(value, float | Decimal):
        return text.money(value) if money else f"{float(value):,.4g}"
    return text.clean(str(value), _CELLS)


def subject_words(rows: Sequence[SignalRow], row: SignalRow) -> str:
    """Return which of the listed alerts it is: `3 of 12`; empty if it is not listed."""
    at = next((n for n, each in enumerate(rows, 1) if each.identity == row.identity), None)
    return "" if at is None else f"{text.integer(at)} of {text.integer(len(rows))}"
