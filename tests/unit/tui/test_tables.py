"""Tables: sorting, filtering, freezing, opening, copying, exporting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import batch_of, live_batch, rolling
from tests.snapshot.stage import Stage
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.flagged.flagged_table import FlaggedTable
from tui.panels.users.users_panel import USERS
from tui.panels.users.users_table import UsersTable
from tui.panels.windows.windows_panel import WINDOWS
from tui.panels.windows.windows_table import WindowsTable
from tui.screens.rows.feature_table import FeatureTable
from tui.widgets.record_pane import RecordPane

from .test_keys import console


async def test_a_filter_is_typed_applied_and_cleared() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "slash", *"count>5")
        await pilot.pause()
        assert "count>5" in stage.screen_text()
        await stage.read(pilot)
        await stage.settle(pilot)
        rows = stage.view.data.of(USERS).rows
        assert rows
        assert all(row.count > 5 for row in rows)
        await pilot.press("enter", "j")
        await stage.shows(pilot, f"Users {len(rows)} of 180 · count>5")
        assert stage.dashboard.query_one(UsersTable).selected == rows[1]
        await pilot.press("escape")
        await stage.read(pilot)
        await stage.shows(pilot, "Users 180")


async def test_a_filter_that_cannot_be_used_says_why_and_loses_nothing() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "slash", *"colour=red")
        await stage.shows(pilot, "There is no field 'colour'; fields: user, mean,")
        await stage.read(pilot)
        await stage.settle(pilot)
        assert len(stage.view.data.of(USERS).rows) == 180
        await pilot.press("escape")
        await stage.settle(pilot)
        assert "There is no field" not in stage.screen_text()
        assert stage.app.focused is stage.dashboard.query_one(UsersTable)


@pytest.mark.parametrize(
    ("keys", "field", "descending"),
    [
        (["M"], "mean", True),
        (["M", "M"], "mean", False),
        (["C"], "count", True),
        (["U"], "user", True),
        (["F"], "flags", True),
        (["A"], "amount", True),
        (["L"], "seen", False),
        (["D"], "updated", True),
        (["N"], "merchant", True),
        (["O"], "seen", False),
        (["o"], "amount", True),
        (["W"], "seen", True),
    ],
)
async def test_sorting_users(keys: list[str], field: str, descending: bool) -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", *keys)
        await stage.read(pilot)
        await stage.settle(pilot)
        page = stage.view.data.of(USERS)
        assert (page.query.sort, page.query.descending) == (field, descending)
        if field in ("mean", "count"):
            values = [getattr(row, field) for row in page.rows]
            assert values == sorted(values, reverse=descending)


async def test_a_click_on_a_heading_sorts() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2")
        lines = stage.screen_text().splitlines()
        heading = next(y for y, line in enumerate(lines) if "mean 6 h" in line)
        await pilot.click(offset=(lines[heading].index("mean 6 h") + 2, heading))
        await stage.shows(pilot, "mean 6 h▾")
        await pilot.click(offset=(lines[heading].index("mean 6 h") + 2, heading))
        await stage.shows(pilot, "mean 6 h▴")


async def test_w_goes_round_the_kinds_of_windows() -> None:
    async with console() as (stage, pilot):
        for kind in ("hopping", "cumulating", "tumbling"):
            await pilot.press("w")
            await stage.read(pilot)
            await stage.shows(pilot, f"3 Windows {kind}")
            assert stage.view.data.of(WINDOWS).query.feature == kind
        assert stage.app.focused is stage.dashboard.query_one(WindowsTable)


async def test_a_frozen_table_can_be_sorted_and_filtered() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "p", "M")
        shown = stage.dashboard.query_one(UsersTable)
        stage.source.batches.append(batch_of(rolling=[rolling(n) for n in range(500, 900)]))
        await stage.read(pilot)
        await stage.settle(pilot)
        assert shown.selected is not None
        assert shown.selected.mean == max(
            rolling(n).user_mean_trans_amt_last_360min for n in range(180)
        )
        await pilot.press("slash", *"count>16", "enter")
        await stage.settle(pilot)
        assert " of 180 · count>16" in stage.screen_text()


async def test_enter_shows_the_whole_flagged_record_and_follows_the_cursor() -> None:
    async with console(size=(120, 40)) as (stage, pilot):
        await pilot.press("4", "enter")
        table, pane = stage.dashboard.query_one(FlaggedTable), stage.dashboard.query_one(RecordPane)
        for _ in range(2):
            await stage.settle(pilot)
            row = table.selected
            assert row is not None
            assert pane.record is not None
            assert pane.record is row.record
            assert row.transaction.trans_num in stage.screen_text()
            await pilot.press("j")
        await pilot.press("escape")
        assert not pane.display
        assert stage.app.focused is table


async def test_a_maximised_panel_has_the_screen_to_itself() -> None:
    async with console(size=(200, 50)) as (stage, pilot):
        await pilot.press("4", "m")
        await stage.settle(pilot)
        assert stage.dashboard.query_one(FlaggedTable).size.width > 190
        assert not stage.dashboard.query_one(UsersTable).region
        await pilot.press("escape")
        await stage.settle(pilot)
        assert stage.dashboard.query_one(UsersTable).region
        await pilot.press("1", "m")
        await stage.settle(pilot)
        assert not stage.dashboard.query_one(UsersTable).region
        await pilot.press("m")
        await stage.settle(pilot)
        assert stage.dashboard.query_one(UsersTable).region


async def test_y_copies_the_id_of_the_selected_user() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "j", "y")
        selected = stage.dashboard.query_one(UsersTable).selected
        assert selected is not None
        assert stage.app.clipboard == str(selected.user_id)
        await stage.shows(pilot, f"Copied {selected.user_id}")


@pytest.mark.parametrize(
    ("panel", "typed", "rows"),
    [("2", "count>5", None), ("3", "", 9 * 84), ("4", "", None)],
    ids=["users", "windows", "flagged"],
)
async def test_what_is_filtered_is_exported(
    tmp_path: Path, panel: str, typed: str, rows: int | None
) -> None:
    stage = Stage(source=FakeSource(live_batch()), folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press(panel, "slash", *typed, "enter")
        await stage.read(pilot)
        await stage.settle(pilot)
        expected = rows
        if expected is None:
            data = stage.view.data
            expected = (data.of(USERS) if panel == "2" else data.of(FLAGGED_PANEL)).matched
        await pilot.press("E", "j", "enter")
        await stage.shows(pilot, f"Exported {expected} rows")
        (file,) = tmp_path.glob("*.jsonl")
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert len(lines) == expected
        assert all(isinstance(line["user"], int) for line in lines)
        if typed:
            assert all(line["count"] > 5 for line in lines)


async def test_what_is_frozen_is_exported_as_it_stands(tmp_path: Path) -> None:
    stage = Stage(source=FakeSource(live_batch()), folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("2", "p")
        stage.source.batches.append(batch_of(rolling=[rolling(n) for n in range(500, 900)]))
        await stage.live(pilot)
        await pilot.press("E", "c", "enter")
        await stage.shows(pilot, "Exported 180 rows")


async def test_how_tables_were_left_is_remembered(tmp_path: Path) -> None:
    remembered = tmp_path / "console.json"
    first = Stage(source=FakeSource(live_batch()), remembered=remembered)
    async with first.app.run_test(size=(120, 40)) as pilot:
        await first.live(pilot)
        await pilot.press("2", "C", "C", "w", "m", "T")
        theme = first.app.theme
    second = Stage(source=FakeSource(live_batch()), remembered=remembered)
    async with second.app.run_test(size=(120, 40)) as pilot:
        await second.live(pilot)
        assert second.app.theme == theme
        assert second.view.data.of(WINDOWS).query.feature == "hopping"
        query = second.view.data.of(USERS).query
        assert (query.sort, query.descending) == ("count", False)
        assert second.dashboard.has_class("-maximised")
        assert second.dashboard.query_one("#windows-panel").has_class("-chosen")


async def test_a_table_of_any_feature_can_be_drawn_before_its_columns_are_known() -> None:
    class Rows(App[None]):
        def compose(self) -> ComposeResult:
            yield FeatureTable()

    async with Rows().run_test(size=(80, 24)) as pilot:
        table = pilot.app.query_one(FeatureTable)
        assert table.optional_columns == ()
        assert [table.render_line(y).text.strip() for y in range(24)] == [""] * 24
