"""The built-in rules: their score, their reasons, and what the profile changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipeline.config import RuleSettings, load
from pipeline.errors import ConfigError
from pipeline.flink.refusals import refusal
from pipeline.parity.batch import evaluate
from pipeline.signals.rules_signal import rules_signal
from pipeline.signals.signal import unfit

from .transactions import BEGIN, random_rows, table

NOON = timedelta(hours=12)
DEFAULTS = RuleSettings()


def scored(*amounts: float, settings: RuleSettings = DEFAULTS, at: timedelta = NOON) -> Any:
    """The row of the last of a user's transactions, a day apart."""
    first = random_rows(1, 0)[0] | {"user_id": 1}
    days = len(amounts) - 1
    rows = [
        first
        | {
            "amt": amount,
            "trans_num": str(n),
            "trans_date_trans_time": BEGIN + at + timedelta(days=n, minutes=n)
            if n < days
            else BEGIN + at + timedelta(days=days + 1),
        }
        for n, amount in enumerate(amounts)
    ]
    found = evaluate(rules_signal(settings), table(rows)).to_pylist()
    return next(row for row in found if row["trans_num"] == str(days))


def test_nothing_unusual_scores_0_and_says_nothing() -> None:
    row = scored(20.0, 30.0, 25.0)
    assert (row["score"], row["reasons"]) == (0.0, "")


def test_reasons_add_up_as_independent_ones_do() -> None:
    row = scored(20.0, 30.0, 700.0)
    assert row["score"] == pytest.approx(1 - 0.5 * 0.6 * 0.7 * 0.7, abs=1e-12)
    assert row["reasons"] == (
        "Amount above 200. Amount above 600. The user's mean of 24 hours is more than 2 times "
        "that of 30 days. An amount above 600 in the last 24 hours."
    )


@pytest.mark.parametrize(("hour", "night"), [(21, False), (22, True), (3, True), (4, False)])
def test_the_night_passes_midnight(hour: int, night: bool) -> None:
    assert ("o'clock" in scored(20.0, at=timedelta(hours=hour))["reasons"]) is night


@pytest.mark.parametrize(("hour", "night"), [(0, False), (1, True), (4, True), (5, False)])
def test_the_night_may_begin_after_midnight(hour: int, night: bool) -> None:
    settings = RuleSettings(night_from=1, night_to=5)
    row = scored(20.0, settings=settings, at=timedelta(hours=hour))
    assert ("Between 1 and 5 o'clock." in row["reasons"]) is night


def test_the_profile_changes_limits_weights_and_threshold(tmp_path: Any) -> None:
    variables = {"FRAUDWATCH_RULES_LARGE": "10", "FRAUDWATCH_RULES_THRESHOLD": "0.4"}
    settings = load(environment=variables, directories=(tmp_path,))
    row = scored(20.0, settings=settings.rules)
    assert (row["score"], row["reasons"]) == (0.5, "Amount above 10.")
    assert rules_signal(settings.rules).threshold == 0.4


def test_a_weight_of_1_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"rules\.large_weight"):
        load(environment={"FRAUDWATCH_RULES_LARGE_WEIGHT": "1"}, directories=(tmp_path,))


def test_it_is_a_signal_that_flink_takes() -> None:
    signal = rules_signal(RuleSettings())
    assert unfit(signal) is None
    assert refusal(signal) is None
    wanted = {"user_id", "trans_date_trans_time", "trans_num", "amt", "is_fraud", "score"}
    assert wanted | {"reasons"} <= set(signal.columns)
