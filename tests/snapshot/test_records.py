"""What the records' screen looks like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tui.theme import DARK, LIGHT

from .tails import TOPIC, FakeTails, RecordsStage, record
from .test_dashboard import SIZES, Compare, Size

THEMES = pytest.mark.parametrize("theme", [DARK.name, LIGHT.name], ids=["dark", "light"])


def snap(
    compare: Compare,
    stage: RecordsStage,
    size: Size,
    said: str,
    *keys: str,
    then: Callable[[], None] = lambda: None,
    theme: str = DARK.name,
    finally_said: str = "",
) -> bool:
    async def before(pilot: Pilot[Any]) -> None:
        stage.app.theme = theme
        await stage.begin(pilot)
        await stage.shows(pilot, said)
        for key in keys:
            await pilot.press(key)
        then()
        await stage.shows(pilot, finally_said or said)
        # The scrollbar comes and goes with a layout, a moment after the rows.
        table = stage.table
        await stage.wait(pilot, lambda: table.show_vertical_scrollbar is (table.max_scroll_y > 0))
        await pilot.pause()

    return compare(stage.app, terminal_size=size, run_before=before)


def held(count: int = 60) -> FakeTails:
    rows = [record(number) for number in range(count)]
    rows[-3] = record(count - 3, None)
    rows[-4] = record(count - 4, b"\xff\xfe not JSON \x1b[2J", None)
    return FakeTails({TOPIC: rows})


@SIZES
@THEMES
def test_following(snap_compare: Compare, size: Size, theme: str) -> None:
    keys = ("j", "j", "j", "j", "enter")
    assert snap(snap_compare, RecordsStage(held()), size, "60 read", *keys, theme=theme)


@SIZES
def test_list(snap_compare: Compare, size: Size) -> None:
    assert snap(snap_compare, RecordsStage(held()), size, "60 read", "j")


@SIZES
def test_beginning(snap_compare: Compare, size: Size) -> None:
    said = "records 1–1,000 of 1,500; G reads on"
    stage = RecordsStage(held(1_500), most=1_000)
    assert snap(snap_compare, stage, size, "500 read", "b", finally_said=said)


@SIZES
def test_filter(snap_compare: Compare, size: Size) -> None:
    keys = ("slash", *"amt>300 is_fraud=1")
    said = "filter amt>300 is_fraud=1"
    assert snap(snap_compare, RecordsStage(held()), size, "60 read", *keys, finally_said=said)


@SIZES
def test_not_json(snap_compare: Compare, size: Size) -> None:
    keys = ("j", "j", "j", "enter")
    assert snap(snap_compare, RecordsStage(held()), size, "60 read", *keys)


@SIZES
def test_empty(snap_compare: Compare, size: Size) -> None:
    assert snap(snap_compare, RecordsStage(FakeTails({TOPIC: []})), size, "is empty")


@SIZES
def test_kafka_gone(snap_compare: Compare, size: Size) -> None:
    stage = RecordsStage(held())

    def leave() -> None:
        stage.tails.error = "all brokers are down"
        stage.clock.now += 12

    said = "12 s ago"
    assert snap(snap_compare, stage, size, "60 read", then=leave, finally_said=said)


@SIZES
def test_topics(snap_compare: Compare, size: Size) -> None:
    stage = RecordsStage(held())
    for name, count in (("flagged_transactions", 7), ("user_trans_amt_last_360min", 59)):
        stage.tails.held[name] = [record(0)] * count
    assert snap(snap_compare, stage, size, "60 read", "t", finally_said="flagged_transactions")


@SIZES
def test_wrong_time(snap_compare: Compare, size: Size) -> None:
    keys = ("a", *"soon", "enter")
    said = "is no time"
    assert snap(snap_compare, RecordsStage(held()), size, "60 read", *keys, finally_said=said)
