"""The console of a profile with `built_in = false`: only streams of the user's own."""

from __future__ import annotations

from types import SimpleNamespace

from pipeline.sources import TRANSACTION, Source
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import FakeBackend
from tests.snapshot.own_user import FEATURES, HOUR, NOON, PAYMENTS, RESULTS, VISITS
from tests.snapshot.stage import Stage
from tui.panels.catalogue import PANELS
from tui.screens.simulator import SimulatorScreen
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.streams.limits import StreamLimits
from tui.streams.sink_topics import own_sinks
from tui.streams.source import Batch, Extent
from tui.streams.store import Store

PAID = [SimpleNamespace(at=NOON, account="DE07", paid=None, iban="", bad=False)] * 3
VISITED = [SimpleNamespace(at=NOON + HOUR, who=7, page="/")] * 2
NONE = "No feature of this profile has rows for this table."


class OwnBackend(FakeBackend):
    """A stack whose features read streams of the user's own, and no other."""

    def sources(self) -> tuple[Source, ...]:
        return self.own


def own_stage(*sources: Source) -> Stage:
    others = {PAYMENTS.topic: PAID, VISITS.topic: VISITED}
    read = {source.topic: others[source.topic] for source in sources}
    times = {topic: rows[0].at for topic, rows in read.items()}
    extents = {topic: {0: Extent(0, at, at)} for topic, at in times.items()}
    batch = Batch(others=read, extents=extents, sinks={"spend": RESULTS["spend"]}, past=True)
    backend = OwnBackend(features=FEATURES[:1], own=sources)
    return Stage(backend, FakeSource(batch), built_in=False)


def header(shown: Stage) -> str:
    return "\n".join(shown.screen_text().split("\n")[:2])


async def test_the_header_counts_the_stream_of_ones_own() -> None:
    shown = own_stage(PAYMENTS)
    async with shown.app.run_test(size=(160, 50)) as pilot:
        await shown.live(pilot)
        await shown.shows(pilot, "records/s", "3 in payments.v2", "event 2024-03-01 12:00:00")
        assert not any(word in header(shown) for word in ("transaction", "flagged", "tx/s"))


async def test_several_streams_are_counted_together() -> None:
    shown = own_stage(PAYMENTS, VISITS)
    async with shown.app.run_test(size=(160, 50)) as pilot:
        await shown.live(pilot)
        await shown.shows(pilot, "5 in 2 topics")
        # Their event times have nothing to do with each other.
        assert "event" not in header(shown)


async def test_panels_have_no_tables_of_the_tutorial() -> None:
    shown = own_stage(PAYMENTS)
    async with shown.app.run_test(size=(160, 50), notifications=True) as pilot:
        await shown.live(pilot)
        await pilot.press("2")
        await shown.shows(pilot, "Users spend", "DE07")
        await pilot.press("w")
        await shown.shows(pilot, "Users spend", "DE07")
        for key in ("3", "7"):
            await pilot.press(key)
            await shown.shows(pilot, NONE)
        await pilot.press("5")
        await shown.pass_time(pilot, 2)
        await shown.shows(pilot, "payments.v2/s")
        assert "Transactions/s" not in shown.screen_text()


async def test_there_is_no_simulator_to_open() -> None:
    shown = own_stage(PAYMENTS)
    async with shown.app.run_test(size=(160, 50), notifications=True) as pilot:
        await shown.live(pilot)
        await pilot.press("i")
        await shown.shows(pilot, "This profile has only features of its own", "simulator.")
        assert not isinstance(shown.app.screen, SimulatorScreen)


async def test_the_palette_opens_its_users() -> None:
    shown = own_stage(PAYMENTS)
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await shown.live(pilot)
        await pilot.press("ctrl+p", *"de07")
        await shown.wait(pilot, lambda: "Go to user DE07 of payments.v2" in shown.screen_text())
        await pilot.press("enter")
        await shown.wait(pilot, lambda: isinstance(shown.app.screen, OwnUserScreen))


def test_only_its_own_topics_are_read() -> None:
    store = Store(PANELS, lambda: 0.0, StreamLimits(), FEATURES, (PAYMENTS,), built_in=False)
    assert set(store.sinks) == set(own_sinks(FEATURES))
    assert not store.snapshot().reads_transactions


def test_a_feature_of_ones_own_may_still_read_the_tutorials_stream() -> None:
    sources = (TRANSACTION, PAYMENTS)
    data = Store(PANELS, lambda: 0.0, None, FEATURES, sources, built_in=False).snapshot()
    assert (data.built_in, data.reads_transactions) == (False, True)
