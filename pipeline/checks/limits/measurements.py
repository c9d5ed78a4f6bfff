"""Compares readings with limits; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.kafka.given import Unknown
from pipeline.model.jobs import JobState, JobStatus
from pipeline.text.words import counted


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; what is None is measured, but not checked.

    Attributes:
        lag: Records that a job may not have read yet.
        age: Seconds since the newest record of a topic was written.
        quarantined: Invalid records.
    """

    lag: int | None = None
    age: float | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """The result of `verify` for a feature.

    Attributes:
        proved: Whether it is right; None if it cannot be judged.
        said: The details, in a few words.
    """

    proved: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read from a stack.

    Attributes:
        unreachable: Why nothing else is known; empty when the stack answers.
        jobs: The jobs that have to run.
        lags: Lag in records by job; None if Flink does not report it.
        ages: Seconds since the newest record was written, by topic; None if there is no record, and
            the reason if Kafka refuses to say.
        fault: What is wrong with nearly all of the newest transactions; empty when most are valid.
        parities: Results of `verify` by job, if requested.
        quarantined: Number of invalid records; None if they were not counted.
    """

    unreachable: str = ""
    jobs: tuple[JobStatus, ...] = ()
    lags: Mapping[str, int | None] = field(default_factory=dict)
    ages: Mapping[str, float | Unknown | None] = field(default_factory=dict)
    fault: str = ""
    parities: Mapping[str, ParityCheck] = field(default_factory=dict)
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement, and whether it is within its limit.

    Attributes:
        check: `stack`, `job`, `lag`, `age`, `transactions`, `verify` or `quarantined`.
        subject: The job or topic; empty where there is only one.
        value: The number; 1 or 0 for yes or no; None if unknown.
        limit: The upper bound; None without one.
        holds: Whether it is within its limit; None without a limit, or if it cannot be judged.
        said: The measurement in a few words.
        open: Whether a check was requested that cannot be judged.
    """

    check: str
    subject: str
    value: float | None
    limit: float | None
    holds: bool | None
    said: str
    open: bool = False


def measure(readings: Readings, limits: Limits) -> tuple[Measurement, ...]:
    """Compare readings with limits.

    Args:
        readings: What was read from a stack; if it is unreachable, that is the only measurement.
        limits: The upper bounds.
    """
    return tuple(_measurements(readings, limits))


def _measurements(readings: Readings, limits: Limits) -> Iterator[Measurement]:
    reached = not readings.unreachable
    yield _so("stack", "", reached, readings.unreachable or "Kafka and Flink are up")
    if not reached:
        return
    for job in readings.jobs:
        running = job.state is JobState.RUNNING
        failure = f": {job.failure}" if job.failure else ""
        yield _so("job", job.name, running, f"{job.state.value}{failure}")
    for name, lag in readings.lags.items():
        yield _at_most("lag", name, lag, limits.lag, _waiting(lag))
    for topic, age in readings.ages.items():
        if isinstance(age, Unknown):
            yield _at_most("age", topic, None, limits.age, f"not known: {age.reason}")
        else:
            yield _at_most("age", topic, age, limits.age, _age(age))
    valid = not readings.fault
    yield _so("transactions", "", valid, readings.fault or "the newest ones are valid")
    for name, check in readings.parities.items():
        if check.proved is None:
            yield Measurement("verify", name, None, None, None, check.said, open=True)
        else:
            yield _so("verify", name, check.proved, check.said)
    if (bad := readings.quarantined) is not None:
        yield _at_most("quarantined", "", bad, limits.quarantined, counted(bad, "record"))


def _so(check: str, subject: str, holds: bool, said: str) -> Measurement:
    return Measurement(check, subject, float(holds), None, holds, said)


def _at_most(
    check: str, subject: str, value: float | None, limit: float | None, said: str
) -> Measurement:
    """Measure a value with an upper bound; an unknown value does not hold."""
    if limit is None:
        return Measurement(check, subject, value, None, None, said)
    holds = value is not None and value <= limit
    return Measurement(check, subject, value, limit, holds, f"{said} (at most {_number(limit)})")


def _waiting(lag: int | None) -> str:
    return "not known" if lag is None else counted(lag, "record waits", "records wait")


def _age(seconds: float | None) -> str:
    return "no record" if seconds is None else f"{_number(seconds)} s"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
