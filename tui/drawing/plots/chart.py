"""A chart as data, without colours, sizes or a drawing library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import isfinite
from typing import Final, Protocol

from tui.drawing.tones import Tone

Point = tuple[float, float]

# The difference of two numbers beyond this may overflow.
_LARGEST: Final = 1e300


class MarkShape(Enum):
    """How the points of a mark are drawn."""

    DOTS = auto()
    BULLETS = auto()
    LINE = auto()
    STEPS = auto()
    BARS = auto()


@dataclass(frozen=True, slots=True)
class PlotMark:
    """Points of one meaning; those of lines, steps and bars are ordered by x."""

    points: tuple[Point, ...]
    shape: MarkShape
    tone: Tone


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """An axis fitted to a size: its ends and its ticks."""

    low: float
    high: float
    ticks: Sequence[Tick] = ()


class Scale(Protocol):
    """Chooses the ticks of an axis."""

    def __call__(self, low: float, high: float, room: int) -> Fitted:
        """Fit an axis to values between `low` and `high` in `room` cells."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis before its size is known.

    Attributes:
        low: Its least value.
        high: Its greatest value, more than `low`.
        scale: Chooses its ticks.
        name: Its quantity and unit; drawn where there is room.
    """

    low: float
    high: float
    scale: Scale
    name: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a plot draws.

    Attributes:
        x: The axis at the bottom.
        y: The axis on the left.
        marks: The later ones are drawn over the earlier ones.
        level: A value of `y` to mark with a quiet line.
    """

    x: Axis
    y: Axis
    marks: tuple[PlotMark, ...]
    level: float | None = None


def drawable(points: Iterable[Point]) -> tuple[Point, ...]:
    """Drop points that are NaN, infinite, or too large to subtract."""
    return tuple(
        (x, max(-_LARGEST, min(_LARGEST, y))) for x, y in points if isfinite(x) and isfinite(y)
    )
