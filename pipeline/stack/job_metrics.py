"""The metrics of jobs, with a lag that counts what Flink does not know of yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.flink.metrics import MetricsReader, spelled
from pipeline.flink.rest import FlinkRest
from pipeline.kafka.undiscovered import Undiscovered
from pipeline.model.jobs import JobMetrics


class JobMetricsReader:
    """Reads the metrics of jobs of one cluster.

    Flink's metrics count the unread records of the partitions that it has discovered. It looks for
    new ones at an interval, and until then their records are lag all the same.

    Args:
        rest: The cluster.
        kafka: The Kafka cluster that its jobs read.
    """

    def __init__(self, rest: FlinkRest, kafka: KafkaSettings) -> None:
        self._flink = MetricsReader(rest)
        self._undiscovered = Undiscovered(kafka)

    def read_all(
        self, job_ids: Mapping[str, str], topics: Mapping[str, Iterable[str]]
    ) -> dict[str, JobMetrics]:
        """Return the metrics of jobs, by name; jobs that have ended meanwhile are left out.

        While Kafka does not answer, their lag is not known.

        Args:
            job_ids: Flink's ids, by name.
            topics: The topics that each of them reads, by name.

        Raises:
            UnavailableError: Flink does not answer.
        """
        found = self._flink.read_all(job_ids)
        unread: dict[tuple[str, frozenset[int]], int | None] = {}
        for name, metrics in found.items():
            added: list[int | None] = []
            for topic in topics[name]:
                discovered = _discovered(metrics, topic)
                # A job that has just started has not been assigned any; Flink reports no lag yet.
                if discovered:
                    # Most jobs read the same partitions of the same topic.
                    asked = topic, discovered
                    if asked not in unread:
                        unread[asked] = self._records(topic, discovered)
                    added.append(unread[asked])
            if any(count != 0 for count in added):
                # The job is about to discover them.
                self._flink.look_again(job_ids[name])
            found[name] = replace(metrics, pending=_sum([metrics.pending, *added]))
        return found

    def _records(self, topic: str, discovered: frozenset[int]) -> int | None:
        try:
            return self._undiscovered.records(topic, discovered)
        except UnavailableError:
            return None


def _discovered(metrics: JobMetrics, topic: str) -> frozenset[int]:
    name = spelled(topic)
    return frozenset(number for of_topic, number in metrics.partitions if of_topic == name)


def _sum(counts: list[int | None]) -> int | None:
    """Return the sum; None if one is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
