"""Metrics computed from what Flink 2.3 returns for a real job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from pipeline.errors import JobError
from pipeline.flink.metrics import MetricsReader
from pipeline.flink.rest import FlinkRest
from pipeline.model.jobs import Checkpoint, JobMetrics

SOURCE = "Source__KafkaSource-default_catalog_default_database_transaction_raw"
ZERO: dict[str, float] = {"min": 0, "max": 0, "sum": 0}
# Names as of a job with an OVER aggregate; the figures are those of one subtask, or of two.
METRICS: dict[str, dict[str, dict[str, float]]] = {
    "source": {
        "numRecordsInPerSecond": {"min": 0, "max": 0, "sum": 0},
        "busyTimeMsPerSecond": {"min": 10, "max": 80, "sum": 90},
        "backPressuredTimeMsPerSecond": {"min": 0, "max": 420, "sum": 420},
        f"{SOURCE}.numRecordsInPerSecond": {"min": 40, "max": 64.2, "sum": 104.2},
        f"{SOURCE}.pendingRecords": {"min": 4, "max": 8, "sum": 12},
        f"{SOURCE}.currentOutputWatermark": {"min": 1677950515000, "max": 1677950999000, "sum": 0},
        f"{SOURCE}.KafkaSourceReader.KafkaConsumer.fetch-latency-max": {
            "min": 1,
            "max": 1,
            "sum": 1,
        },
        f"{SOURCE}.KafkaSourceReader.topic.my_topic.partition.0.currentOffset": ZERO,
        f"{SOURCE}.KafkaSourceReader.topic.my_topic.partition.0.committedOffset": ZERO,
        f"{SOURCE}.KafkaSourceReader.topic.my_topic.partition.11.currentOffset": ZERO,
        f"{SOURCE}.split.transaction-1.watermark.currentWatermark": {"min": 5, "max": 5, "sum": 5},
    },
    "sink": {
        "busyTimeMsPerSecond": {"min": 3, "max": 970, "sum": 973},
        "backPressuredTimeMsPerSecond": {"min": 0, "max": 0, "sum": 0},
        "currentInputWatermark": {"min": 1677950510000, "max": 1677950999000, "sum": 0},
        "OverAggregate[6].numLateRecordsDropped": {"min": 1, "max": 2, "sum": 3},
        "rolling_sink[8]__Writer.numRecordsInPerSecond": {"min": 40, "max": 64, "sum": 104},
    },
}
JOB = {
    "numRestarts": 2.0,
    "numberOfFailedCheckpoints": 1.0,
    "lastCheckpointDuration": 210.0,
    "lastCheckpointSize": 1_234_567.0,
    "lastCheckpointCompletedTimestamp": 1_700_000_000_000.0,
}


class Recorded(FlinkRest):
    """Returns recorded answers of Flink; other requests fail, as there is no connection."""

    def __init__(
        self, metrics: dict[str, dict[str, dict[str, float]]], job: dict[str, float]
    ) -> None:
        self._metrics = metrics
        self._job = job

    def vertices(self, job_id: str) -> tuple[str, ...]:
        if job_id == "gone":
            raise JobError("Flink does not know it.")
        return tuple(self._metrics)

    def metric_names(self, job_id: str, vertex: str) -> tuple[str, ...]:
        return tuple(self._metrics[vertex])

    def metrics(self, job_id: str, vertex: str, names: Iterable[str]) -> dict[str, Any]:
        return {name: self._metrics[vertex][name] for name in names}

    def job_metrics(self, job_id: str, names: Iterable[str]) -> dict[str, float]:
        return {name: self._job[name] for name in names if name in self._job}


def read(metrics: Any, job: dict[str, float]) -> dict[str, JobMetrics]:
    reader = MetricsReader(Recorded(metrics, job))
    return reader.read_all({"rolling": "a1", "ended": "gone"})


def test_figures_come_from_the_operators_that_have_them() -> None:
    assert read(METRICS, JOB) == {
        "rolling": JobMetrics(
            records_in=104.2,
            records_out=104,
            pending=12,
            watermark=datetime(2023, 3, 4, 17, 21, 50),
            late=3,
            checkpoint=Checkpoint(1_700_000_000.0, 0.21, 1_234_567),
            checkpoints_failed=1,
            backpressure=0.42,
            busy=0.97,
            restarts=2,
            partitions=frozenset({("my_topic", 0), ("my_topic", 11)}),
        )
    }


def test_what_flink_does_not_tell_yet_is_none() -> None:
    job = {"lastCheckpointCompletedTimestamp": -1.0, "numRestarts": 0.0}
    no_watermark = {"currentInputWatermark": {"min": -(2.0**63), "max": 0, "sum": 0}}
    assert read({"source": {}, "sink": no_watermark}, job) == {"rolling": JobMetrics(restarts=0)}


@pytest.mark.parametrize("missing", ["source", "sink"])
def test_a_vertex_without_metrics_is_survived(missing: str) -> None:
    metrics = read({**METRICS, missing: {}}, JOB)["rolling"]
    assert (metrics.records_in is None) is (missing == "source")
    assert (metrics.records_out is None) is (missing == "sink")
