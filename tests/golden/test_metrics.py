"""The console's metrics, compared literally: dashboards and alerts depend on their names."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace as replaced
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import ConfigError
from pipeline.proof import Outcome
from tests.snapshot.fakes import METRICS, STATUS
from tests.snapshot.sample_findings import PROOF
from tests.snapshot.sample_rows import NOW
from tui.metrics.endpoint import serving
from tui.session.view import JobLine, Phase, Reading, View
from tui.streams.event_clock import EventTime
from tui.streams.problem import Problem
from tui.streams.quarantined import Quarantine
from tui.streams.snapshot import Snapshot

GOLDEN = Path(__file__).parent / "metrics" / "console.prom"
PROOFS = {"rolling": PROOF, "flagged": replaced(PROOF, outcome=Outcome.WRONG, wrong=3)}
VIEW = View(
    NOW + 3,
    "local",
    Phase.LIVE,
    NOW,
    reading=Reading(STATUS, NOW + 1),
    jobs=tuple(
        JobLine(replace(job, proof=PROOFS.get(job.name)), METRICS.get(job.name))
        for job in STATUS.jobs
    ),
    data=Snapshot(
        buffered={"rolling": 1_234, "flagged": 90, "tumbling": 4, "hopping": 0, "cumulating": 0},
        seen={"flagged": 91},
        rate=104.5,
        event_times={"transaction": EventTime(datetime(2023, 3, 4, 17, 22, 10))},
        last_record_at=NOW + 2.5,
        quarantine=Quarantine(kinds=(("malformed", 3), ('says "no"', 1)), total=4),
        bad=2,
        consumed={"transaction": 20_000, "rolling": 19_990, "tumbling": 800},
        lag=12,
    ),
)


def scrape(view: View) -> str:
    with serving(0, lambda: view) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return answer.text


def test_a_scrape_is_the_golden_text(request: pytest.FixtureRequest) -> None:
    text = scrape(VIEW)
    if request.config.getoption("--accept-golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    # Prometheus' own parser accepts all of it.
    assert len(list(text_string_to_metric_families(text))) > 15


def test_what_is_not_known_is_left_out() -> None:
    first = View(NOW, "local", Phase.STARTING, NOW)
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(scrape(first))
        for sample in family.samples
    }
    assert samples["fraudwatch_console_live"] == 0
    unknown = ("lag_records", "batch_age_seconds", "status_age_seconds", "event_time_seconds")
    assert not {f"fraudwatch_console_{name}" for name in unknown} & samples.keys()


def test_stale_data_tells_its_age_and_its_trouble() -> None:
    away = replace(
        VIEW,
        now=NOW + 100,
        reading=replace(VIEW.reading, problem=Problem("Flink is away.")),
        data=replace(VIEW.data, error="Kafka is away."),
    )
    text = scrape(away)
    assert "fraudwatch_console_source_up 0.0" in text
    assert "fraudwatch_console_status_age_seconds 99.0" in text
    assert "fraudwatch_console_batch_age_seconds 97.5" in text


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)), serving(port, lambda: VIEW):
            pass
