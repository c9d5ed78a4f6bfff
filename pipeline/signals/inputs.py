"""What signals on card transactions are made of: amounts and counts beside the user's own history.

Flink computes one window at a time, so each is a projection over the one before. Only windows that
are asked for are computed: each costs Flink state and time.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Final

import ibis
import ibis.expr.types as ir

from pipeline import contract

LENGTHS: Final = {
    "1h": ibis.interval(hours=1),
    "6h": ibis.interval(hours=6),
    "24h": ibis.interval(hours=24),
    "7d": ibis.interval(days=7),
    "30d": ibis.interval(days=30),
}
"""The windows that end with the transaction itself."""
_YEAR_DIGITS: Final = 4
_DIGITS: Final = 4
_OFF_HALVES: Final = 0.000_012_3

COPIED: Final = (
    *(contract.KEY_COLUMN, contract.TIME_COLUMN, "trans_num", "category", "amt", "is_fraud"),
)
"""Columns of the transaction that a signal's rows begin with."""
_PREFIXES: Final = {
    (contract.KEY_COLUMN,): "user",
    (contract.KEY_COLUMN, "category"): "user_category",
    ("category",): "category",
}
"""What windows are of, as the names of their inputs begin."""
_OF_USER, _OF_USER_IN_CATEGORY, _OF_CATEGORY = _PREFIXES
_WINDOWS: Final = (
    *((_OF_USER, length) for length in LENGTHS),
    *((_OF_USER_IN_CATEGORY, length) for length in LENGTHS),
    (_OF_CATEGORY, "7d"),
)


def with_inputs(transaction: ir.Table, wanted: Collection[str]) -> ir.Table:
    """Return the transactions with some of the inputs.

    Args:
        transaction: The table of the source.
        wanted: Names of inputs, of those in `INPUTS`.

    Returns:
        The columns `COPIED`, and the wanted inputs in the order of `INPUTS`.
    """
    needed = _needed(wanted)
    table = transaction.select(
        *COPIED, **{name: value for name, value in _plain(transaction).items() if name in needed}
    )
    for group, length in _WINDOWS:
        values = _windowed(table, group, length)
        if chosen := {name: value for name, value in values.items() if name in needed}:
            table = table.mutate(**chosen)
    ratios = {
        name: table[part].cast("float64") / table[of].cast("float64").nullif(0.0)
        for name, (part, of) in _RATIOS.items()
        if name in wanted
    }
    inputs = [name for name in INPUTS if name in wanted and name not in COPIED]
    return table.select(*COPIED, **{name: ratios.get(name, name) for name in inputs})


def windows_of(wanted: Collection[str]) -> int:
    """Return how many windows Flink computes for these inputs."""
    needed = _needed(wanted)
    return sum(
        any(f"{_PREFIXES[group]}_{what}_{length}" in needed for what in ("mean", "max", "count"))
        for group, length in _WINDOWS
    )


def _needed(wanted: Collection[str]) -> set[str]:
    """These inputs, and those that they are computed from."""
    return {*wanted, *chain.from_iterable(_RATIOS.get(name, ()) for name in wanted)}


def _plain(transaction: ir.Table) -> dict[str, ir.Value]:
    """Inputs of the transaction alone."""
    time = transaction[contract.TIME_COLUMN]
    born = transaction.dob.left(_YEAR_DIGITS).try_cast("int64")
    return {
        "hour": time.hour().cast("int64"),
        "weekday": time.day_of_week.index().cast("int64"),
        "age": time.year().cast("int64") - born,
    }


def _windowed(table: ir.Table, group: tuple[str, ...], length: str) -> dict[str, ir.Value]:
    """Inputs of one window: of a user, of a user in a category, or of a category of all users."""
    window = ibis.range_window(
        group_by=[table[name] for name in group],
        order_by=table[contract.TIME_COLUMN],
        preceding=LENGTHS[length],
        following=0,
    )
    prefix = _PREFIXES[group]
    return {
        f"{prefix}_mean_{length}": _rounded(table.amt.mean().over(window)),
        f"{prefix}_max_{length}": table.amt.max().over(window),
        f"{prefix}_count_{length}": table.count().over(window),
    }


def _rounded(mean: ir.FloatingValue) -> ir.FloatingValue:
    """Round a mean, so that a limit that it is compared with does not depend on its last digits.

    Flink subtracts from a running sum, so those depend on what has left the window. Amounts have
    two decimals: a mean of eight of them often lies exactly between two rounded values, where its
    last digits decide. Moved a little, no mean of less than 100,000 amounts does.
    """
    return (mean + _OFF_HALVES).round(_DIGITS)


_AMOUNTS: Final = (
    *(f"user_{what}_{length}" for length in LENGTHS for what in ("mean", "max")),
    *(f"user_category_mean_{length}" for length in LENGTHS),
    "category_mean_7d",
)
_RATIOS: Final = {f"amt_to_{name}": ("amt", name) for name in _AMOUNTS} | {
    f"user_category_share_{length}": (f"user_category_count_{length}", f"user_count_{length}")
    for length in LENGTHS
}
"""An input divided by another; null if that is 0."""

INPUTS: Final = (
    *("amt", "hour", "weekday", "age"),
    *_AMOUNTS,
    *(f"user_count_{length}" for length in LENGTHS),
    *(f"user_category_count_{length}" for length in LENGTHS),
    *_RATIOS,
)
"""Every input, by name: of the transaction, of its user, of the user in its category, and of its
category over all users. Windows include the transaction itself."""
