"""Formats measurements for Prometheus: for the textfile collector of node exporter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from .measurements import Measurement


class _Family(NamedTuple):
    name: str
    help: str
    label: str = ""


_FAMILIES: Final = {
    "stack": _Family("fraudwatch_stack_up", "Whether Kafka and Flink are up."),
    "job": _Family("fraudwatch_job_running", "Whether the job runs.", "job"),
    "lag": _Family("fraudwatch_job_lag_records", "Records that the job has not read.", "job"),
    "age": _Family(
        "fraudwatch_topic_age_seconds",
        "Seconds since the topic's newest record was written.",
        "topic",
    ),
    "transactions": _Family(
        "fraudwatch_transactions_valid", "Whether most of the newest transactions are valid."
    ),
    "verify": _Family("fraudwatch_job_proved", "Whether verify proved the feature.", "job"),
    "quarantined": _Family("fraudwatch_quarantined_records", "Invalid records."),
}


def exposition(profile: str, measurements: Iterable[Measurement]) -> str:
    """Return the measurements as Prometheus text; unknown values are left out.

    Args:
        profile: The stack's name, a label of every metric.
        measurements: The result of `measure`.
    """
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for check, family in _FAMILIES.items():
        labels = ["profile", *([family.label] if family.label else [])]
        gauges[check] = Gauge(family.name, family.help, labels, registry=registry)
    holds = Gauge(
        "fraudwatch_check_holds",
        "Whether everything that was checked holds.",
        ["profile", "check", "subject"],
        registry=registry,
    )
    for found in measurements:
        labels = [profile, *([found.subject] if _FAMILIES[found.check].label else [])]
        if found.value is not None:
            gauges[found.check].labels(*labels).set(found.value)
        if found.holds is not None:
            holds.labels(profile, found.check, found.subject).set(found.holds)
    return generate_latest(registry).decode()
