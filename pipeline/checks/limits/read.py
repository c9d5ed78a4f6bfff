"""Reads the measurements of `check` from a running stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from pipeline.config import KafkaSettings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.features import Feature
from pipeline.formats.decoders import decoder_of
from pipeline.kafka import sample
from pipeline.kafka.newest import newest_timestamps
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.read_to_end import read_to_end
from pipeline.model.jobs import JobState, JobStatus
from pipeline.model.stack import Health, StackStatus
from pipeline.parity.report import Parity
from pipeline.proof import Outcome
from pipeline.sources import Source
from pipeline.stack.runtime import Runtime
from pipeline.text.words import counted

from .measurements import Limits, ParityCheck, Readings

# Flink reports a job's lag only some seconds after its start.
_LAG_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.5


def read(
    runtime: Runtime,
    names: Iterable[str],
    limits: Limits,
    *,
    verify: bool = False,
    clock: Callable[[], float] = time.time,
    report: Callable[[str], None] = lambda _: None,
) -> Readings:
    """Read what the limits need, and whatever else is cheap.

    Args:
        runtime: The pipeline of a profile.
        names: The jobs that have to run; all of them without a name.
        limits: With a limit for the lag, waits until Flink reports it. Only with a limit for
            invalid records are the source topics of the jobs read as a whole.
        verify: Whether to verify the jobs' features, too.
        clock: Returns seconds since the epoch.
        report: Called with what is being done, where that takes time.

    Raises:
        JobError: A name is unknown.
    """
    named = runtime.features.find(names) if names else ()
    try:
        status = runtime.status()
        if down := _down(status):
            return Readings(unreachable=down)
        by_name = {job.name: job for job in status.jobs}
        wanted = named or runtime.features.find(by_name)
        jobs = tuple(
            by_name.get(feature.name) or JobStatus(feature.name, JobState.STOPPED, feature.topic)
            for feature in wanted
        )
        kafka = runtime.kafka
        sources = tuple(dict.fromkeys(source for each in wanted for source in each.sources))
        topics = (*(kafka.topic(source.topic) for source in sources), *(job.topic for job in jobs))
        return Readings(
            jobs=jobs,
            lags=_lags(runtime, wanted, patient=limits.lag is not None),
            ages={
                topic: max(0.0, round(clock() - at, 3)) if isinstance(at, float) else at
                for topic, at in newest_timestamps(kafka, topics).items()
            },
            fault=next(filter(None, (sample.newest(kafka, s).fault for s in sources)), ""),
            parities={f.name: _parity(runtime, f.name, report) for f in wanted} if verify else {},
            quarantined=(
                sum(_quarantined(kafka, source, report) for source in sources)
                if limits.quarantined is not None
                else None
            ),
        )
    except UnavailableError as error:
        return Readings(unreachable=error.message)


def _down(status: StackStatus) -> str:
    """Say which part of the stack is not up; empty when all are."""
    if status.problems:
        return " ".join(status.problems)
    parts = {"Kafka": status.kafka, "Flink": status.flink}
    down = [
        f"{name} is {health.value}" for name, health in parts.items() if health is not Health.UP
    ]
    return ", ".join(down)


def _lags(runtime: Runtime, wanted: Iterable[Feature], *, patient: bool) -> dict[str, int | None]:
    deadline = time.monotonic() + (_LAG_SECONDS if patient else 0.0)
    while True:
        metrics = runtime.metrics()
        known = {
            feature.name: metrics[feature.name].pending if feature.name in metrics else None
            for feature in wanted
        }
        # A job that does not run never reports a lag.
        asked_for = [lag for name, lag in known.items() if name in metrics]
        if None not in asked_for or time.monotonic() >= deadline:
            return known
        time.sleep(_LOOK_SECONDS)


def _parity(runtime: Runtime, name: str, report: Callable[[str], None]) -> ParityCheck:
    try:
        parity = runtime.verify(name, lambda line: report(f"{name}: {line}"))
    except UnavailableError:
        raise
    except PipelineError as error:
        return ParityCheck(False, str(error))
    proved = None if parity.outcome is Outcome.NOT_JUDGED else parity.proved
    return ParityCheck(proved, _summary(parity))


def _summary(parity: Parity) -> str:
    said = f"{parity.equal:,} of {counted(parity.expected, 'row')} equal"
    counts = {
        "waiting": parity.waiting,
        "missing": parity.missing,
        "different": parity.different,
    }
    parts = [said, *(f"{count:,} {what}" for what, count in counts.items() if count)]
    if parity.outcome is Outcome.NOT_JUDGED:
        return f"not judged: {'; '.join(parity.reasons)} ({', '.join(parts)})"
    return ", ".join(parts)


def _quarantined(kafka: KafkaSettings, source: Source, report: Callable[[str], None]) -> int:
    found = read = 0
    topic = kafka.topic(source.topic)
    decoder = decoder_of(source, kafka)
    for batch in read_to_end(kafka, topic):
        read += len(batch)
        found += len(validate_rows(batch, decoder)[1])
        report(f"reading {topic}: {read:,}")
    return found
