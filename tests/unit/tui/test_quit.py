"""An exit at any moment ends the console without a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui.app import FraudwatchApp
from tui.screens.dashboard.dashboard import Dashboard

from .every_screen import WAYS, begin, go_to, stage_of

OPENED = [name for name, way in WAYS.items() if way.screen is not Dashboard]


@pytest.mark.parametrize("name", OPENED)
async def test_a_screen_that_is_about_to_open_does_not_break_the_exit(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stage_of(tmp_path, read_only=False)
    push = FraudwatchApp.push_screen

    def push_and_exit(app: FraudwatchApp, screen: Any, *args: Any, **options: Any) -> Any:
        pushed = push(app, screen, *args, **options)
        if isinstance(screen, WAYS[name].screen):
            app.exit(return_code=7)
        return pushed

    async with stage.app.run_test(size=(110, 34), notifications=True) as pilot:
        await begin(stage, pilot)
        monkeypatch.setattr(FraudwatchApp, "push_screen", push_and_exit)
        try:
            await go_to(stage, pilot, name)
        finally:
            await stage.wait(pilot, lambda: stage.app.return_code == 7)
