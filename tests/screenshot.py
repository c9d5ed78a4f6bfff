"""`make screenshot`: the pictures of the README and docs/proof.md, of a real console and stack."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from pipeline import config
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment
from tui.app import FraudwatchApp
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.windows.windows_panel import WINDOWS
from tui.screens.mismatches.mismatch_table import MismatchTable
from tui.session.environment import Environment
from tui.session.view import Phase
from tui.streams.kafka_history import KafkaHistory
from tui.streams.kafka_source import KafkaSource
from tui.streams.kafka_tails import KafkaTails
from tui.streams.sink_topics import ROLLING
from tui.streams.stream_user import StreamUser
from tui.streams.tutorial_user import TutorialUser

SIZE = (144, 38)
MEAN = "user_mean_trans_amt_last_360min"
# Enough for a window to close, for some fraud to happen, and for every job to be proved.
PATIENCE_SECONDS = 240.0


async def take(pictures: Path, folder: Path) -> None:
    """Start everything, wait for rows in every table, prove the jobs, and save the screens."""
    settings = config.load(environment=stack_environment(folder))
    runtimes: list[Runtime] = []

    def connect() -> Runtime:
        runtimes.append(Runtime(settings))
        return runtimes[0]

    app = FraudwatchApp(
        Environment(
            "local",
            connect,
            lambda bootstrap, sinks: KafkaSource(settings.kafka.at(bootstrap), sinks),
            lambda bootstrap: KafkaTails(bootstrap, settings.kafka),
            lambda bootstrap, user, _: KafkaHistory(
                settings.kafka.at(bootstrap), TutorialUser(settings.kafka, user)
            ),
            lambda bootstrap, source, sinks, user, _: KafkaHistory(
                settings.kafka.at(bootstrap),
                StreamUser(settings.kafka.at(bootstrap), source, sinks, user),
            ),
            folder=folder,
        )
    )

    def rows_everywhere() -> bool:
        return bool(app.view.data.of(WINDOWS).rows and app.view.data.of(FLAGGED_PANEL).rows)

    def proved() -> bool:
        lines = [(line.proving, line.status.proof) for line in app.view.jobs]
        return all(
            not proving and proof is not None and proof.outcome is Outcome.PROVED
            for proving, proof in lines
        )

    def wrong() -> bool:
        line, found = app.view.jobs[0], app.screen.query(MismatchTable)
        rows = found.first().rows if found else ()
        proof = line.status.proof
        is_wrong = proof is not None and proof.outcome is Outcome.WRONG
        return is_wrong and bool(rows) and not line.proving

    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, rows_everywhere)
        await pilot.press("1", "f5")
        await _until(pilot, proved)
        await _save(app, pilot, pictures / "console.svg")
        _spoil(runtimes[0])
        await pilot.press("d", "V")
        await _until(pilot, wrong)
        await _save(app, pilot, pictures / "mismatches.svg")
        app.session.close()
        while app.session.view().phase is not Phase.CLOSED:
            await pilot.pause(0.1)


async def _until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        await pilot.pause(0.2)


async def _save(app: FraudwatchApp, pilot: Pilot[Any], picture: Path) -> None:
    app.clear_notifications()
    app.tick()
    await pilot.pause()
    picture.write_text(app.export_screenshot(title="fraudwatch"))


def _spoil(runtime: Runtime) -> None:
    """Write rows into the sink of `rolling` that are not what the job has computed."""
    topic = runtime.kafka.topic(ROLLING.topic)
    records = [record for batch in read_to_end(runtime.kafka, topic) for record in batch]
    rows = [(record, json.loads(record.value or b"{}")) for record in records]
    many = [pair for pair in rows if pair[1]["user_trans_count_last_360min"] >= 4]
    with TopicProducer(runtime.kafka, topic) as producer:
        for record, row in many[:2]:
            spoilt = row | {MEAN: round(row[MEAN] * 1.02, 2)}
            producer.send(record.key or b"", json.dumps(spoilt).encode())
        record, row = many[2]
        producer.send(record.key or b"", json.dumps(row | {"user_id": 4_711}).encode())
        record, row = many[3]
        producer.send(record.key or b"", json.dumps(row).encode())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fraudwatch-screenshot-") as name:
        asyncio.run(take(Path(sys.argv[1]), Path(name)))
