"""Drift: how far values are spread otherwise than those that a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from .trees import Spread

_BINS: Final = 10
_LEAST_SHARE: Final = 1e-4
"""An empty bin counts as this share, since the index divides by it."""
MODERATE: Final = 0.1
LARGE: Final = 0.25
"""From this index on, by common usage, a model should be trained again."""


def spread(values: Any) -> Spread:
    """Return the spread of some values over the bins that hold a tenth of them each.

    Args:
        values: An array of numbers; NaN for null.
    """
    present = values[~np.isnan(values)]
    cuts = np.quantile(present, np.arange(1, _BINS) / _BINS) if len(present) else []
    edges = tuple(dict.fromkeys(float(cut) for cut in cuts))
    return Spread(edges, shares(values, edges))


def shares(values: Any, edges: Sequence[float]) -> tuple[float, ...]:
    """Return the share of the values in each bin, and last that of nulls."""
    null = np.isnan(values)
    bins = np.searchsorted(np.asarray(edges), values[~null], side="left")
    counts = np.append(np.bincount(bins, minlength=len(edges) + 1), null.sum())
    return tuple(float(count) for count in counts / max(1, len(values)))


def stability_index(before: Sequence[float], now: Sequence[float]) -> float:
    """Return the population stability index: 0 for the same shares, and larger the less alike.

    Args:
        before: Shares of the bins.
        now: Shares of the same bins.
    """
    pairs = [
        (max(one, _LEAST_SHARE), max(other, _LEAST_SHARE))
        for one, other in zip(before, now, strict=True)
    ]
    return sum((other - one) * math.log(other / one) for one, other in pairs)
