"""Read-only mode changes nothing, whatever is pressed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import PipelineError, UnavailableError
from pipeline.model.simulator import SimulatorCommand
from pipeline.model.stack import Health
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import STATUS, FakeBackend
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.keymap import KEYMAP, Scope
from tui.screens.dashboard.dashboard import Dashboard
from tui.session.read_only import ReadOnlyBackend


@pytest.mark.parametrize("panel", ["1", "2", "3", "4", "7"])
async def test_read_only_mode_leaves_no_key_that_changes_anything(panel: str) -> None:
    stage = Stage(source=FakeSource(live_batch()), read_only=True)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press(panel)
        changing = [key for key in KEYMAP if key.changes]
        enabled = {
            bound.binding.action
            for bound in stage.app.screen.active_bindings.values()
            if bound.enabled
        }
        assert not enabled & {key.action for key in changing}
        for entry in changing:
            # `enter`, which gives a signal its threshold, opens rows here, and `c`, which confirms
            # an alert, chooses columns.
            if entry.scope not in (Scope.QUALITY, Scope.ALERT):
                await pilot.press(entry.keys[0])
        await stage.settle(pilot)
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.backend.calls == ["bring_up"]


def test_a_read_only_backend_refuses_what_a_key_might_have_got_through() -> None:
    real = FakeBackend()
    backend = ReadOnlyBackend(real)
    for change in (
        lambda: backend.start_job("rolling", lambda _: None),
        lambda: backend.stop_job("rolling", lambda _: None),
        lambda: backend.set_threshold("rules", 0.5),
        lambda: backend.simulate(SimulatorCommand(running=False)),
    ):
        with pytest.raises(PipelineError, match="read-only"):
            change()
    backend.bring_up(lambda _: None)
    assert backend.status() == STATUS
    assert real.calls == []


def test_a_read_only_console_starts_no_stack() -> None:
    backend = ReadOnlyBackend(FakeBackend(stack=replace(STATUS, kafka=Health.OFF)))
    with pytest.raises(UnavailableError, match="does not start it"):
        backend.bring_up(lambda _: None)
