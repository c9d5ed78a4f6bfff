"""The measurements as Prometheus reads them: for node exporter's textfile collector."""

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
    "lag": _Family("fraudwatch_job_lag_records", "Records that wait for the job.", "job"),
    "age": _Family(
        "fraudwatch_topic_age_seconds", "Since the topic's newest record was written.", "topic"
    ),
    "transactions": _Family(
        "fraudwatch_transactions_valid", "Whether most of the newest transactions are valid."
    ),
    "verify": _Family("fraudwatch_job_proved", "Whether the feature equals its batch.", "job"),
    "quarantined": _Family("fraudwatch_quarantined_records", "Records that are no transactions."),
}


def exposition(profile: str, measurements: Iterable[Measurement]) -> str:
    """The Prometheus text of measurements; what is not known is left out.

    Args:
        profile: The stack's name, a label of every metric.
        measurements: What `measure` gave.
    """
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for check, family in _FAMILIES.items():
        labels = ["profile", *([family.label] if family.label else [])]
        gauges[check] = Gauge(family.name, family.help, labels, registry=registry)
    holds = Gauge(
        "fraudwatch_check_holds",
        "Whether what was checked is as it should be.",
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
