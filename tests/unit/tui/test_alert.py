"""One alert is opened, decided, and the next open one follows; others see who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from pipeline.errors import UnavailableError
from pipeline.labels.label import LaterLabel
from pipeline.labels.verdict import Decision, Subject, Verdict
from pipeline.model.sinks import SinkColumn
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, SINKS, STATUS, Clock, FakeBackend
from tests.snapshot.sample_rows import NOW, live_batch
from tests.snapshot.signals import RULES, RULES_JOB, scored
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.panels.catalogue import PANELS
from tui.panels.signals.signal_page import SignalPage
from tui.panels.signals.signals_panel import SIGNALS
from tui.screens.alert.alert_screen import AlertScreen
from tui.screens.alert.history_table import HistoryTable
from tui.screens.quality.quality_screen import QualityScreen
from tui.screens.user.user_screen import UserScreen
from tui.streams.limits import StreamLimits
from tui.streams.source import Batch
from tui.streams.store import Store

NAMED = replace(
    RULES,
    columns=(SinkColumn("trans_num", "string", computed=False), *RULES.columns),
    identity="trans_num",
)
COUNT = 70
"""Rows, of which every seventh is an alert: t0, t7, t14 and so on, back in time."""


def row(number: int) -> tuple[Any, ...]:
    return (f"t{number}", *scored(number))


def records() -> list[Any]:
    """The rows as the records of the signal's topic."""
    names = [column.name for column in NAMED.columns]
    values = [dict(zip(names, row(number), strict=True)) for number in range(COUNT)]
    encoded = [msgspec.json.encode(each | {NAMED.time: str(each[NAMED.time])}) for each in values]
    return [record(n, value, topic=NAMED.topic) for n, value in enumerate(encoded)]


@dataclass
class Desk(FakeBackend):
    """A stack whose topic of verdicts is read by the console that writes it."""

    source: FakeSource | None = None

    def judge(self, subject: Subject, decision: Decision, note: str) -> None:
        super().judge(subject, decision, note)
        assert self.source is not None
        verdict = Verdict.of(subject, decision, self.analyst, NOW, note)
        self.source.batches.append(Batch(verdicts=[verdict]))


def by_bob(number: int, decision: Decision) -> Batch:
    """What a colleague decides on an alert at another console."""
    subject = Subject(f"t{number}", "transaction", "rules")
    return Batch(verdicts=[Verdict.of(subject, decision, "bob", NOW, "")])


@asynccontextmanager
async def desk(
    *batches: Batch, size: tuple[int, int] = (120, 40), **options: Any
) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    source = FakeSource(
        live_batch(), Batch(sinks={"rules": [row(number) for number in range(COUNT)]}), *batches
    )
    backend = Desk(
        features=(*SINKS, NAMED), stack=replace(STATUS, jobs=(*JOBS, RULES_JOB)), source=source
    )
    tails = FakeTails({f"team.{NAMED.topic}": records()})
    stage = Stage(backend, source, tails=tails, **options)
    async with stage.app.run_test(size=size, notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("7")
        await stage.settle(pilot)
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, AlertScreen))
        yield stage, pilot


async def test_an_alert_says_why_and_what_its_user_did_before_and_after() -> None:
    async with desk() as (stage, pilot):
        user = scored(0)[0]
        await stage.shows(pilot, "Alert of rules", "1 of 10", "score 0.50", "t0")
        await stage.shows(pilot, "• Amount above 500.", "hour", "nobody is looking at it")
        table = stage.app.screen.query_one(HistoryTable)
        await stage.wait(pilot, lambda: len(table.rows) > 1)
        stage.draw()
        assert {each.values[1] for each in table.rows} == {user}
        assert len(table.rows) == sum(scored(n)[0] == user for n in range(COUNT))
        assert "▶" in stage.screen_text()
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))


async def test_a_verdict_leads_to_the_next_open_alert() -> None:
    async with desk(by_bob(7, Decision.CLAIMED), by_bob(14, Decision.FRAUD)) as (stage, pilot):
        calls = stage.backend.calls
        await pilot.press("c")
        # t7 is being looked at, and t14 was decided.
        await stage.shows(pilot, "t21", "4 of 10", "you are looking at it")
        assert calls[-2:] == ["judge t0 fraud", "judge t21 claimed"]
        await pilot.press("d")
        await pilot.pause()
        await pilot.press(*"late", "enter")
        await stage.shows(pilot, "t28", "you are looking at it")
        assert calls[-2:] == ["judge t21 legitimate late", "judge t28 claimed"]
        await pilot.press("less_than_sign")
        await stage.shows(pilot, "t21", "label legitimate", "legitimate by ann, 20", "late")
        assert calls[-1] == "judge t28 released"
        await pilot.press("u")
        await stage.shows(pilot, "t21", "nobody is looking at it")
        assert calls[-1] == "judge t21 undone"


async def test_u_undoes_the_last_verdict_from_the_next_alert() -> None:
    async with desk() as (stage, pilot):
        await pilot.press("c")
        await stage.shows(pilot, "t7", "you are looking at it")
        await pilot.press("u")
        await stage.shows(pilot, "t0", "1 of 10", "nobody is looking at it")
        assert stage.backend.calls[-1] == "judge t0 undone"
        await pilot.press("u")
        await stage.toasts(pilot, "There is no verdict to undo.")


