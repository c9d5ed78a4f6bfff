"""Toasts and outcomes expire by the console's clock, not by the machine's."""

from __future__ import annotations

import pytest
from textual.types import AnimationLevel
from textual.widgets import Input

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.drawing.tones import Piece
from tui.panels.flagged.flagged_table import FlaggedTable


async def test_a_toast_stays_until_the_clock_says_so() -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        stage.app.notify("short", timeout=2)
        stage.app.notify("long")
        await stage.wait(pilot, lambda: len(stage.toasted) == 2)
        await stage.pass_time(pilot, 1.9)
        assert stage.toasted == ["short", "long"]
        await stage.pass_time(pilot, 0.2)
        await stage.wait(pilot, lambda: "short" not in stage.screen_text())
        assert "long" in stage.screen_text()
        # Once the clock is set back, the age of a toast is unknown.
        await stage.pass_time(pilot, -60)
        await stage.wait(pilot, lambda: "long" not in stage.screen_text())


@pytest.mark.parametrize(("animations", "blinks"), [("none", False), ("full", True)])
async def test_a_cursor_blinks_only_where_things_are_animated(
    animations: AnimationLevel, blinks: bool
) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    stage.app.animation_level = animations
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await pilot.press("2", "slash")
        await stage.wait(pilot, lambda: isinstance(stage.app.focused, Input))
        field = stage.app.focused
        assert isinstance(field, Input)
        await stage.wait(pilot, lambda: field.cursor_blink is blinks)
        if not blinks:
            cursor = field.get_component_rich_style("input--cursor")
            assert any(segment.style == cursor for segment in field.render_line(0))


async def test_a_table_with_rows_is_not_drawn_again_for_a_hidden_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await pilot.press("4")
        await stage.settle(pilot)
        table = stage.dashboard.query_one(FlaggedTable)
        drawn: list[int] = []
        monkeypatch.setattr(table, "refresh", lambda **_: drawn.append(1))
        rows, now = table.rows, stage.view.now
        table.show_rows(rows, now, [Piece("None of 521 transactions is flagged.")])
        assert drawn == []
        table.show_rows(rows[1:], now, [Piece("None of 521 transactions is flagged.")])
        assert drawn != []
        drawn.clear()
        table.show_rows(rows[1:], now + 1, [])
        assert drawn != []
