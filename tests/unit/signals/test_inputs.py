"""The inputs of signals, against plain Python; whatever is asked for, they are the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipeline.features.feature import Feature
from pipeline.flink.refusals import refusal
from pipeline.parity.batch import evaluate, lookback, windows
from pipeline.signals.inputs import COPIED, INPUTS, windows_of, with_inputs

from .transactions import random_rows, table

HOURS = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720}


def feature(*wanted: str) -> Feature:
    return Feature("inputs", "inputs", lambda transaction: with_inputs(transaction, wanted))


def computed(rows: list[dict[str, Any]], *wanted: str) -> dict[str, dict[str, Any]]:
    found = evaluate(feature(*wanted), table(rows)).to_pylist()
    return {row["trans_num"]: row for row in found}


def expected(rows: list[dict[str, Any]], row: dict[str, Any], name: str) -> float | None:
    """An input by its definition."""
    time = row["trans_date_trans_time"]
    if name == "hour":
        return float(time.hour)
    if name == "weekday":
        return float(time.weekday())
    if name == "age":
        return None if row["dob"] == "unknown" else float(time.year - int(row["dob"][:4]))
    if name.startswith("amt_to_"):
        other = expected(rows, row, name.removeprefix("amt_to_"))
        return float(row["amt"]) / other if other else None
    if "_share_" in name:
        of_user = name.replace("user_category_share", "user_count")
        count = expected(rows, row, name.replace("share", "count"))
        return (count or 0) / (expected(rows, row, of_user) or 1)
    group, what, length = name.rsplit("_", 2)
    keys = {"user": ["user_id"], "category": ["category"], "user_category": ["user_id", "category"]}
    amounts = [
        other["amt"]
        for other in rows
        if all(other[key] == row[key] for key in keys[group])
        and time - timedelta(hours=HOURS[length]) <= other["trans_date_trans_time"] <= time
    ]
    if what == "count":
        return float(len(amounts))
    return float(max(amounts)) if what == "max" else sum(amounts) / len(amounts)


@pytest.mark.parametrize("seed", range(4))
def test_every_input_is_its_definition(seed: int) -> None:
    rows = random_rows(60, seed)
    found = computed(rows, *INPUTS)
    for row in rows:
        for name in set(INPUTS) - {"amt"}:
            value, wanted = found[row["trans_num"]][name], expected(rows, row, name)
            # A mean is rounded to four digits.
            assert value == (None if wanted is None else pytest.approx(wanted, abs=1e-4, rel=1e-3))


def test_only_what_is_asked_for_is_computed() -> None:
    assert tuple(feature("hour", "user_mean_6h").columns) == (*COPIED, "hour", "user_mean_6h")
    assert windows(feature("hour", "amt").table) == windows_of(["hour", "amt"]) == 0
    assert windows(feature("amt_to_user_max_6h").table) == windows_of(["amt_to_user_max_6h"]) == 1
    assert windows(feature(*INPUTS).table) == windows_of(INPUTS) == 11
    assert lookback(feature("user_max_24h", "user_mean_30d").table) == timedelta(days=31)


def test_an_input_does_not_depend_on_what_else_is_asked_for() -> None:
    rows = random_rows(40, 9)
    every = computed(rows, *INPUTS)
    for name in ("user_count_7d", "category_mean_7d", "amt_to_user_category_mean_24h"):
        alone = computed(rows, name)
        assert [each[name] for each in alone.values()] == [every[number][name] for number in alone]


def test_flink_takes_all_of_them() -> None:
    assert refusal(feature(*INPUTS)) is None


def test_the_last_digits_of_a_mean_decide_nothing() -> None:
    # The mean of eight amounts ends in ...5 at the fifth digit, where Flink's last digit may vary.
    rows = [row | {"user_id": 1, "amt": 0.01 * (1 + 4 * (n == 7))} for n, row in
            enumerate(random_rows(8, 1))]  # fmt: skip
    rows = [row | {"trans_date_trans_time": rows[0]["trans_date_trans_time"]} for row in rows]
    exact = computed(rows, "user_mean_1h")["t0"]["user_mean_1h"]
    moved = [row | {"amt": row["amt"] - 1e-12} for row in rows]
    assert computed(moved, "user_mean_1h")["t0"]["user_mean_1h"] == exact == 0.015
