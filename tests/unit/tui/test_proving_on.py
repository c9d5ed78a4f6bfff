"""Proofs that run on: begun once, begun again after a problem, ended with the session."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pipeline.errors import UnavailableError
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import FakeBackend
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.session import proving_on
from tui.session.proving_on import ProvingOn

SECONDS = 20.0


def test_it_ends_at_its_next_word() -> None:
    began, ended = threading.Event(), threading.Event()

    def prove(report: Callable[[str], None]) -> None:
        began.set()
        try:
            while True:
                report("resting")
        finally:
            ended.set()

    proving = ProvingOn(prove)
    proving.start()
    assert began.wait(SECONDS)
    assert not ended.is_set()
    proving.stop()
    assert ended.wait(SECONDS)


def test_after_a_problem_it_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving_on, "_AGAIN_SECONDS", 0.01)
    thrice = threading.Semaphore(0)

    def prove(_: Callable[[str], None]) -> None:
        thrice.release()
        raise UnavailableError("Kafka does not answer.", "Wait.")

    proving = ProvingOn(prove)
    proving.start()
    for _ in range(3):
        assert thrice.acquire(timeout=SECONDS)
    proving.stop()


def test_where_nothing_is_to_be_proved_it_is_asked_once() -> None:
    calls: list[str] = []
    asked = threading.Event()

    def prove(_: Callable[[str], None]) -> None:
        calls.append("asked")
        asked.set()

    proving = ProvingOn(prove)
    for _ in range(3):
        proving.start()
    assert asked.wait(SECONDS)
    assert calls == ["asked"]


async def test_the_console_proves_once_it_is_live() -> None:
    backend = FakeBackend()
    shown = Stage(backend, FakeSource(live_batch()))
    async with shown.app.run_test(size=(80, 24)) as pilot:
        await shown.live(pilot)
        await shown.wait(pilot, lambda: backend.proves_on == 1)
    assert backend.proves_on == 1
