"""How a file writes dates and amounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conventions:
    """How short dates and amounts are written.

    Attributes:
        day_first: `21/6/2020` rather than `6/21/2020`.
        comma: `1.234,50` rather than `1,234.50`.
    """

    day_first: bool = False
    comma: bool = False
