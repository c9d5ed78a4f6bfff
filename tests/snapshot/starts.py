"""Starts at different moments: their steps, and the status of the stack."""

from __future__ import annotations

from dataclasses import replace

from pipeline.model.jobs import JobState
from pipeline.model.stack import Health, Slots, StackStatus, Step, StepState
from tui.streams.sink_topics import FLAGGED, ROLLING, TUMBLING
from tui.streams.source import Batch

from .fakes import JOBS, STATUS
from .sample_rows import NOW, live_batch

LEFT_SECONDS_AGO = 7_500.0
"""When the console before was quit, and its jobs stopped."""

_NAMES = tuple(job.name for job in JOBS)


def jobs_step(*parts: Step) -> Step:
    """The step of the jobs; jobs not mentioned wait for Flink."""
    known = {part.key: part for part in parts}
    waiting = {name: Step(name, name, detail="waiting for Flink") for name in _NAMES}
    state = StepState.RUNNING if parts else StepState.WAITING
    return Step("jobs", "Feature jobs", state, parts=tuple((waiting | known).values()))


KAFKA_IS_UP = (
    Step("jars", "Kafka and Flink jars", StepState.DONE, "48 files", 0.2),
    Step("kafka", "Kafka broker", StepState.DONE, "127.0.0.1:9092", 3.8),
    Step("flink", "Flink", StepState.RUNNING, "", 4.2),
    Step("topics", "Topics", StepState.DONE, "", 0.3),
    Step("simulator", "Simulator", StepState.DONE, "100/s ×720", 0.1),
    jobs_step(),
)

JOBS_START = (
    *(replace(step, state=StepState.DONE) for step in KAFKA_IS_UP[:-1]),
    jobs_step(
        Step("rolling", "rolling", StepState.DONE, "", 1.2),
        Step("tumbling", "tumbling", StepState.WAITING, "waiting for its turn"),
        Step("flagged", "flagged", StepState.RUNNING, "starting from its savepoint", 0.4),
    ),
)

WHY_FLINK_FAILED = (
    "The Flink process does not start: ended with exit code 1; its log ends: "
    "java.net.BindException: Could not start rest endpoint on any port in port range 8081"
)

FLINK_FAILED = (
    *KAFKA_IS_UP[:2],
    replace(
        KAFKA_IS_UP[2],
        state=StepState.FAILED,
        detail=WHY_FLINK_FAILED.partition(": ")[2],
        seconds=3.1,
    ),
    *KAFKA_IS_UP[3:],
)

STARTING = replace(
    STATUS,
    flink=Health.STARTING,
    slots=Slots(),
    jobs=tuple(
        replace(
            job,
            state=JobState.STOPPED,
            job_id="",
            started_at=None,
            savepoint="/s/1",
            savepoint_at=NOW - LEFT_SECONDS_AGO,
        )
        for job in JOBS
    ),
)
"""The stack while Flink comes up."""

OFF = StackStatus(profile="local", kafka=Health.OFF, flink=Health.OFF, jobs=STARTING.jobs)
"""The stack after a start that has failed."""


def batch_of_last_time() -> Batch:
    """What the jobs' last run left in the topics, without a transaction since."""
    topics = (ROLLING.topic, TUMBLING.topic, FLAGGED.topic, "transaction")
    return replace(live_batch(), past=True, written=dict.fromkeys(topics, NOW - LEFT_SECONDS_AGO))
