"""The records' screen: its keys, its states, and hostile records."""

from __future__ import annotations

import re

import pytest

from pipeline.errors import UnavailableError
from pipeline.model.reading import Last, Reset, Since
from tests.snapshot.painted import strips
from tests.snapshot.sample_rows import NOW
from tests.snapshot.tails import TOPIC, FakeTails, RecordsStage, record
from tests.unit.tui.test_robust import CONTROL, HOSTILE
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.records.topic_picker import TopicPicker
from tui.screens.records.when_dialog import WhenDialog
from tui.streams.record_view import RecordView


def held(count: int = 60, topic: str = TOPIC) -> FakeTails:
    return FakeTails({topic: [record(number, topic=topic) for number in range(count)]})


def offset_of(shown: RecordView | None) -> int:
    assert shown is not None and shown.key is not None
    return int(shown.key)


async def test_it_opens_with_the_newest_records_on_top() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read   0/s   0 unread")
        assert stage.tails.opened == [(TOPIC, Last(2_000))]
        assert offset_of(stage.table.selected) == 59
        first, second = [line for line in stage.screen_text().splitlines() if "2023-11" in line][:2]
        assert "2023-11-14 22:04:19" in first
        assert "2023-11-14 22:04:18" in second


async def test_b_e_and_a_say_where_to_read_from() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("b")
        await stage.shows(pilot, "records 1–60 of 60")
        assert offset_of(stage.table.selected) == 0
        await pilot.press("e")
        await stage.shows(pilot, "No record for 0 s; b reads from the beginning.")
        await pilot.press("a")
        assert isinstance(stage.app.screen, WhenDialog)
        await pilot.press(*"22:04:10", "enter")
        await stage.shows(pilot, "from 2023-11-14 22:04:10 UTC")
        await stage.shows(pilot, "records 1–10 of 10")
        assert [start for _, start in stage.tails.opened] == [
            Last(2_000),
            Reset.EARLIEST,
            Reset.LATEST,
            Since(int(NOW * 1000) - 550_000),
        ]


async def test_an_invalid_time_is_reported_and_loses_nothing() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("a", *"soon", "enter")
        await pilot.pause()
        shown = stage.screen_text()
        assert "'soon' is not a time. Write 2026-11-24 03:00" in shown
        assert "soon" in shown
        assert isinstance(stage.app.screen, WhenDialog)
        await pilot.press("escape")
        await stage.shows(pilot, "60 read")
        assert len(stage.tails.opened) == 1


async def test_t_chooses_a_topic_by_a_part_of_its_name() -> None:
    stage = RecordsStage(held())
    stage.tails.held["flagged_transactions"] = [record(1, topic="flagged_transactions")] * 1_234
    async with stage.run() as pilot:
        await pilot.press("t")
        assert isinstance(stage.app.screen, TopicPicker)
        await stage.wait(pilot, lambda: "1,234" in stage.screen_text())
        await pilot.press(*"FLAG")
        await stage.wait(pilot, lambda: "  60 " not in stage.screen_text())
        await pilot.press(*"zz")
        await stage.wait(pilot, lambda: "No topic has 'FLAGzz' in its name." in stage.screen_text())
        await pilot.press("enter", "backspace", "backspace", "enter")
        await stage.shows(pilot, "flagged_transactions   the last 2,000")
        assert stage.screen.topic == "flagged_transactions"


async def test_the_topics_list_is_moved_in_while_the_keys_type() -> None:
    stage = RecordsStage(held(), topic="")
    stage.tails.held["another"] = [record(3, topic="another")]
    async with stage.run() as pilot:
        assert isinstance(stage.app.screen, TopicPicker)
        await stage.wait(pilot, lambda: "another" in stage.screen_text())
        await pilot.press("down", "up", "down", "enter")
        await stage.shows(pilot, "60 read")
        assert stage.screen.topic == TOPIC


@pytest.mark.parametrize("said", ["Kafka is not up yet.", ""])
async def test_a_topics_list_that_is_empty_says_why(said: str) -> None:
    stage = RecordsStage(FakeTails(failure=UnavailableError(said) if said else None), topic="")
    async with stage.run() as pilot:
        await stage.wait(pilot, lambda: (said or "Kafka has no topics.") in stage.screen_text())
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(stage.app.screen, Dashboard)


async def test_p_freezes_and_says_how_much_waits() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("p")
        stage.tails.held[TOPIC] += [record(number) for number in range(60, 75)]
        await stage.shows(pilot, "frozen 15 more since")
        assert offset_of(stage.table.selected) == 59
        await pilot.press("p")
        await stage.shows(pilot, "75 read")
        assert "frozen" not in stage.screen_text()
        assert offset_of(stage.table.selected) == 74


