from __future__ import annotations

import threading
from functools import partial

from pipeline.errors import UnavailableError
from tests.idle import DEADLINE_SECONDS, eventually
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import Clock
from tests.snapshot.sample_rows import live_batch, transaction
from tui.panels.catalogue import PANELS
from tui.streams.feed import Feed
from tui.streams.snapshot import Snapshot
from tui.streams.source import Batch, BatchSource
from tui.streams.store import Store


def ignored(_: Snapshot) -> None:
    """Take a snapshot that nobody looks at."""


class Noting(Store):
    """Records every error that it is given."""

    def __init__(self) -> None:
        super().__init__(PANELS, Clock())
        self.errors: list[str] = []

    def fail(self, error: str) -> None:
        self.errors.append(error)
        super().fail(error)


def test_reads_until_stopped_and_closes_the_source() -> None:
    source, store = FakeSource(live_batch()), Store(PANELS, Clock())
    feed = Feed(lambda: source, store, ignored)
    feed.start()
    eventually(lambda: store.snapshot().transactions_total == 520)
    feed.stop(DEADLINE_SECONDS)
    assert not feed.running
    assert source.closed


class Totals(Store):
    """Records the number of transactions after each batch."""

    def __init__(self) -> None:
        super().__init__(PANELS, Clock())
        self.totals: list[int] = []

    def apply(self, batch: Batch) -> None:
        super().apply(batch)
        self.totals.append(self.snapshot().transactions_total)

    def has_more_than(self, number: int) -> bool:
        return len(self.totals) > number


def test_what_is_read_again_is_counted_once_and_visible_until_then() -> None:
    store = Totals()
    for again in (False, True):
        sources = iter([FakeSource(Batch(error="Kafka is away."), live_batch())])
        feed = Feed(partial(next, sources), store, ignored, again=again)
        before = len(store.totals)
        feed.start()
        eventually(partial(store.has_more_than, before + 3))
        feed.stop(DEADLINE_SECONDS)
    assert store.totals[0] == 0
    assert set(store.totals[1:]) == {520}


def test_survives_whatever_the_source_raises() -> None:
    source = FakeSource(
        UnavailableError("Kafka is away.", "Start it."),
        ValueError("surprise"),
        Batch(transactions=[transaction()]),
    )
    store = Noting()
    feed = Feed(lambda: source, store, ignored, pause=0.001)
    feed.start()
    eventually(lambda: store.snapshot().transactions_total == 1)
    feed.stop(DEADLINE_SECONDS)
    assert store.errors == [
        "Kafka is away. Start it.",
        "ValueError: surprise The console's log has the details.",
    ]
    assert store.snapshot().error == ""


def test_tries_to_connect_again() -> None:
    store, tries = Store(PANELS, Clock()), 0

    def connect() -> BatchSource:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UnavailableError("not yet")
        return FakeSource(live_batch())

    feed = Feed(connect, store, ignored, pause=0.001)
    feed.start()
    eventually(lambda: store.snapshot().transactions_total == 520)
    feed.stop(DEADLINE_SECONDS)
    assert tries == 3


def test_stops_at_once_even_while_it_waits() -> None:
    def connect() -> BatchSource:
        raise UnavailableError("never")

    store = Store(PANELS, Clock())
    feed = Feed(connect, store, ignored, pause=10 * DEADLINE_SECONDS)
    feed.start()
    eventually(lambda: store.snapshot().error == "never")
    feed.stop(DEADLINE_SECONDS)
    eventually(lambda: not feed.running)


class HeldUp(FakeSource):
    """A source whose first batch arrives when it is released."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()
        self._batch = batch

    def poll(self) -> Batch:
        self.asked.set()
        self.go.wait()
        return self._batch


def test_what_a_feed_that_was_stopped_reads_in_the_end_is_not_its_successors() -> None:
    store = Store(PANELS, Clock())
    held_up = HeldUp(Batch(transactions=[transaction(number) for number in range(7)]))
    first = Feed(lambda: held_up, store, ignored)
    first.start()
    assert held_up.asked.wait(DEADLINE_SECONDS)
    first.stop()
    assert first.running
    second = Feed(lambda: FakeSource(Batch(transactions=[transaction()])), store, ignored)
    second.start()
    eventually(lambda: store.snapshot().transactions_total == 1)
    held_up.go.set()
    eventually(lambda: not first.running)
    assert store.snapshot().transactions_total == 1
    assert store.snapshot().error == ""
    second.stop(DEADLINE_SECONDS)
