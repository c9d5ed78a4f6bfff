"""The live job behind a feature, as `verify` queries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import KafkaSettings
from pipeline.features import Feature
from pipeline.flink.jobs import Jobs
from pipeline.flink.metrics import MetricsReader
from pipeline.flink.rest import FlinkRest
from pipeline.kafka import groups
from pipeline.model.jobs import JobStatus


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A feature's job on a cluster.

    Attributes:
        feature: The feature.
        jobs: All jobs of the cluster.
        rest: The cluster.
        kafka: The Kafka cluster and its credentials.
    """

    feature: Feature
    jobs: Jobs
    rest: FlinkRest
    kafka: KafkaSettings

    @property
    def running(self) -> bool:
        return bool(self._job_id)

    def read_up_to(self) -> tuple[Mapping[int, int], ...]:
        """Return the offset up to which results are in the sink, by partition of each source.

        Offsets are committed at checkpoints, which also flush the sink. A checkpoint is triggered
        now, rather than waiting for the next one.
        """
        if job_id := self._job_id:
            self.rest.checkpoint(job_id)
        return self.committed()

    def committed(self) -> tuple[Mapping[int, int], ...]:
        """Return the same as of the last checkpoint."""
        group = self.jobs.job_name(self.feature.name)
        return tuple(
            groups.committed(self.kafka, group, self.kafka.topic(source.topic))
            for source in self.feature.sources
        )

    def watermark(self) -> int | None:
        """Return the job's watermark, in microseconds; None before the first one."""
        job_id = self._job_id
        mark = self.rest.watermark(job_id) if job_id else None
        return None if mark is None else mark * 1000

    def dropped_late(self) -> int | None:
        """Return the number of late records dropped in the whole life of the job.

        None if unknown: Flink counts since the job's last start. For windows it counts after
        pre-aggregation, so the number may be too small, but not zero by mistake.
        """
        name, job_id = self.feature.name, self._job_id
        if not job_id:
            return None
        metrics = MetricsReader(self.rest).read_all({name: job_id}).get(name)
        if metrics is None or metrics.restarts or self.rest.restored_at(job_id) is not None:
            return None
        return metrics.late

    def started(self) -> int:
        """Return when it was started, in milliseconds since the epoch; 0 if it does not run."""
        return int((self._status.started_at or 0) * 1_000)

    def resumed(self) -> tuple[int, ...]:
        """Return when it resumed from state or was restarted, in milliseconds since the epoch.

        Flink knows when a job last resumed, and the newest of its failures.
        """
        job_id = self._job_id
        if not job_id:
            return ()
        moments = {int(failure.at * 1_000) for failure in self.rest.failures(job_id)}
        if restored := self.rest.restored_at(job_id):
            moments.add(restored)
        return tuple(sorted(moments))

    @property
    def _job_id(self) -> str:
        return self._status.job_id

    @property
    def _status(self) -> JobStatus:
        (status,) = self.jobs.statuses({self.feature.name: self.feature.topic})
        return status