async def test_two_people_do_not_decide_one_alert() -> None:
    async with desk(by_bob(0, Decision.CLAIMED)) as (stage, pilot):
        await stage.shows(pilot, "bob is looking at it")
        await pilot.press("c")
        await stage.toasts(pilot, "bob is looking at this alert; > goes to the next one.")
        assert not [call for call in stage.backend.calls if call.startswith("judge")]
        stage.source.batches.append(by_bob(0, Decision.RELEASED))
        await stage.shows(pilot, "nobody is looking at it")
        await pilot.press("t")
        await stage.shows(pilot, "you are looking at it")
        await pilot.press("escape")
        await stage.wait(pilot, lambda: stage.backend.calls[-1] == "judge t0 released")


async def test_a_dismissal_can_be_thought_over() -> None:
    async with desk() as (stage, pilot):
        await pilot.press("d")
        await stage.shows(pilot, "Dismiss the alert", "Why, for the audit trail")
        await pilot.press("escape")
        await stage.shows(pilot, "nobody is looking at it")
        assert not [call for call in stage.backend.calls if call.startswith("judge")]


async def test_a_verdict_that_kafka_does_not_take_is_said() -> None:
    async with desk() as (stage, pilot):
        stage.backend.job_failure = UnavailableError(
            "Kafka has no topic fraud_verdicts.", "Create it."
        )
        await pilot.press("c")
        await stage.toasts(
            pilot, "The verdict (fraud) is not recorded: Kafka has no topic fraud_verdicts."
        )


async def test_a_read_only_console_decides_nothing() -> None:
    async with desk(read_only=True) as (stage, pilot):
        await pilot.press("c", "d", "u", "t")
        await stage.settle(pilot)
        assert isinstance(stage.app.screen, AlertScreen)
        assert not [call for call in stage.backend.calls if call.startswith("judge")]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_fits_every_terminal(size: tuple[int, int]) -> None:
    async with desk(size=size) as (stage, pilot):
        await stage.shows(pilot, "Alert of rules", "• Amount above 500.", "1,744.20", "▶")
        assert all(len(line.rstrip()) <= size[0] for line in stage.screen_text().splitlines())


async def test_labels_and_verdicts_count_in_the_figures_and_in_the_table() -> None:
    async with desk() as (stage, pilot):
        await pilot.press("escape")
        await pilot.press("Q")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, QualityScreen))
        alerts = range(0, COUNT, 7)
        own = [scored(number)[3] for number in alerts]
        await stage.shows(pilot, f"fraud caught {sum(label == 1 for label in own)} ·")
        labels = [LaterLabel(f"t{number}", fraud=True) for number in alerts if number != 35]
        stage.source.batches.append(Batch(labels=labels))
        stage.source.batches.append(by_bob(35, Decision.LEGITIMATE))
        await stage.shows(pilot, "fraud caught 9 ·", "false alerts 1 ")
        await pilot.press("escape")
        await stage.shows(pilot, "bob")


def test_where_a_records_own_label_says_nothing_only_later_ones_count() -> None:
    store = Store(PANELS, Clock(), StreamLimits(own_labels=False), (*SINKS, NAMED))
    store.apply(Batch(sinks={"rules": [row(number) for number in range(COUNT)]}))
    store.apply(Batch(labels=[LaterLabel("t0", fraud=True), LaterLabel("t7", fraud=False)]))
    page = store.snapshot().of(SIGNALS)
    assert isinstance(page, SignalPage) and page.quality is not None
    outcome = page.quality.everything.outcome(0.5)
    assert (outcome.caught, outcome.false_alerts, outcome.unlabelled) == (1, 1, COUNT - 2)


async def test_what_is_hidden_is_shown_by_no_screen_of_alerts() -> None:
    hidden = {"trans_num", "user_id", "amt", "reasons"}
    columns = tuple(replace(each, hidden=each.name in hidden) for each in NAMED.columns)
    sinks = [replace(NAMED, columns=columns)]
    sinks.append(replace(sinks[0], feature="other", topic="fraud_signals_other"))
    rows = [row(number) for number in range(COUNT)]
    calm = [(*each[:-2], 0.0, "") for each in rows]
    source = FakeSource(live_batch(), Batch(sinks={"rules": rows, "other": calm}))
    tails = FakeTails({f"team.{NAMED.topic}": records()})
    stage = Stage(FakeBackend(features=(*SINKS, *sinks)), source, tails=tails)
    async with stage.app.run_test(size=(200, 60), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("7", "m")
        await stage.settle(pilot)
        for key, title in (("enter", "Alert of rules"), ("B", "rules beside other")):
            await pilot.press(key)
            await stage.shows(pilot, title, "••••")
            await pilot.press("y")
            await stage.toasts(pilot, "Copied ••••")
            shown = stage.screen_text()
            secret = (str(scored(0)[0]), "1,744.20", "878.35", " t0 ", " t7 ", scored(0)[-1][:12])
            assert not [each for each in secret if each in shown]
            await pilot.press("escape")
            await stage.settle(pilot)


async def test_verdicts_are_sent_in_the_order_in_which_they_were_given() -> None:
    async with desk() as (stage, pilot):
        await pilot.press("t", "c", "u", "c", "u")
        wanted = ["t0 claimed", "t0 fraud", "t7 claimed", "t7 released", "t0 undone", "t0 fraud"]

        def sent() -> list[str]:
            calls = (call.removeprefix("judge ") for call in stage.backend.calls)
            return [call for call in calls if call != "bring_up"]

        await stage.wait(pilot, lambda: sent()[: len(wanted)] == wanted)
        await stage.wait(pilot, lambda: sent()[-1] == "t0 undone")
