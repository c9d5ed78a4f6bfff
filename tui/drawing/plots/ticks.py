"""Positions and labels of the ticks of an axis."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil, floor, inf, isfinite, log10
from typing import Final

from .chart import Fitted, Tick

EPOCH: Final = datetime(1970, 1, 1)

_ROWS_PER_TICK: Final = 3
_MOST_TICKS: Final = 200
_GAP: Final = 3
_AIR: Final = 0.04
# The least step; between equal values, the search for smaller ones would never end.
_LEAST: Final = 1e-9
_ROOM_FOR_STEPS: Final = 10
_ROUND: Final = (1, 2, 5, 10)
_PREFIXES: Final = ((1e9, "G"), (1e6, "M"))
_PLAIN_LOW: Final = 1e-4
_PLAIN_HIGH: Final = 1e15

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR: Final = 365 * _DAY
_TIME_STEPS: Final = (
    *(1, 5, 10, 15, 30),
    *(_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 5 * _DAY, 10 * _DAY, 30 * _DAY, 90 * _DAY, 180 * _DAY),
    *(count * _YEAR for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)),
)


def seconds(at: datetime) -> float:
    """Convert a time without a zone to seconds; works for any year."""
    return (at.replace(tzinfo=None) - EPOCH).total_seconds()


def number(value: float, step: float = 1.0) -> str:
    """Format a tick of a scale with this step: `1,500`, `0.25`, `2.5 M`, `1e300`."""
    if value == 0:
        return "0"
    size = max(abs(value), abs(step))
    if size >= _PLAIN_HIGH or step < _PLAIN_LOW:
        return f"{value:.0e}".replace("e+", "e")
    for least, prefix in _PREFIXES:
        if size >= least:
            return f"{value / least:,.3g} {prefix}"
    return f"{value:,.{max(0, -floor(log10(step)))}f}"


def linear(low: float, high: float, room: int) -> Fitted:
    """Place ticks at round numbers on an axis of `room` rows, with some space at the top."""
    high = max(high, low + _ROOM_FOR_STEPS * _LEAST)
    span = high - low
    low, high = (low - span * _AIR if low < 0 else low), high + span * _AIR
    step = round_up(span / max(1, (room - 1) // _ROWS_PER_TICK))
    while step > _LEAST and step > high - max(low, 0) and step > -low:
        # A single tick does not show the scale.
        step = round_up(step / 3)
    if not (isfinite(low / step) and isfinite(high / step) and (high - low) / step <= _MOST_TICKS):
        return Fitted(low, high)
    first, last = ceil(low / step), floor(high / step)
    ticks = [Tick(at * step, number(at * step, step)) for at in range(first, last + 1)]
    # Next to large numbers, rounding may put a tick beyond the end.
    return Fitted(low, high, [tick for tick in ticks if low <= tick.at <= high])


def round_up(value: float) -> float:
    """Return the least of 1, 2, 5, 10, … that is not below `value`; always positive."""
    if not value > _LEAST:
        return _LEAST
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in _ROUND if step * power >= value * (1 - 1e-9))


def moment(at: float) -> datetime:
    """Convert seconds to a time, clamped to the range of `datetime`."""
    try:
        return EPOCH + timedelta(seconds=at)
    except OverflowError:
        return datetime.max if at > 0 else datetime.min


def dates(low: float, high: float) -> str:
    """Format the dates of two times: `2023-03-04`, or `2023-03-04 → 2023-03-06`."""
    first, last = moment(low).date(), moment(high).date()
    return f"{first}" if first == last else f"{first} → {last}"


def times(low: float, high: float, room: int) -> Fitted:
    """Place ticks at round event times on an axis of `room` columns."""
    for step in _TIME_STEPS:
        if (high - low) / step > room:
            continue
        ticks = [
            Tick(at * step, _time(at * step, step, high - low))
            for at in range(ceil(low / step), floor(high / step) + 1)
        ]
        if _fits(ticks, low, high, room):
            return Fitted(low, high, ticks)
    return Fitted(low, high)


def ago(low: float, high: float, room: int) -> Fitted:
    """Place ticks at seconds before now, which is 0, on an axis of `room` columns."""
    for step in (5, 10, 15, 30, 60, 120):
        ticks = [
            Tick(-at, f"−{at} s" if at else "now") for at in range(0, floor(high - low) + 1, step)
        ]
        if _fits(ticks, low, high, room):
            return Fitted(low, high, ticks)
    return Fitted(low, high, [Tick(0.0, "now")])


def shares(low: float, high: float, room: int) -> Fitted:
    """Place ticks at round numbers between 0 and 1 on an axis of `room` columns."""
    for parts in (10, 5, 4, 2, 1):
        ticks = [Tick(at / parts, f"{at / parts:g}") for at in range(parts + 1)]
        if _fits(ticks, low, high, room):
            return Fitted(low, high, ticks)
    return Fitted(low, high)


def powers(low: float, high: float, room: int) -> Fitted:
    """Place ticks at powers of ten on a logarithmic axis of `room` columns."""
    for step in (1, 2, 3, 6):
        ticks = [
            Tick(at, number(10.0**at, 10.0 ** min(at, 0)))
            for at in range(ceil(low), floor(high) + 1)
            if at % step == 0
        ]
        if _fits(ticks, low, high, room):
            return Fitted(low, high, ticks)
    return Fitted(low, high)


def _fits(ticks: list[Tick], low: float, high: float, room: int) -> bool:
    """Whether labels do not touch, even when those at the ends are moved inwards."""
    cells = room / (high - low) if high > low else 0.0
    end = -inf
    for tick in sorted(ticks, key=lambda tick: tick.at):
        wide = len(tick.label)
        start = min(max((tick.at - low) * cells - wide / 2, 0), room - wide)
        if start < end + _GAP:
            return False
        end = start + wide
    return True


def _time(at: float, step: int, span: float) -> str:
    when = moment(at)
    if step >= _YEAR:
        return f"{when.year:04}"
    if span > _YEAR:
        return when.date().isoformat()[:7]
    if at % _DAY == 0:
        return when.date().isoformat()[5:]
    return when.time().isoformat("seconds" if step < _MINUTE else "minutes")
