"""What the records' screen looks like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from .stage import Before, box, flowing
from .tails import TOPIC, FakeTails, RecordsStage, record
from .test_dashboard import SIZES, Compare, Size

WIDE = (120, 40)


def steps(
    stage: RecordsStage,
    said: str,
    *keys: str,
    then: Callable[[], None] = lambda: None,
    finally_said: str = "",
) -> Before:
    """Open the records, press keys, and wait until the screen shows these words."""

    async def before(pilot: Pilot[Any]) -> None:
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

    return before


def held(count: int = 60) -> FakeTails:
    rows = [record(number) for number in range(count)]
    rows[-3] = record(count - 3, None)
    rows[-4] = record(count - 4, b"\xff\xfe not JSON \x1b[2J", None)
    return FakeTails({TOPIC: rows})


Opened = tuple[RecordsStage, Before]


def following() -> Opened:
    stage = RecordsStage(held())
    return stage, steps(stage, "60 read", "j", "j", "j", "j", "enter")


def listed() -> Opened:
    stage = RecordsStage(held())
    return stage, steps(stage, "60 read", "j")


def beginning() -> Opened:
    stage = RecordsStage(held(1_500), most=1_000)
    said = "records 1–1,000 of 1,500; G reads on"
    return stage, steps(stage, "500 read", "b", finally_said=said)


def filtered() -> Opened:
    stage = RecordsStage(held())
    keys = ("slash", *"amt>300 is_fraud=1")
    return stage, steps(stage, "60 read", *keys, finally_said="filter amt>300 is_fraud=1")


def not_json() -> Opened:
    stage = RecordsStage(held())
    return stage, steps(stage, "60 read", "j", "j", "j", "enter")


def empty() -> Opened:
    stage = RecordsStage(FakeTails({TOPIC: []}))
    return stage, steps(stage, "is empty")


def kafka_gone() -> Opened:
    stage = RecordsStage(held())

    def leave() -> None:
        stage.tails.error = "all brokers are down"
        stage.clock.now += 12

    return stage, steps(stage, "60 read", then=leave, finally_said="12 s ago")


def topics() -> Opened:
    stage = RecordsStage(held())
    for name, count in (("flagged_transactions", 7), ("user_trans_amt_last_360min", 59)):
        stage.tails.held[name] = [record(0)] * count
    return stage, steps(stage, "60 read", "t", finally_said="flagged_transactions")


def wrong_time() -> Opened:
    stage = RecordsStage(held())
    return stage, steps(stage, "60 read", "a", *"soon", "enter", finally_said="is not a time")


@SIZES
def test_following(snap_compare: Compare, size: Size) -> None:
    stage, before = following()
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize(
    "state",
    [listed, filtered, not_json, empty, kafka_gone, topics, wrong_time],
    ids=lambda state: state.__name__,
)
def test_state(snap_compare: Compare, state: Callable[[], Opened]) -> None:
    stage, before = state()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


def place(number: int) -> tuple[str, ...]:
    """The start of a record's line in the list: offset, partition, time and key."""
    at = datetime(2023, 11, 14, 22, 3, 20) + timedelta(seconds=number)
    return (str(number // 4), str(number % 4), f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", str(number))


async def test_a_wide_list_shows_more_of_the_values() -> None:
    stage, before = listed()
    lines = await stage.lines(WIDE, before)
    assert lines[:2] == [
        " transaction   the last 2,000, and on · newest first",
        " 60 read   0/s   0 unread",
    ]
    assert [flowing(line) for line in lines[2:9]] == [
        "offset part time UTC key value",
        ('14 3 2023-11-14 22:04:19 59 {"trans_date_trans_time":"2023-03-04T16:10:23","cc_num":4…'),
        ('14 2 2023-11-14 22:04:18 58 {"trans_date_trans_time":"2023-03-04T16:11:36","cc_num":4…'),
        "14 1 2023-11-14 22:04:17 57 tombstone",
        "14 0 2023-11-14 22:04:16 null \\xff\\xfe not JSON ␛[2J",
        ('13 3 2023-11-14 22:04:15 55 {"trans_date_trans_time":"2023-03-04T16:15:15","cc_num":4…'),
        ('13 2 2023-11-14 22:04:14 54 {"trans_date_trans_time":"2023-03-04T16:16:28","cc_num":4…'),
    ]
    assert [line.index("{") for line in lines[7:39]] == [60] * 32
    assert {len(line.rstrip("▄ ")) for line in lines[7:39]} == {118}
    assert lines[39] == (
        " enter open  / filter  t topic  b start  e end  q back  ctrl+p palette  ? help"
    )


async def test_the_oldest_records_come_first_from_the_beginning_on_and_G_reads_on() -> None:
    for size in ((80, 24), WIDE):
        stage, before = beginning()
        lines = await stage.lines(size, before)
        assert lines[:2] == [
            " transaction   from the beginning · oldest first",
            " records 1–1,000 of 1,500; G reads on   500 unread",
        ]
        places = [tuple(line.split()[:5]) for line in lines[3 : size[1] - 1]]
        assert places == [place(n) for n in range(len(places))]


async def test_a_wide_list_that_is_filtered_has_all_of_the_filter_in_its_title() -> None:
    stage, before = filtered()
    lines = await stage.lines(WIDE, before)
    assert lines[:2] == [
        " transaction   filter amt>300 is_fraud=1   the last 2,000, and on · newest first",
        " 7 match of 60 read   0/s   0 unread",
    ]
    found = [tuple(line.split()[:5]) for line in lines[3:10]]
    assert found == [place(n) for n in (49, 42, 35, 28, 21, 14, 7)]
    assert not any(lines[10:38])
    assert lines[38:] == [
        "  amt>300 is_fraud=1",
        " ctrl+p palette  ? help",
    ]


async def test_beside_the_list_a_record_that_is_not_json_says_why() -> None:
    stage, before = not_json()
    lines = await stage.lines(WIDE, before)
    assert lines[:2] == [
        " transaction   the last 2,000, and on · newest first",
        " 60 read   0/s   0 unread",
    ]
    assert [line[66:] for line in lines[2:9]] == [
        "│ transaction   partition 0   offset 14",
        "│ 2023-11-14 22:04:16.000 UTC   key null   16 bytes",
        "│ ───────────────────────────────────────────────────",
        "│ Not text: byte 0 is not UTF-8; such bytes are shown",
        "│    as \\x….",
        "│",
        "│ \\xff\\xfe not JSON ␛[2J",
    ]
    assert {line[66:] for line in lines[9:39]} == {"│"}


async def test_an_empty_topic_says_so_in_the_middle_of_a_wide_screen() -> None:
    stage, before = empty()
    lines = await stage.lines(WIDE, before)
    assert lines[:2] == [
        " transaction   the last 2,000, and on · newest first",
        " 0 read   0/s   0 unread",
    ]
    said = "The topic transaction is empty."
    assert lines[14] == " " * ((120 - len(said)) // 2) + said
    assert not any(lines[2:14] + lines[15:39])
    assert lines[39] == (
        " enter open  / filter  t topic  b start  e end  q back  ctrl+p palette  ? help"
    )


async def test_records_stay_with_their_age_when_kafka_is_gone() -> None:
    stage, before = listed()
    there = await stage.lines(WIDE, before)
    stage, before = kafka_gone()
    lines = await stage.lines(WIDE, before)
    assert lines[:2] == [
        " transaction   the last 2,000, and on · newest first",
        " Kafka: all brokers are down. These were read 12 s ago.",
    ]
    assert lines[2:] == there[2:]


@pytest.mark.parametrize("state", [topics, wrong_time], ids=lambda state: state.__name__)
async def test_a_dialog_is_the_same_in_the_middle_of_a_larger_screen(
    state: Callable[[], Opened],
) -> None:
    stage, before = state()
    _, _, smaller = box(await stage.lines((80, 24), before))
    stage, before = state()
    top, left, lines = box(await stage.lines(WIDE, before))
    assert lines == smaller
    assert (top, left) == ((40 - len(lines)) // 2, (120 - len(lines[0])) // 2)
