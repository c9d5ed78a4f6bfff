"""Readings held against limits; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.kafka.given import Unknown
from pipeline.model import JobState, JobStatus


@dataclass(frozen=True, slots=True)
class Limits:
    """What has to hold; None for what is measured and not judged.

    Attributes:
        lag: Records that may wait for a job.
        age: Seconds since the newest record of a topic was written.
        quarantined: Records that are no transactions.
    """

    lag: int | None = None
    age: float | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """What `verify` says of a feature: whether it is right, and in a few words why.

    Attributes:
        proved: None when it cannot be judged.
        said: Why, in a few words.
    """

    proved: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of a stack.

    Attributes:
        unreachable: Why nothing else is known; empty when the stack answers.
        jobs: The jobs that have to run.
        lags: Records that wait, by job; None when Flink does not say.
        ages: Seconds since the newest record was written, by topic; None when there is none, and
            the reason when Kafka does not give it.
        fault: What is wrong with nearly all of the newest transactions; empty when most are valid.
        proofs: By job; of those that were to be proved.
        quarantined: Records that are no transactions; None when they were not counted.
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
    """One thing that was measured, and whether that is as it should be.

    Attributes:
        check: What kind of thing: `stack`, `job`, `lag`, `age`, `transactions`, `verify`,
            `quarantined`.
        subject: Of which job or topic; empty where there is only one.
        value: The number; 1 or 0 for what is so or not; None when it is not known.
        limit: The most that may be; None for what has none.
        holds: Whether it is as it should be; None when nobody asked, or when it cannot be judged.
        said: The same in a few words.
        open: Whether it was asked for and cannot be judged.
    """

    check: str
    subject: str
    value: float | None
    limit: float | None
    holds: bool | None
    said: str
    open: bool = False


def measure(readings: Readings, limits: Limits) -> tuple[Measurement, ...]:
    """Hold readings against limits.

    Args:
        readings: Of a stack; when it does not answer, that is all there is.
        limits: What has to hold.
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
        yield _at_most("lag", name, lag, limits.lag, _amount(lag, "records wait") or "not known")
    for topic, age in readings.ages.items():
        if isinstance(age, Unknown):
            yield _at_most("age", topic, None, limits.age, f"not known: {age.reason}")
        else:
            yield _at_most("age", topic, age, limits.age, _amount(age, "s") or "no record")
    valid = not readings.fault
    yield _so("transactions", "", valid, readings.fault or "the newest ones are valid")
    for name, check in readings.parities.items():
        if check.proved is None:
            yield Measurement("verify", name, None, None, None, check.said, open=True)
        else:
            yield _so("verify", name, check.proved, check.said)
    if (bad := readings.quarantined) is not None:
        yield _at_most("quarantined", "", bad, limits.quarantined, _amount(bad, "records"))


def _so(check: str, subject: str, holds: bool, said: str) -> Measurement:
    return Measurement(check, subject, float(holds), None, holds, said)


def _at_most(
    check: str, subject: str, value: float | None, limit: float | None, said: str
) -> Measurement:
    """What is not known cannot be said to hold."""
    if limit is None:
        return Measurement(check, subject, value, None, None, said)
    holds = value is not None and value <= limit
    return Measurement(check, subject, value, limit, holds, f"{said} (at most {_number(limit)})")


def _amount(value: float | None, unit: str) -> str:
    """A number with its unit; empty when it is not known."""
    if value is None:
        return ""
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
