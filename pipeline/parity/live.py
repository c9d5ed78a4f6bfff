"""The job behind a feature, as the oracle asks about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.features import Feature
from pipeline.flink.jobs import Jobs
from pipeline.flink.metrics import MetricsReader
from pipeline.flink.rest import FlinkRest
from pipeline.kafka import groups


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A feature's job on a cluster.

    Attributes:
        feature: What it computes.
        jobs: All jobs of the cluster.
        rest: The cluster.
        kafka: Where Kafka is, and how to get in.
    """

    feature: Feature
    jobs: Jobs
    rest: FlinkRest
    kafka: KafkaSettings

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return bool(self._job_id)

    def read_up_to(self) -> Mapping[int, int]:
        """How far it has read the transactions and written their results: offset by partition.

        Offsets are committed at checkpoints, when the results of what was read are in the sink;
        without waiting for the next one, one is taken now.
        """
        if job_id := self._job_id:
            self.rest.checkpoint(job_id)
        return groups.committed(
            self.kafka,
            self.jobs.job_name(self.feature.name),
            self.kafka.topic(contract.TRANSACTION_TOPIC),
        )

    def watermark(self) -> int | None:
        """How far it has come in event time, in microseconds; None before its first watermark."""
        job_id = self._job_id
        mark = self.rest.watermark(job_id) if job_id else None
        return None if mark is None else mark * 1000

    def dropped_late(self) -> int | None:
        """How many records it has ever dropped as late.

        None when that is not known: Flink counts from the job's last start on. Windows are counted
        after records of one user were added up, so there it may be fewer, but not none.
        """
        name, job_id = self.feature.name, self._job_id
        if not job_id:
            return None
        metrics = MetricsReader(self.rest).read_all({name: job_id}).get(name)
        if metrics is None or metrics.restarts or not self.rest.began_from_nothing(job_id):
            return None
        return metrics.late

    @property
    def _job_id(self) -> str:
        (status,) = self.jobs.statuses({self.feature.name: self.feature.topic})
        return status.job_id
