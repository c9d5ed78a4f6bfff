"""The Prometheus metrics of one view; pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from pipeline.model.jobs import JobState
from pipeline.model.stack import Health
from pipeline.proof import Outcome
from tui.session.view import Phase, View
from tui.streams.sink_topics import FLAGGED, ROLLING, WINDOW_SINKS

_PREFIX: Final = "fraudwatch_console"


def families(view: View) -> Iterator[Metric]:
    """Yield the metrics of a view; unknown values are left out.

    Args:
        view: The console at one moment.
    """
    yield InfoMetricFamily(_PREFIX, "The console's profile.", value={"profile": view.profile})
    yield from _streams(view)
    yield from _stack(view)


def _streams(view: View) -> Iterator[Metric]:
    data = view.data
    yield _counter("records", "Records read.", data.consumed, label="kind")
    quarantine = dict(data.quarantine.kinds)
    yield _counter(
        "quarantined_records", "Invalid records of the topic transaction.", quarantine, "kind"
    )
    yield _counter("bad_records", "Sink records that could not be decoded.", {"": data.bad})
    flagged = {"": data.seen.get(FLAGGED.feature, 0)}
    yield _counter("flagged_transactions", "Distinct flagged transactions read.", flagged)
    yield _gauge("users", "Users in memory.", {"": data.buffered.get(ROLLING.feature, 0)})
    windows = {sink.feature: data.buffered.get(sink.feature, 0) for sink in WINDOW_SINKS}
    yield _gauge("windows", "Closed windows in memory.", windows, label="kind")
    buffered = {"": data.buffered.get(FLAGGED.feature, 0)}
    yield _gauge("flagged", "Flagged transactions in memory.", buffered)
    rate = {"": data.rate}
    yield _gauge("transactions_per_second", "Records of all sources per second, recently.", rate)
    yield _gauge("lag_records", "Records that the console has not read yet.", {"": data.lag})
    newest = data.event_time.newest
    event_time = {"": None if newest is None else newest.replace(tzinfo=UTC).timestamp()}
    yield _gauge("event_time_seconds", "Newest event time, read as UTC.", event_time)
    batch = {"": _age(view.now, data.last_record_at)}
    yield _gauge("batch_age_seconds", "Seconds since the last record arrived.", batch)
    yield _gauge("source_up", "Whether Kafka can be read.", {"": not data.error})


def _stack(view: View) -> Iterator[Metric]:
    reading = view.reading
    yield _gauge("live", "Whether the stack has come up.", {"": view.phase is Phase.LIVE})
    up = {"kafka": reading.kafka is Health.UP, "flink": reading.flink is Health.UP}
    yield _gauge("up", "Whether this part was up at the last status.", up, label="part")
    age = {"": _age(view.now, reading.at or None)}
    yield _gauge("status_age_seconds", "Seconds since the last successful status.", age)
    running = {line.status.name: line.status.state is JobState.RUNNING for line in view.jobs}
    yield _gauge(
        "job_running", "Whether the job was running at the last status.", running, label="job"
    )
    proved = {
        line.status.name: float(line.status.proof.outcome is Outcome.PROVED)
        for line in view.jobs
        if line.status.proof is not None and not line.status.proof_is_past
    }
    yield _gauge(
        "job_proved", "Whether the job's rows were proved since it last restarted.", proved, "job"
    )
    proofs = {
        line.status.name: _age(view.now, line.status.proof.at)
        for line in view.jobs
        if line.status.proof is not None
    }
    yield _gauge("job_proof_age_seconds", "Seconds since the job's last proof.", proofs, "job")
    lags = {line.status.name: line.metrics.pending for line in view.jobs if line.metrics}
    yield _gauge("job_lag_records", "Records that the job has not read yet.", lags, label="job")


def _age(now: float, at: float | None) -> float | None:
    """Return the age in seconds, never negative, even when the clock was set back."""
    return None if at is None else max(0.0, now - at)


def _counter(name: str, help: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = CounterMetricFamily(f"{_PREFIX}_{name}", help, labels=[label] if label else [])
    return _filled(family, values, label)


def _gauge(name: str, help: str, values: Mapping[str, float | None], label: str = "") -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", help, labels=[label] if label else [])
    return _filled(family, values, label)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily,
    values: Mapping[str, float | None],
    label: str,
) -> Metric:
    for name, value in values.items():
        if value is not None:
            family.add_metric([name] if label else [], value)
    return family
