"""Another threshold for a signal, and in words what it would change."""

from __future__ import annotations

from math import ceil, floor
from typing import Final

from pipeline.signals.quality import Confusion
from tui.drawing import text

_STEPS: Final = 100
# The binary number next to a hundredth counts as that hundredth.
_CLOSE: Final = 1e-9


def moved(threshold: float, step: int) -> float:
    """Return the next hundredth above or below a threshold, within the scores.

    Args:
        threshold: The threshold.
        step: 1 for the next one above, -1 for the next one below.
    """
    at = threshold * _STEPS
    nearest = floor(at + _CLOSE) + 1 if step > 0 else ceil(at - _CLOSE) - 1
    return max(1, min(_STEPS, nearest)) / _STEPS


def change(now: Confusion, then: Confusion) -> str:
    """Describe what another threshold would change among the records that were read.

    Args:
        now: What the present threshold makes of them.
        then: What the other one makes of them.
    """
    if then.alerts == now.alerts:
        return "no record read so far changes sides"
    parts = [_alerts(now, then)]
    if then.caught != now.caught:
        frauds = abs(then.caught - now.caught)
        amount = text.signed(then.caught_amount - now.caught_amount)
        parts.append(f"{amount} caught in {text.integer(frauds)} fraud{'s' * (frauds != 1)}")
    if (more := then.false_alerts - now.false_alerts) != 0:
        alerts = "false alert" if abs(more) == 1 else "false alerts"
        parts.append(f"{text.integer(abs(more))} {'more' if more > 0 else 'fewer'} {alerts}")
    return ", ".join(parts)


def _alerts(now: Confusion, then: Confusion) -> str:
    if now.alerts_a_day is None or then.alerts_a_day is None:
        more = then.alerts - now.alerts
        return f"{more:+,} alert{'s' * (abs(more) != 1)}"
    more_a_day = then.alerts_a_day - now.alerts_a_day
    sign = "+" if more_a_day > 0 else "-"
    return f"{sign}{text.rate(abs(more_a_day))} alerts a day"
