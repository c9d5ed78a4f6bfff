"""`make screenshot`: the picture of the README, of the real console on the real stack."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from pipeline import config
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment
from tui.app import FraudwatchApp
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.windows.windows_panel import WINDOWS
from tui.session.environment import Environment
from tui.session.view import Phase
from tui.streams.kafka_history import KafkaHistory
from tui.streams.kafka_source import KafkaSource
from tui.streams.kafka_tails import KafkaTails

SIZE = (120, 36)
# Enough for a window to close and for some fraud to happen.
PATIENCE_SECONDS = 120.0


async def take(picture: Path, folder: Path) -> None:
    """Start everything, wait for rows in every table, and save the screen."""
    settings = config.load(environment=stack_environment(folder))
    app = FraudwatchApp(
        Environment(
            "local",
            lambda: Runtime(settings),
            lambda bootstrap, sinks: KafkaSource(settings.kafka.at(bootstrap), sinks),
            lambda bootstrap: KafkaTails(bootstrap, settings.kafka),
            lambda bootstrap, user, _: KafkaHistory(settings.kafka.at(bootstrap), user),
            folder=folder,
        )
    )
    async with app.run_test(size=SIZE) as pilot:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            await pilot.pause(0.5)
            data = app.view.data
            if data.of(WINDOWS).rows and data.of(FLAGGED_PANEL).rows:
                break
        await pilot.pause(2.0)
        picture.write_text(app.export_screenshot(title="fraudwatch"))
        app.session.close()
        while app.session.view().phase is not Phase.CLOSED:
            await pilot.pause(0.1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fraudwatch-screenshot-") as name:
        asyncio.run(take(Path(sys.argv[1]), Path(name)))
