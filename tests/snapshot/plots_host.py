"""An application that only shows plots, and series to plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.types import CSSPathType
from textual.widget import Widget

from pipeline.contract import Transaction
from tui.panels.plots.amounts import Amounts
from tui.panels.plots.flagged_rate import FlaggedBuckets
from tui.panels.plots.series_snapshot import SeriesSnapshot
from tui.theme import DARK, LIGHT

from .painted import strips
from .sample_rows import EVENT_TIME, transaction


class PlotsHost(App[None]):
    """Shows widgets in two columns."""

    CSS_PATH: ClassVar[CSSPathType | None] = [
        "../../tui/styles/app.tcss",
        "../../tui/styles/plots.tcss",
    ]
    CSS = "Screen { layout: grid; grid-size: 2; grid-gutter: 1 1; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widgets: Sequence[Widget], *, light: bool = False) -> None:
        super().__init__()
        self.animation_level = "none"
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = (LIGHT if light else DARK).name
        self._widgets = widgets

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def screen_text(self) -> str:
        return "\n".join(strip.text for strip in strips(self))


def series() -> SeriesSnapshot:
    """Two minutes of a simulation."""
    amounts = Amounts()
    rows = [_transaction(number) for number in range(3_000)]
    amounts.add([row.amt for row in rows], [row.is_fraud == 1 for row in rows])
    return SeriesSnapshot(
        rates=tuple(int(104 + 14 * math.sin(n / 9) + n * 37 % 11) for n in range(118)),
        lags=tuple(90 + 60 * math.sin(n / 7) + n * 31 % 17 for n in range(118)),
        flagged=FlaggedBuckets(
            datetime(2023, 3, 3, 9), timedelta(hours=1), tuple(n * n * 7 % 5 for n in range(47))
        ),
        amounts=amounts.shares(),
    )


def _transaction(number: int) -> Transaction:
    flagged = number % 50 == 0
    spread = sum((number * prime % 101) / 101 for prime in (37, 53, 71)) - 1.5
    amount = 10 ** ((2.9 if flagged else 1.6) + spread * (0.4 if flagged else 0.9))
    return transaction(number, amt=amount, is_fraud=int(flagged))


Values = list[tuple[datetime, float]]


def a_day_of_a_user() -> tuple[Values, Values, Values]:
    """Amounts, flagged amounts and the rolling mean."""
    points = [
        (EVENT_TIME - timedelta(minutes=n * 17), 12.5 + n * 7919 % 211) for n in reversed(range(48))
    ]
    flagged = [(EVENT_TIME - timedelta(minutes=m), 610.0 + m / 2) for m in (331, 302, 290, 40)]
    every = sorted([*points, *flagged])
    line = []
    for at, _ in every:
        last = [y for when, y in every if at - timedelta(hours=6) <= when <= at]
        line.append((at, sum(last) / len(last)))
    return points, flagged, line
