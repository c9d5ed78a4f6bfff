"""What the quality of a signal looks like, with another threshold that is tried."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tui.screens.quality.quality_screen import QualityScreen

from .fake_source import FakeSource
from .sample_rows import live_batch
from .signals import backend, scored_batch
from .stage import Before, Stage
from .test_dashboard import Compare


def tried() -> tuple[Stage, Before]:
    stage = Stage(backend(), FakeSource(live_batch(), scored_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("7")
        await stage.shows(pilot, "alert from 0.5")
        await pilot.press("Q")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, QualityScreen))
        await pilot.press(*["left_square_bracket"] * 3)
        await stage.shows(pilot, "From 0.47", "Scores")

    return stage, before


def test_quality(snap_compare: Compare) -> None:
    stage, before = tried()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)