async def test_the_cursor_moves() -> None:
    stage = RecordsStage(held())
    async with stage.run((80, 24)) as pilot:
        await stage.shows(pilot, "60 read")
        for keys, expected in (("j", 58), ("down", 57), ("k", 58), ("G", 0), ("g", 59), ("end", 0)):
            await pilot.press(keys)
            assert offset_of(stage.table.selected) == expected


async def test_G_reads_on_from_the_beginning() -> None:
    stage = RecordsStage(held(1_000), most=100)
    async with stage.run() as pilot:
        await pilot.press("b")
        await stage.shows(pilot, "records 1–100 of 1,000; G reads on")
        await pilot.press("G")
        await stage.shows(pilot, "records 51–150 of 1,000; G reads on")
        assert offset_of(stage.table.selected) == 99
        await pilot.press("k")
        stage.draw()
        await pilot.press("j", "G")
        await stage.shows(pilot, "records 101–200 of 1,000")


async def test_a_record_that_is_looked_at_does_not_go_away() -> None:
    stage = RecordsStage(held(100), most=100)
    async with stage.run() as pilot:
        await stage.shows(pilot, "100 read")
        await pilot.press("j", "j", "enter")
        stage.tails.held[TOPIC] += [record(number) for number in range(100, 160)]
        await stage.shows(pilot, "160 read")
        assert offset_of(stage.pane.record) == 97
        stage.tails.held[TOPIC] += [record(number) for number in range(160, 300)]
        await stage.shows(pilot, "frozen to keep the selected record 140 more since")
        assert offset_of(stage.pane.record) == 97
        await pilot.press("p")
        await stage.shows(pilot, "newest 100 of 300 read")
        assert "frozen" not in stage.screen_text()
        assert offset_of(stage.pane.record) == 299


@pytest.mark.parametrize("size", [(80, 24), (119, 40), (120, 40)])
async def test_enter_shows_the_record_beside_or_below(size: tuple[int, int]) -> None:
    stage = RecordsStage(held())
    async with stage.run(size) as pilot:
        await stage.shows(pilot, "60 read")
        assert not stage.pane.display
        await pilot.press("enter")
        await stage.shows(pilot, "offset 14")
        beside = stage.pane.region.x > 0
        assert beside is (size[0] >= 120)
        assert beside or stage.pane.region.y > stage.table.region.y
        await pilot.press("j")
        await stage.shows(pilot, "partition 2   offset 14")
        assert '"category": ' in stage.screen_text()
        await pilot.press("enter")
        assert not stage.pane.display


async def test_a_double_click_shows_the_record() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.click(stage.table, offset=(5, 4), times=2)
        await stage.shows(pilot, "partition 0   offset 14")
        assert offset_of(stage.pane.record) == 56


async def test_a_double_click_chooses_a_topic() -> None:
    stage = RecordsStage(held(), topic="")
    stage.tails.held["another"] = [record(3, topic="another")]
    async with stage.run() as pilot:
        await stage.wait(pilot, lambda: "another" in stage.screen_text())
        await pilot.click("#topic-list", offset=(5, 2), times=2)
        await stage.shows(pilot, "60 read")
        assert stage.screen.topic == TOPIC


async def test_the_record_scrolls_when_it_has_the_keys() -> None:
    stage = RecordsStage(held())
    async with stage.run((80, 24)) as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("enter", "tab")
        await pilot.pause()
        assert stage.has_keys(stage.pane)
        await pilot.press("j", "j", "k")
        assert stage.pane.scroll_offset.y == 1
        await pilot.press("G")
        assert stage.pane.scroll_offset.y == stage.pane.max_scroll_y > 1
        await pilot.press("pageup", "pagedown", "g")
        assert stage.pane.scroll_offset.y == 0
        assert offset_of(stage.table.selected) == 59
        await pilot.press("enter")
        assert not stage.pane.display
        assert stage.has_keys(stage.table)


async def test_y_copies_the_value_from_both_sides() -> None:
    stage = RecordsStage(held())
    stage.tails.held[TOPIC] += [record(60, b'{"a":\x1b "\xff"}')]
    async with stage.run() as pilot:
        await stage.shows(pilot, "61 read")
        await pilot.press("y")
        assert stage.app.clipboard == '{"a":\x1b "\\xff"}'
        await stage.shows(pilot, "Copied 11 bytes.")
        await pilot.press("enter", "j", "tab")
        # The pane follows the list's cursor, and `y` copies what it shows.
        await stage.wait(pilot, lambda: stage.pane.record is stage.table.selected)
        await pilot.press("y")
        assert stage.app.clipboard.startswith('{"trans_date_trans_time"')


