"""Assembles the detail of a job from its feature, its restore points and its exceptions."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.features import Feature
from pipeline.model.jobs import JobDetail, JobFailure, RestorePoint
from pipeline.model.sinks import Sink


def described(
    feature: Feature,
    topic: str,
    sql: str,
    restore_points: Sequence[RestorePoint],
    failures: Sequence[JobFailure] = (),
    *,
    sink: Sink,
) -> JobDetail:
    """Return a job's detail.

    Args:
        feature: The feature.
        topic: Name of the sink topic in Kafka.
        sql: The job's SQL.
        restore_points: Its savepoints and checkpoints, newest first.
        failures: Its exceptions, newest first.
        sink: What its topic holds.
    """
    return JobDetail(
        name=feature.name,
        description=feature.description,
        topic=topic,
        columns=sink.columns,
        expression=repr(feature.table),
        sql=sql,
        restore_points=tuple(restore_points),
        failures=tuple(failures),
    )
