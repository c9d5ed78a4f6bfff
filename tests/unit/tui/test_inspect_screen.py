"""A topic as the declaration of a source, in the console."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from fraudwatch import source
from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnavailableError
from tests.snapshot.tails import TOPIC, FakeTails, RecordsStage, record
from tui.keymap import KEYMAP, Scope
from tui.screens.records.inspect_screen import Declaration, InspectScreen
from tui.streams.kafka_tails import KafkaTails


def held() -> FakeTails:
    return FakeTails({TOPIC: [record(number) for number in range(60)], "odd": [record(0, b"\x00")]})


def shown(stage: RecordsStage) -> str:
    """The texts of the screen; none before it is open."""
    screen = stage.app.screen
    if not isinstance(screen, InspectScreen):
        return ""
    stage.draw()
    return "\n".join(str(each.render()) for each in screen.query(Static))


async def test_n_shows_the_declaration_and_y_copies_it() -> None:
    stage = RecordsStage(held())
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("n")
        await stage.wait(pilot, lambda: "transaction = source(" in shown(stage))
        assert "# transaction: 60 records in 4 partitions" in shown(stage)
        assert 'label="is_fraud"' in shown(stage)
        active = {
            key: bound.binding.action for key, bound in stage.app.screen.active_bindings.items()
        }
        for entry in KEYMAP:
            for key in entry.keys if entry.scope in (Scope.INSPECT, Scope.APP) else ():
                assert active[key] == entry.action
        await pilot.press("y")
        await stage.wait(pilot, lambda: "transaction = source(" in stage.app.clipboard)
        assert stage.app.clipboard.startswith("# transaction: 60 records")
        stage.tails.held[TOPIC] += [record(number) for number in range(60, 70)]
        await pilot.press("r")
        await stage.wait(pilot, lambda: "# transaction: 70 records" in shown(stage))
        await pilot.press("escape")
        await stage.shows(pilot, "read")
        assert stage.tails.inspected == [TOPIC, TOPIC]


async def test_it_scrolls() -> None:
    stage = RecordsStage(held())
    async with stage.run((80, 24)) as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("n")
        await stage.wait(pilot, lambda: "transaction = source(" in shown(stage))
        await pilot.press("j", "j", "j", "k")
        box = stage.app.screen.query_one(Declaration)
        await stage.wait(pilot, lambda: box.scroll_offset.y == 2)
        await pilot.press("G")
        await stage.wait(pilot, lambda: 2 < box.scroll_offset.y == box.max_scroll_y)


async def test_escape_does_not_wait_for_the_reading() -> None:
    stage = RecordsStage(held())
    stage.tails.answers.clear()
    async with stage.run() as pilot:
        await stage.shows(pilot, "60 read")
        await pilot.press("n")
        await stage.wait(pilot, lambda: "reading: 0 records" in shown(stage))
        await pilot.press("y", "r", "escape")
        await pilot.pause()
        assert stage.app.screen is stage.screen
        assert stage.app.clipboard == ""
        stage.tails.answers.set()


@pytest.mark.parametrize(
    ("failure", "topic", "said"),
    [
        (None, "odd", "The only record of odd is not a JSON object. A zero byte at the"),
        (UnavailableError("Kafka is not up yet."), TOPIC, "Kafka is not up yet."),
        # A long one is shown whole.
        (UnavailableError("It is so. " * 30, "Wait for the end."), TOPIC, "Wait for the end."),
    ],
)
async def test_a_topic_that_says_nothing_says_why(
    failure: Exception | None, topic: str, said: str
) -> None:
    stage = RecordsStage(held(), topic)
    async with stage.run() as pilot:
        await stage.shows(pilot, "read")
        stage.tails.failure = failure
        await pilot.press("n")
        await stage.wait(pilot, lambda: said in shown(stage))


@pytest.mark.parametrize("format", ["csv", "avro"])
def test_what_does_not_name_its_columns_is_left_to_its_declaration(format: str) -> None:
    kafka = KafkaSettings(bootstrap="127.0.0.1:1", topic_prefix="team.")
    ledger = source(topic="ledger", format=format, schema={"at": "timestamp(3)"}, time="at")
    tails = KafkaTails(lambda: "127.0.0.1:1", kafka, sources=lambda: [ledger])
    with pytest.raises(InputError, match=f"of team.ledger are in {format}, which does not name"):
        tails.inspect("team.ledger", lambda _: None)
