"""What two signals say, and how the signals came to stand as they do, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.signals.signal_beside import Comparison

if TYPE_CHECKING:
    from pipeline.signals.agreement import Alerts
    from pipeline.signals.standing import Change

_NAME_CELLS: Final = 22
# Wide enough for the sum of 20,000 amounts of a billion, and for 80 cells together.
_HEADS: Final = (("fraud", 8), ("amount", 23), ("legitimate", 12), ("unlabelled", 12))
_WORDS: Final = 40
_DIGEST: Final = 8


def counts(found: Comparison) -> Iterator[Sequence[Piece]]:
    """Return the agreement, and the alerts of both, of one alone and of neither, by label."""
    beside = found.beside
    share = text.NOTHING if beside.agreement is None else text.share(beside.agreement)
    yield [
        Piece("they agree on ", Tone.QUIET),
        Piece(share, Tone.STRONG),
        Piece(f" of {counted(found.records, 'record')} that both have scored", Tone.QUIET),
    ]
    heads = (Piece(f"{head:>{width}}", Tone.STRONG) for head, width in _HEADS)
    yield [Piece(" " * _NAME_CELLS), *heads]
    for name, alerts in (
        ("alerts of both", beside.both),
        (f"{beside.first} alone", beside.only_first),
        (f"{beside.second} alone", beside.only_second),
        ("alerts of neither", beside.neither),
    ):
        yield _row(name, alerts)


def _row(name: str, alerts: Alerts) -> list[Piece]:
    cells = (
        text.integer(alerts.fraud),
        text.money(alerts.fraud_amount),
        text.integer(alerts.legitimate),
        text.integer(alerts.unlabelled),
    )
    label = text.clip(text.clean(name, _WORDS), _NAME_CELLS - 1)
    return [
        Piece(f"{label:<{_NAME_CELLS}}", Tone.QUIET),
        *(Piece(f"{cell:>{width}}") for cell, (_, width) in zip(cells, _HEADS, strict=True)),
    ]


def history(changes: Sequence[Change], most: int) -> Iterator[Sequence[Piece]]:
    """Return the last changes, the newest first, a line each."""
    if not changes:
        yield [Piece("Nothing has been promoted yet, and no definition has changed.", Tone.QUIET)]
    for change in list(reversed(changes))[:most]:
        at = datetime.fromtimestamp(change.at, UTC)
        what = f"{text.clean(change.signal, _WORDS)} {change.what}"
        if change.digest:
            what += f" {change.digest[:_DIGEST]}"
        elif change.before:
            what += f" in place of {text.clean(change.before, _WORDS)}"
        yield [
            Piece(f"{at:%Y-%m-%d %H:%M} UTC  ", Tone.QUIET),
            Piece(what),
            Piece(f"  by {text.clean(change.by, _WORDS)}", Tone.QUIET),
        ]
