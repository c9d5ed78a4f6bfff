"""Everything that a backtest says of one signal at one threshold."""

from __future__ import annotations

import msgspec

from pipeline.signals.agreement import Beside

from .figures import Figures, plain


class Judged(msgspec.Struct, frozen=True):
    """One column of a backtest.

    Attributes:
        figures: How well the signal does.
        beside: What it catches beside the first column; None for that.
        drift: Of a model: the stability index of its score and inputs, largest first.
    """

    figures: Figures
    beside: Beside | None = None
    drift: dict[str, float] = {}


def as_json(judged: Judged) -> dict[str, object]:
    """Return the column as plain fields; see `figures.plain` for those of shares."""
    fields = plain(judged.figures)
    if judged.beside is not None:
        fields["beside"] = msgspec.to_builtins(judged.beside)
    if judged.drift:
        fields["drift"] = judged.drift
    return fields
