"""Limits: measurements within them, beyond them, and unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.limits import Limits, Measurement, Readings, exposition, measure
from pipeline.checks.limits.measurements import ParityCheck
from pipeline.model.jobs import JobState, JobStatus

ROLLING = JobStatus("rolling", JobState.RUNNING, "user_trans_amt_last_360min")
READINGS = Readings(
    jobs=(ROLLING,),
    lags={"rolling": 1_200},
    ages={"transaction": 0.5, "user_trans_amt_last_360min": 61.0},
    parities={"rolling": ParityCheck(True, "9 of 9 rows equal")},
    quarantined=2,
)


def found(readings: Readings, limits: Limits, check: str, subject: str = "") -> Measurement:
    (measurement,) = (
        one for one in measure(readings, limits) if (one.check, one.subject) == (check, subject)
    )
    return measurement


def test_without_limits_what_must_always_hold_is_checked() -> None:
    result = {one.check for one in measure(READINGS, Limits()) if one.holds is not None}
    assert result == {"stack", "job", "transactions", "verify"}
    assert all(one.holds is not False for one in measure(READINGS, Limits()))


@pytest.mark.parametrize(
    ("check", "subject", "exact", "less", "said"),
    [
        ("lag", "rolling", Limits(lag=1_200), Limits(lag=1_199), "1,200 records wait"),
        ("age", "transaction", Limits(age=0.5), Limits(age=0.4), "0.5 s (at most 0.4)"),
        ("quarantined", "", Limits(quarantined=2), Limits(quarantined=1), "2 records (at most 1)"),
    ],
)
def test_a_limit_holds_up_to_itself(
    check: str, subject: str, exact: Limits, less: Limits, said: str
) -> None:
    assert found(READINGS, exact, check, subject).holds is True
    exceeded = found(READINGS, less, check, subject)
    assert exceeded.holds is False
    assert said in exceeded.said


def test_what_is_not_known_holds_no_limit() -> None:
    unknown = replace(READINGS, lags={"rolling": None}, ages={"transaction": None})
    for check, subject, said in (("lag", "rolling", "not known"), ("age", "transaction", "no rec")):
        limited = found(unknown, Limits(lag=10, age=10), check, subject)
        assert (limited.holds, limited.value) == (False, None)
        assert said in limited.said
        assert found(unknown, Limits(), check, subject).holds is None


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RUNNING])
def test_a_job_in_any_other_state_than_running_does_not_hold(state: JobState) -> None:
    job = replace(ROLLING, state=state, failure="no slots")
    result = found(replace(READINGS, jobs=(job,)), Limits(), "job", "rolling")
    assert result.holds is False
    assert result.said == f"{state.value}: no slots"


def test_a_feature_that_is_not_right_does_not_hold() -> None:
    wrong = replace(READINGS, parities={"rolling": ParityCheck(False, "3 missing")})
    assert found(wrong, Limits(), "verify", "rolling").holds is False


def test_a_topic_of_nothing_but_invalid_records_does_not_hold() -> None:
    sick = replace(READINGS, fault="all 9 newest records of transaction are invalid: no value")
    result = found(sick, Limits(), "transactions")
    assert (result.holds, result.said) == (False, sick.fault)
    assert found(READINGS, Limits(), "transactions").holds is True


def test_of_a_stack_that_is_away_nothing_else_is_said() -> None:
    (only,) = measure(replace(READINGS, unreachable="Kafka is off"), Limits(lag=1))
    assert (only.check, only.holds, only.said) == ("stack", False, "Kafka is off")


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_limit_is_the_most_that_may_be(lag: int, most: int) -> None:
    result = found(Readings(lags={"rolling": lag}), Limits(lag=most), "lag", "rolling")
    assert result.holds is (lag <= most)


def test_prometheus_gets_what_is_known_and_whether_it_holds() -> None:
    unknown = replace(READINGS, lags={"rolling": None})
    text = exposition("local", measure(unknown, Limits(lag=1, age=60)))
    assert 'fraudwatch_stack_up{profile="local"} 1.0' in text
    assert 'fraudwatch_topic_age_seconds{profile="local",topic="transaction"} 0.5' in text
    assert "fraudwatch_job_lag_records{" not in text
    holds = 'fraudwatch_check_holds{check="%s",profile="local",subject="%s"} %s'
    assert holds % ("lag", "rolling", "0.0") in text
    assert holds % ("age", "transaction", "1.0") in text
    assert holds % ("age", "user_trans_amt_last_360min", "0.0") in text
    assert 'subject=""} 1.0' in text


@pytest.mark.parametrize(
    ("count", "waits", "invalid"),
    [
        (0, "0 records wait", "0 records"),
        (1, "1 record waits", "1 record"),
        (None, "not known", ""),
    ],
)
def test_one_is_not_a_plural(count: int | None, waits: str, invalid: str) -> None:
    readings = replace(READINGS, lags={"rolling": count}, quarantined=count)
    assert found(readings, Limits(), "lag", "rolling").said == waits
    assert [m.said for m in measure(readings, Limits()) if m.check == "quarantined"] == (
        [invalid] if invalid else []
    )
