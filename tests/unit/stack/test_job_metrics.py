"""A job's lag counts the partitions that Flink has not discovered yet."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pipeline.config import FlinkSettings, KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.flink.rest import FlinkRest
from pipeline.model.jobs import JobMetrics
from pipeline.stack import job_metrics as module
from pipeline.stack.job_metrics import JobMetricsReader

TOPIC = "team.transaction"
LABELS = "labels"


def of(*partitions: tuple[str, int], pending: int | None = 5) -> JobMetrics:
    return JobMetrics(pending=pending, partitions=frozenset(partitions))


@dataclass
class Flink:
    """Reports these metrics of the jobs."""

    metrics: dict[str, JobMetrics]
    again: list[str] = field(default_factory=list)

    def read_all(self, job_ids: dict[str, str]) -> dict[str, JobMetrics]:
        return {name: self.metrics[name] for name in job_ids if name in self.metrics}

    def look_again(self, job_id: str) -> None:
        self.again.append(job_id)


@dataclass
class Kafka:
    """Topics with this many records in each partition; None where Kafka does not say."""

    records_of: dict[str, list[int | None]]
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def records(self, topic: str, discovered: frozenset[int]) -> int | None:
        self.asked.append(topic)
        if self.away:
            raise UnavailableError("Kafka does not answer.", "Start it.")
        known = enumerate(self.records_of[topic])
        others = [count for number, count in known if number not in discovered]
        counts = [count for count in others if count is not None]
        return sum(counts) if len(counts) == len(others) else None


def lags(
    monkeypatch: pytest.MonkeyPatch, flink: Flink, kafka: Kafka, **topics: list[str]
) -> dict[str, int | None]:
    monkeypatch.setattr(module, "MetricsReader", lambda _: flink)
    monkeypatch.setattr(module, "Undiscovered", lambda _: kafka)
    reader = JobMetricsReader(FlinkRest(FlinkSettings(rest="http://x.example")), KafkaSettings())
    found = reader.read_all({name: f"id-{name}" for name in topics}, topics)
    return {name: metrics.pending for name, metrics in found.items()}


def test_unread_partitions_are_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    spelled = "team_transaction"
    flink = Flink(
        {
            "knows": of((spelled, 0), (spelled, 1)),
            "lags": of((spelled, 0)),
            "lags-too": of((spelled, 0), pending=0),
        }
    )
    kafka = Kafka({TOPIC: [1_000, 30]})
    found = lags(monkeypatch, flink, kafka, **{name: [TOPIC] for name in flink.metrics})
    assert found == {"knows": 5, "lags": 35, "lags-too": 30}
    # Of those that are about to discover them, the names of the metrics change.
    assert flink.again == ["id-lags", "id-lags-too"]
    assert len(kafka.asked) == 2


def test_each_topic_of_a_join_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    flink = Flink({"joined": of(("team_transaction", 0), (LABELS, 1))})
    kafka = Kafka({TOPIC: [0, 2], LABELS: [30, 0]})
    assert lags(monkeypatch, flink, kafka, joined=[TOPIC, LABELS]) == {"joined": 37}


@pytest.mark.parametrize(
    ("metrics", "kafka"),
    [
        (of(("team_transaction", 0), pending=None), Kafka({TOPIC: [0, 30]})),
        (of(("team_transaction", 0)), Kafka({TOPIC: [0, None]})),
        (of(("team_transaction", 0)), Kafka({TOPIC: [0]}, away=True)),
    ],
)
def test_what_is_not_known_is_no_lag_of_zero(
    monkeypatch: pytest.MonkeyPatch, metrics: JobMetrics, kafka: Kafka
) -> None:
    assert lags(monkeypatch, Flink({"a": metrics}), kafka, a=[TOPIC]) == {"a": None}


def test_before_a_job_has_been_assigned_partitions_none_is_undiscovered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = Kafka({TOPIC: [1_000]})
    found = lags(monkeypatch, Flink({"a": of(pending=None)}), kafka, a=[TOPIC], ended=[TOPIC])
    assert found == {"a": None}
    assert not kafka.asked
