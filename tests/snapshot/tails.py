"""Fake topics, and the console with the records' screen on top."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from textual.pilot import Pilot
from textual.widget import Widget

from pipeline.inspection.inspected import inspect
from pipeline.inspection.looked_at import Rows
from pipeline.inspection.pasted import pasted
from pipeline.kafka.records import Record
from pipeline.model.reading import Last, Reset, Since, Start
from tui.screens.records.record_list import RecordsTable
from tui.screens.records.records_screen import RecordsScreen
from tui.streams.record_view import RecordView
from tui.streams.tail_feed import BUFFER_RECORDS
from tui.streams.tail_source import TailBatch, TopicSize
from tui.widgets.record_pane import RecordPane

from .fake_source import FakeSource
from .sample_rows import NOW, transaction
from .stage import Stage

TOPIC = "transaction"
LONGEST_SECONDS = 60.0


def record(number: int, value: object = b"", key: bytes | None = b"", **changes: Any) -> RecordView:
    """One of a series of records, a second apart, the highest number written last."""
    if value == b"":
        value = msgspec.json.encode(transaction(number, is_fraud=int(number % 7 == 0)))
    place = (changes.pop("topic", TOPIC), number % 4, number // 4)
    at = changes.pop("timestamp_ms", int(NOW * 1000) - 600_000 + 1000 * number)
    return RecordView(*place, at, str(number).encode() if key == b"" else key, value, **changes)


def _answering() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class FakeTails:
    """Kafka in memory.

    Attributes:
        held: The records of each topic.
        error: Why no topic can be read.
        undecoded: Why values are bytes.
        failure: Raised by everything that blocks.
        opened: The opened topics, in order.
        inspected: The inspected topics, in order.
        answers: Cleared while an inspection is to take long.
        lists: Cleared while the topics are to take long.
    """

    held: dict[str, list[RecordView]] = field(default_factory=dict)
    error: str = ""
    undecoded: str = ""
    failure: Exception | None = None
    at: str = "127.0.0.1:9092"
    opened: list[tuple[str, Start]] = field(default_factory=list)
    inspected: list[str] = field(default_factory=list)
    answers: threading.Event = field(default_factory=_answering)
    lists: threading.Event = field(default_factory=_answering)

    def address(self) -> str:
        return self.at

    def name_of(self, topic: str) -> str:
        return f"team.{topic}"

    def open(self, topic: str, start: Start) -> FakeTail:
        if self.failure is not None:
            raise self.failure
        self.opened.append((topic, start))
        return FakeTail(self, topic, start)

    def topics(self) -> Sequence[TopicSize]:
        self.lists.wait()
        if self.failure is not None:
            raise self.failure
        return [TopicSize(name, len(held), 4) for name, held in sorted(self.held.items())]

    def inspect(self, topic: str, report: Callable[[int], None]) -> str:
        if self.failure is not None:
            raise self.failure
        self.inspected.append(topic)
        if not self.answers.wait(LONGEST_SECONDS):
            raise AssertionError("the test has not let it answer")
        held = self.held.get(topic, [])
        report(len(held))
        records = [
            Record(topic, each.partition, each.offset, each.timestamp_ms, each.key, each.data)
            for each in held
        ]
        return pasted(inspect(Rows(topic, topic, records)))


class FakeTail:
    """One topic of FakeTails, with a position in it."""

    def __init__(self, tails: FakeTails, topic: str, start: Start) -> None:
        self._tails = tails
        self._topic = topic
        held = tails.held.get(topic, [])
        match start:
            case Reset.EARLIEST:
                self._at = 0
            case Since(timestamp_ms):
                self._at = sum(record.timestamp_ms < timestamp_ms for record in held)
            case Last(count):
                self._at = max(0, len(held) - count)
            case _:
                self._at = len(held)

    def poll(self, most: int) -> TailBatch:
        if self._tails.failure is not None:
            raise self._tails.failure
        threading.Event().wait(0.002)
        if self._tails.error:
            return TailBatch(error=self._tails.error)
        held = self._tails.held.get(self._topic)
        if held is None:
            self._at = 0
            return TailBatch(missing=True)
        found = held[self._at : self._at + most]
        self._at += len(found)
        left = len(held) - self._at
        return TailBatch(records=found, lag=left, undecoded=self._tails.undecoded)

    def close(self) -> None:
        pass


class RecordsStage(Stage):
    """The console with the records' screen on top.

    Args:
        tails: The topics.
        topic: The topic to open.
        most: Records to hold in memory.
    """

    tails: FakeTails

    def __init__(self, tails: FakeTails, topic: str = TOPIC, most: int = BUFFER_RECORDS) -> None:
        super().__init__(source=FakeSource())
        self.tails = tails
        self.screen = RecordsScreen(tails, self.clock, topic, most=most)

    @asynccontextmanager
    async def run(self, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[Any]]:
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await self.begin(pilot)
            yield pilot

    async def begin(self, pilot: Pilot[Any]) -> None:
        """Start the console and open the screen."""
        await self.live(pilot)
        await self.app.push_screen(self.app.bound(self.screen))
        await pilot.pause()

    def has_keys(self, widget: Widget) -> bool:
        """Whether a widget has the focus."""
        return self.app.focused is widget

    @property
    def table(self) -> RecordsTable:
        return self.screen.query_one(RecordsTable)

    @property
    def pane(self) -> RecordPane:
        return self.screen.query_one(RecordPane)
