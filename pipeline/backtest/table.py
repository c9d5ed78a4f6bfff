"""The figures of several signals side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.signals.agreement import Beside
from pipeline.signals.drift import LARGE, MODERATE
from pipeline.signals.quality import average_precision_share
from pipeline.signals.trees import SCORE_SPREAD
from pipeline.text.words import counted

from .figures import EPISODE_HOURS, Figures, Ratio
from .in_words import NONE, number

_HOUR: Final = 3600.0
_MOST_DRIFTED: Final = 5


def summary(of: Figures) -> str:
    """What was judged, in a sentence; the same for all signals."""
    unlabelled = of.transactions - of.labelled
    without = f", {unlabelled:,} without a label" if unlabelled else ""
    return (
        f"{counted(of.transactions, 'transaction')} of {counted(of.days, 'day')}, "
        f"{of.fraud:,} of them fraud{without}."
    )


def lines(found: Sequence[Figures]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and the rows of a table with a column for each signal."""
    header = ("", *(f"{each.signal} ≥ {each.threshold:g}" for each in found))
    return header, [
        (label, *(words(each) for each in found)) for label, words in _rows(found[0].budget)
    ]


def _share(found: Ratio) -> str:
    return NONE if found.value is None else f"{found.value:.3f}"


def _interval(found: Ratio) -> str:
    return NONE if found.low is None else f"{found.low:.3f} to {found.high:.3f}"


def _of_average(found: Figures) -> str:
    if found.average_precision is None:
        return NONE
    interval = average_precision_share(found.average_precision, found.fraud)
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _cases(found: Ratio) -> str:
    return f"{found.count:,} of {found.of:,}"


def _delay(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    return f"{seconds / 60:,.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:,.1f} h"


def _rows(budget: int) -> tuple[tuple[str, Callable[[Figures], str]], ...]:
    return (
        ("average precision", lambda f: number(f.average_precision, 3)),
        ("  95 % interval", _of_average),
        ("precision", lambda f: _share(f.precision)),
        ("  95 % interval", lambda f: _interval(f.precision)),
        ("recall", lambda f: _share(f.recall)),
        ("  95 % interval", lambda f: _interval(f.recall)),
        ("F1", lambda f: number(f.f1, 3)),
        ("alerts", lambda f: f"{f.alerts:,}"),
        ("alerts a day", lambda f: number(f.alerts_per_day, 1)),
        ("fraud caught", lambda f: _cases(f.recall)),
        ("amount caught", lambda f: number(f.money_caught, 2)),
        ("amount missed", lambda f: number(f.money_missed, 2)),
        (f"precision in the {budget} highest a day", lambda f: _share(f.precision_in_budget)),
        (f"… in the {budget} customers highest a day",
         lambda f: _share(f.precision_in_budget_by_customer)),
        ("customers caught", lambda f: _cases(f.customers_caught)),
        ("honest customers with an alert", lambda f: _cases(f.honest_customers)),
        (f"episodes caught ({EPISODE_HOURS} h apart)", lambda f: _cases(f.episodes)),
        ("from its first fraud to its first alert", lambda f: _delay(f.first_alert_seconds)),
    )  # fmt: skip


def beside_lines(found: Beside) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the header and the rows of a table of what two signals say."""
    header = ("ALERTS OF", "FRAUD", "AMOUNT", "LEGITIMATE", "UNLABELLED")
    kinds = (
        ("both", found.both),
        (f"{found.first} alone", found.only_first),
        (f"{found.second} alone", found.only_second),
        ("neither", found.neither),
    )
    return header, [
        (
            label,
            f"{each.fraud:,}",
            f"{each.fraud_amount:,.2f}",
            f"{each.legitimate:,}",
            f"{each.unlabelled:,}",
        )
        for label, each in kinds
    ]


def beside_words(found: Beside) -> str:
    """On how much two signals agree, in a sentence."""
    share = NONE if found.agreement is None else f"{found.agreement:.1%}"
    return f"{found.first} and {found.second} agree on {share} of the transactions."


def drift_line(signal: str, moved: Mapping[str, float]) -> str:
    """How far the score and the inputs have drifted since the training, in a sentence or two."""
    of_score = moved.get(SCORE_SPREAD, 0.0)
    drifted = [
        f"{name} {index:.2f}"
        for name, index in moved.items()
        if name != SCORE_SPREAD and index >= MODERATE
    ]
    more = len(drifted) - _MOST_DRIFTED
    listed = ", ".join(drifted[:_MOST_DRIFTED]) + (f" and {more} more" if more > 0 else "")
    again = f" An index of {LARGE:g} or more says: train it again." if of_score >= LARGE else ""
    return (
        f"Drift of {signal} since its training (stability index): score {of_score:.2f}; inputs: "
        f"{listed or f'none from {MODERATE:g}'}.{again}"
    )
