"""What a job is, put together from its feature, its state and its exceptions."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.features import Feature
from pipeline.model import JobDetail, JobFailure, RestorePoint, SinkColumn


def described(
    feature: Feature,
    topic: str,
    sql: str,
    restore_points: Sequence[RestorePoint],
    failures: Sequence[JobFailure] = (),
) -> JobDetail:
    """A job's detail.

    Args:
        feature: What it computes.
        topic: Where it writes, as that is called in its Kafka.
        sql: What it runs as.
        restore_points: Its savepoints and checkpoints, newest first.
        failures: Its exceptions, newest first.
    """
    return JobDetail(
        name=feature.name,
        description=feature.description,
        topic=topic,
        columns=tuple(
            SinkColumn(name, dtype, computed=name in feature.measures)
            for name, dtype in feature.columns.items()
        ),
        expression=repr(feature.table),
        sql=sql,
        restore_points=tuple(restore_points),
        failures=tuple(failures),
    )
