"""Input that arrives at once, as over a slow connection, from a paste or a macro."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual._xterm_parser import XTermParser
from textual.pilot import Pilot
from textual.widgets import Input

from tests.snapshot.fakes import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.records.records_screen import RecordsScreen
from tui.widgets.filter_bar import FilterBar

TOPICS = ("flagged_transactions", "my_transaction", "transaction", "transaction_2")


@asynccontextmanager
async def console(**options: Any) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    tails = FakeTails({topic: [record(number) for number in range(4)] for topic in TOPICS})
    stage = Stage(source=FakeSource(live_batch()), tails=tails, **options)
    async with stage.app.run_test(size=(100, 30), notifications=True) as pilot:
        await stage.live(pilot)
        yield stage, pilot


def arrives(stage: Stage, sent: str) -> None:
    """Feed the bytes to the console as if the terminal returned them in one read."""
    # Textual has no public API to parse a terminal's bytes into keys.
    driver = stage.app._driver
    assert driver is not None
    for message in XTermParser().feed(sent):
        driver.process_message(message)


@pytest.mark.parametrize("panel", ["2", "3", "4"])
async def test_text_behind_the_key_that_opens_a_filter_is_text(panel: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(panel)
        before = stage.app.theme
        arrives(stage, "/count>2 cTXSx1")
        bar = stage.dashboard.query_one(FilterBar)
        await stage.wait(pilot, lambda: bar.value == "count>2 cTXSx1")
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.app.theme == before
        assert stage.backend.calls == ["bring_up"]


async def test_keys_behind_the_text_are_keys_again() -> None:
    async with console() as (stage, pilot):
        arrives(stage, "2/count>2\rjj3")
        await stage.wait(
            pilot, lambda: stage.app.focused is not None and stage.app.focused.id == "windows"
        )
        assert stage.app.session.asked("users").filter.text == "count>2"


async def test_a_paste_behind_the_key_is_text() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2")
        arrives(stage, "/\x1b[200~user:-31\x1b[201~ mean>3")
        bar = stage.dashboard.query_one(FilterBar)
        await stage.wait(pilot, lambda: bar.value == "user:-31 mean>3")


@pytest.mark.parametrize("sent", ["/count>2", "/X", "/Xy", "zXy"])
async def test_text_where_nothing_can_be_typed_does_nothing(sent: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press("1")
        arrives(stage, sent)
        await stage.shows(pilot, "does nothing here")
        await stage.settle(pilot)
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.backend.calls == ["bring_up"]


@pytest.mark.parametrize(
    ("typed", "opened"),
    [
        ("transaction", "transaction"),
        ("TRANSACTION", "transaction"),
        ("my", "my_transaction"),
        ("trans", "transaction"),
        ("flagged", "flagged_transactions"),
    ],
)
async def test_a_topic_typed_in_one_go_is_the_one_that_is_opened(typed: str, opened: str) -> None:
    async with console() as (stage, pilot):
        arrives(stage, f"6{typed}\r")
        await stage.wait(
            pilot,
            lambda: isinstance(stage.app.screen, RecordsScreen) and stage.app.screen.topic != "",
        )
        assert isinstance(stage.app.screen, RecordsScreen)
        assert stage.app.screen.topic == opened


@pytest.mark.parametrize(
    ("keys", "sent", "value"),
    [
        (["6", "enter"], "/amt>2 tbeq", "amt>2 tbeq"),
        (["6", "enter"], "a2023-03-04 qbt", "2023-03-04 qbt"),
        (["6", "enter"], "tflag", "flag"),
        (["2"], ":export q X", "export q X"),
    ],
)
async def test_text_is_text_wherever_it_can_be_typed(
    keys: list[str], sent: str, value: str
) -> None:
    async with console() as (stage, pilot):
        await pilot.press(*keys)
        arrives(stage, sent)

        def typed() -> bool:
            focused = stage.app.focused
            return isinstance(focused, Input) and focused.value == value

        await stage.wait(pilot, typed)
        assert stage.backend.calls == ["bring_up"]
