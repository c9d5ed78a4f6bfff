"""Reads the metrics of running jobs with as few requests as possible.

Independent requests are sent concurrently, since the connection to a cluster may be slow.

Source: Flink 2.3 documentation, "Metrics" and "REST API". A vertex counts only records exchanged
with other vertices, so the records that a source reads and a sink writes are found in the metrics
of their operators, whose names start with the operator's name.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pipeline.errors import JobError
from pipeline.model.jobs import Checkpoint, JobMetrics

from .answers import LATEST_MILLIS, is_date
from .rest import FlinkRest

# Metrics appear one by one in a job's first minute, and again after a restart.
_PLAN_SECONDS: Final = 10.0
_AT_ONCE: Final = 16
_EPOCH: Final = datetime(1970, 1, 1)
_JOB_METRICS: Final = (
    "numRestarts",
    "numberOfFailedCheckpoints",
    "lastCheckpointDuration",
    "lastCheckpointSize",
    "lastCheckpointCompletedTimestamp",
)


@dataclass(frozen=True, slots=True)
class _Role:
    """One figure: the Flink metrics it is read from, and how to aggregate them."""

    name: str
    pattern: re.Pattern[str]
    over_subtasks: str
    over_vertices: Callable[[Iterable[float]], float]


_ROLES: Final = (
    _Role("records_in", re.compile(r"Source__.*\.numRecordsInPerSecond"), "sum", sum),
    _Role("records_out", re.compile(r".*__Writer\.numRecordsInPerSecond"), "sum", sum),
    _Role("pending", re.compile(r"Source__.*\.pendingRecords"), "sum", sum),
    _Role("late", re.compile(r".*\.numLateRecordsDropped"), "sum", sum),
    _Role("busy", re.compile(r"busyTimeMsPerSecond"), "max", max),
    _Role("backpressure", re.compile(r"backPressuredTimeMsPerSecond"), "max", max),
    _Role(
        "watermark", re.compile(r"currentInputWatermark|Source__[^.]*\.currentOutputWatermark"),
        "min", min,
    ),
)  # fmt: skip


# Flink registers it when a source has discovered a partition and a subtask begins to read it.
_DISCOVERED: Final = re.compile(
    r"Source__.*\.KafkaSourceReader\.topic\.(.+)\.partition\.(\d+)\.currentOffset"
)


def spelled(topic: str) -> str:
    """Return a topic's name as Flink spells it in the names of metrics."""
    return topic.replace(".", "_")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a job's metrics are called.

    Attributes:
        vertices: The metrics to request from each vertex, and the role of each.
        partitions: Topic and number of each discovered partition, which are only in names.
        made_at: When this was determined.
    """

    vertices: Mapping[str, Mapping[str, _Role]]
    partitions: frozenset[tuple[str, int]]
    made_at: float


class MetricsReader:
    """Reads the metrics of jobs of one cluster; caches which metrics each job has.

    Args:
        rest: The cluster.
    """

    def __init__(self, rest: FlinkRest) -> None:
        self._rest = rest
        self._plans: dict[str, _Plan] = {}

    def read_all(self, job_ids: Mapping[str, str]) -> dict[str, JobMetrics]:
        """Return the metrics of jobs, by name; jobs that have ended meanwhile are left out.

        Args:
            job_ids: Flink's ids, by name.

        Raises:
            UnavailableError: Flink does not answer.
        """
        for gone in self._plans.keys() - set(job_ids.values()):
            del self._plans[gone]
        if not job_ids:
            return {}
        # Jobs wait for requests, so the two need separate pools to avoid a deadlock.
        with ThreadPoolExecutor(len(job_ids)) as jobs, ThreadPoolExecutor(_AT_ONCE) as requests:
            asked = {
                name: jobs.submit(self._read, job_id, requests) for name, job_id in job_ids.items()
            }
            metrics = {}
            for name, answer in asked.items():
                with suppress(JobError):
                    metrics[name] = answer.result()
            return metrics

    def look_again(self, job_id: str) -> None:
        """With the next reading, find out again which metrics a job has."""
        self._plans.pop(job_id, None)

    def _read(self, job_id: str, requests: Executor) -> JobMetrics:
        job = requests.submit(self._rest.job_metrics, job_id, _JOB_METRICS)
        plan = self._plans.get(job_id)
        if plan is None or time.monotonic() - plan.made_at > _PLAN_SECONDS:
            plan = self._plans[job_id] = self._find(job_id, requests)
        answers = requests.map(
            lambda vertex: self._rest.metrics(job_id, vertex, plan.vertices[vertex]), plan.vertices
        )
        values: dict[str, list[float]] = {}
        for roles, answer in zip(plan.vertices.values(), answers, strict=True):
            for metric, found in answer.items():
                role = roles.get(metric)
                if role is not None and role.over_subtasks in found:
                    values.setdefault(role.name, []).append(found[role.over_subtasks])
        figures = {role.name: role.over_vertices(values[role.name])
                   for role in _ROLES if role.name in values}  # fmt: skip
        return replace(_metrics(figures, job.result()), partitions=plan.partitions)

    def _find(self, job_id: str, requests: Executor) -> _Plan:
        vertices = self._rest.vertices(job_id)
        listed = requests.map(lambda vertex: self._rest.metric_names(job_id, vertex), vertices)
        plan = {}
        partitions = set[tuple[str, int]]()
        for vertex, names in zip(vertices, listed, strict=True):
            roles = {
                name: role for name in names for role in _ROLES if role.pattern.fullmatch(name)
            }
            if roles:
                plan[vertex] = roles
            found = filter(None, map(_DISCOVERED.fullmatch, names))
            partitions |= {(match[1], int(match[2])) for match in found}
        return _Plan(plan, frozenset(partitions), time.monotonic())


def _metrics(figures: Mapping[str, float], job: Mapping[str, float]) -> JobMetrics:
    def count(name: str, values: Mapping[str, float] = figures) -> int | None:
        return int(values[name]) if name in values else None

    def share(name: str) -> float | None:
        return min(1.0, figures[name] / 1000) if name in figures else None

    mark = figures.get("watermark", math.nan)
    return JobMetrics(
        records_in=figures.get("records_in"),
        records_out=figures.get("records_out"),
        pending=count("pending"),
        watermark=_EPOCH + timedelta(milliseconds=mark) if is_date(mark) else None,
        late=count("late"),
        checkpoint=_checkpoint(job),
        checkpoints_failed=count("numberOfFailedCheckpoints", job) or 0,
        backpressure=share("backpressure"),
        busy=share("busy"),
        restarts=count("numRestarts", job),
    )


def _checkpoint(job: Mapping[str, float]) -> Checkpoint | None:
    # Flink reports -1 before the first checkpoint.
    at = job.get("lastCheckpointCompletedTimestamp", -1)
    if not 0 < at <= LATEST_MILLIS:
        return None
    return Checkpoint(
        at=at / 1000,
        seconds=job.get("lastCheckpointDuration", 0) / 1000,
        size=int(job.get("lastCheckpointSize", 0)),
    )
