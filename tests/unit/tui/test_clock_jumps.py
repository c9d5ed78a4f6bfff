"""The machine's clock is set back or forward while the console is open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import NOW, batch_of, live_batch, rolling, transaction, user
from tests.snapshot.stage import Stage

HOUR = 3_600.0
YEAR = 365 * 24 * HOUR


async def has_read(stage: Stage, pilot: Pilot[Any], transactions: int) -> None:
    """Wait until the console has read this many transactions."""
    await stage.wait(pilot, lambda: stage.view.data.transactions_total == transactions)


@pytest.mark.parametrize("jump", [-HOUR, HOUR, YEAR, -NOW])
async def test_the_console_goes_on_and_no_age_is_negative(jump: float) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(200, 60)) as pilot:
        await stage.live(pilot)
        before = stage.view.data.transactions_total
        for step in (jump, -jump, jump):
            stage.clock.now += step
            stage.source.batches.append(
                batch_of(transactions=[transaction(0)], rolling=[rolling(0, user_id=user(0))])
            )
            before += 1
            await has_read(stage, pilot, before)
            await stage.settle(pilot)
            for panel in "12345":
                await pilot.press(panel)
                await stage.settle(pilot)
                assert not re.search(r"-\d+ (s|min|h|d)\b", stage.screen_text())
            await stage.shows(pilot, f"{before:,} transactions")