async def test_a_tombstone_has_nothing_to_copy() -> None:
    stage = RecordsStage(FakeTails({TOPIC: [record(0, None)]}))
    async with stage.run() as pilot:
        await stage.shows(pilot, "1 read")
        await pilot.press("y")
        await stage.shows(pilot, "A tombstone has no value to copy.")


async def test_slash_filters_and_esc_clears_it_then_leaves() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("slash", *"is_fraud=1 key:2")
        await stage.shows(pilot, "filter is_fraud=1 key:2")
        await stage.shows(pilot, "3 match of 60 read")
        await pilot.press("enter")
        assert [offset_of(found) for found in stage.table.rows] == [42, 28, 21]
        await pilot.press("slash", *"x", "enter")
        await stage.shows(pilot, "None of 60 records matches; esc clears the filter.")
        await pilot.press("escape")
        await stage.wait(pilot, lambda: "filter is_fraud" not in stage.screen_text())
        await stage.shows(pilot, "60 read")
        await pilot.press("enter", "escape")
        assert not stage.pane.display
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(stage.app.screen, Dashboard)
        feed = stage.screen.feed
        assert feed is not None
        await stage.wait(pilot, lambda: not feed.running)


async def test_esc_in_the_filter_clears_it() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("slash", *"zzz")
        await stage.shows(pilot, "None of 60")
        await pilot.press("escape")
        await stage.shows(pilot, "60 read")
        assert stage.has_keys(stage.table)


async def test_q_leaves() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.app.is_running


@pytest.mark.parametrize(
    ("tails", "keys", "said"),
    [
        (FakeTails({TOPIC: []}), [], "The topic transaction is empty."),
        (FakeTails({TOPIC: []}), ["b"], "The topic transaction is empty."),
        (FakeTails({}), [], "There is no topic transaction; t chooses another."),
        (FakeTails({TOPIC: []}, error="no broker"), [], "Kafka cannot be read: no broker"),
        (FakeTails(failure=UnavailableError("Kafka is not up yet.")), [], "Kafka is not up yet."),
        (
            FakeTails({TOPIC: []}),
            ["a", *"10 min ago", "enter"],
            "No record since 2023-11-14 22:03:20 UTC; b reads from the beginning.",
        ),
    ],
)
async def test_an_empty_list_says_why(tails: FakeTails, keys: list[str], said: str) -> None:
    stage = RecordsStage(tails)
    async with stage.run() as pilot:
        await stage.wait(pilot, lambda: stage.screen.feed is not None)
        await pilot.press(*keys)
        await stage.shows(pilot, said)


async def test_kafka_that_goes_away_leaves_the_records_with_their_age() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        stage.tails.error = "all brokers are down."
        await stage.shows(pilot, "all brokers")
        stage.clock.now += 42
        await stage.shows(pilot, "Kafka: all brokers are down. These were read 42 s ago.")
        assert len(stage.table.rows) == 60


async def test_a_schema_registry_that_goes_away_leaves_bytes() -> None:
    stage = RecordsStage(held())
    stage.tails.undecoded = "The schema registry at http://registry does not answer."
    async with stage.run() as pilot:
        await stage.shows(pilot, "Shown as bytes: The schema registry at http://registry does not")
        assert len(stage.table.rows) == 60
        stage.tails.undecoded = ""
        await stage.shows(pilot, "60 read")


async def test_a_deleted_topic_is_reported_with_the_records_it_held() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        del stage.tails.held[TOPIC]
        await stage.shows(pilot, "was deleted")
        stage.clock.now += 5
        await stage.shows(pilot, "The topic was deleted 5 s ago; this is what it held.")
        assert len(stage.table.rows) == 60


@HOSTILE
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_hostile_records_are_only_text(text: str, size: tuple[int, int]) -> None:
    data = text.encode(errors="surrogatepass")
    json = b'{"a":"' + data.replace(b"\x00", b"") + b'"}'
    topic = text or TOPIC
    rows = [
        RecordView(topic, 0, 1, -1, data, data),
        RecordView(topic, 1, 2**62, 2**62, data, json),
        RecordView(topic, 2, 3, 0, None, {"a": "b", text[:50].encode(errors="replace"): 1}),
        RecordView(topic, 2, 4, 0, data, None),
    ]
    stage = RecordsStage(FakeTails({topic: rows}), topic)
    async with stage.run(size) as pilot:
        await stage.shows(pilot, "4 read")
        await pilot.press("enter", "slash", *"a", "backspace", "enter")
        for _ in rows:
            stage.draw()
            await pilot.pause()
            shown = stage.screen_text()
            assert not CONTROL.search(shown)
            for strip in strips(stage.app):
                assert strip.cell_length == size[0]
            await pilot.press("j")
        await pilot.press("t")
        await stage.wait(pilot, lambda: bool(re.search(r"offsets +parts", stage.screen_text())))
        assert not CONTROL.search(stage.screen_text())
