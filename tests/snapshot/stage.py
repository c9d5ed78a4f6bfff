"""The console with fakes and a clock that stands still, and waits that do not sleep."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from textual.pilot import Pilot

import tui.app
from pipeline.sources import Source
from tests.idle import DEADLINE_SECONDS
from tui.app import FraudwatchApp
from tui.messages import Moment
from tui.screens.dashboard.dashboard import Dashboard
from tui.session.environment import Environment, Profiles
from tui.session.view import Phase, View
from tui.streams.own_history import OwnHistoryBatch
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.tail_source import Tails

from .fake_source import FakeSource
from .fakes import Clock, FakeBackend
from .histories import FakeHistory, FakeOwnHistory, HistoryPart
from .painted import strips

FOLDER: Final = Path(tui.app.__file__).parent
Before = Callable[[Pilot[Any]], Awaitable[object]]
"""Steps before a screen is checked."""


class StagedApp(FraudwatchApp):
    """The console, whose test ends when no screen is about to open.

    Nothing is mounted any more once a test has ended, so such a screen would miss its widgets.
    """

    CSS_PATH: ClassVar[list[str]] = [str(FOLDER / each) for each in FraudwatchApp.CSS_PATH]

    @asynccontextmanager
    async def run_test(self, **options: Any) -> AsyncGenerator[Pilot[str]]:
        """Run the console as Textual does."""
        async with super().run_test(**options) as pilot:
            yield pilot
            while not all(screen.is_mounted for screen in self.screen_stack):
                await pilot.pause(0.005)


class Stage:
    """A console with its fakes.

    Args:
        backend: The stack.
        source: The streams.
        tails: The topics.
        remembered: The file of preferences; None for none.
        folder: The folder of exports.
        read_only: Whether the console may change anything.
        profiles: The other profiles.
        plain_drawing: Whether symbols of ambiguous width are drawn as ASCII.
        built_in: Whether the profile has built-in features.
    """

    def __init__(
        self,
        backend: FakeBackend | None = None,
        source: FakeSource | None = None,
        *,
        tails: Tails | None = None,
        remembered: Path | None = None,
        folder: Path = Path(),
        read_only: bool = False,
        profiles: Profiles | None = None,
        plain_drawing: bool = False,
        built_in: bool = True,
    ) -> None:
        self.backend = backend or FakeBackend()
        self.source = source or FakeSource()
        self.clock = Clock()
        self.tails = tails
        self.history: list[HistoryPart] = []
        self.own_history: list[OwnHistoryBatch | Exception] = []
        self.moments: list[Moment | None] = []
        self.app = StagedApp(
            Environment(
                profile="local",
                connect=self.connect,
                open_source=self.open_source,
                open_tails=lambda _: self._topics(),
                open_history=self.open_history,
                open_own_history=self.open_own_history,
                clock=self.clock,
                remembered=remembered,
                folder=folder,
                read_only=read_only,
                profiles=profiles or Profiles(),
                built_in=built_in,
                plain_drawing=plain_drawing,
            )
        )
        self.app.animation_level = "none"

    def connect(self) -> FakeBackend:
        return self.backend

    def open_history(self, bootstrap: str, user: int, moment: Moment | None) -> FakeHistory:
        """Return the history of a user."""
        self.moments.append(moment)
        return FakeHistory(user, *self.history)

    def open_own_history(
        self,
        bootstrap: str,
        source: Source,
        sinks: Sequence[SinkTopic[Values]],
        user: str,
        moment: Moment | None,
    ) -> FakeOwnHistory:
        """Return the history of a user of another source."""
        self.moments.append(moment)
        return FakeOwnHistory(user, *self.own_history)

    def open_source(self, bootstrap: str, sinks: Sequence[SinkTopic[Any]]) -> FakeSource:
        """Return the source of the streams."""
        return self.source

    def _topics(self) -> Tails:
        assert self.tails is not None, "this stage has no topics"
        return self.tails

    @property
    def view(self) -> View:
        """The newest view, drawn or not."""
        return replace(self.app.session.view(), data=self.app.view.data)

    async def wait(self, pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
        """Run the console until a condition holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"still not so:\n{self.screen_text()}\n{self.view}"
            await pilot.pause(0.005)

    async def live(self, pilot: Pilot[Any]) -> None:
        """Wait until the stack is up, status and metrics are known, and all batches are read."""
        await self.wait(
            pilot,
            lambda: (
                self.view.phase is Phase.LIVE
                and not self.source.batches
                and self.source.polls > 0
                and (self.view.reading.status or self.view.reading.problem) is not None
                and self._metrics_known()
            ),
        )
        await self.read(pilot)
        await self.settle(pilot)

    def _metrics_known(self) -> bool:
        """Whether the metrics of all jobs that have any were read."""
        stack = self.backend.stack
        if isinstance(stack, Exception):
            return True
        wanted = {job.name for job in stack.jobs} & set(self.backend.running_metrics)
        return wanted <= {line.status.name for line in self.view.jobs if line.metrics}

    async def reads(self, pilot: Pilot[Any]) -> None:
        """Wait until all batches are read, however far the start is."""
        await self.wait(
            pilot,
            lambda: (
                self.view.reads
                and not self.source.batches
                and self.source.polls > 0
                and self.view.reading.status is not None
            ),
        )
        await self.read(pilot)
        await self.settle(pilot)

    async def shows(self, pilot: Pilot[Any], *sayings: str) -> None:
        """Wait until the screen is drawn with all these words, wherever lines break."""

        def shown() -> bool:
            self.draw()
            lines = self.screen_text()
            flowing = " ".join(lines.split())
            return all(words in lines or words in flowing for words in sayings)

        await self.wait(pilot, shown)
        await self.settle(pilot)

    def draw(self) -> None:
        """Draw what is newest now."""
        self.app.tick()

    async def toasts(self, pilot: Pilot[Any], words: str) -> None:
        """Wait until a toast says these words."""
        await self.wait(pilot, lambda: any(words in toast for toast in self.toasted))

    @property
    def toasted(self) -> list[str]:
        """The texts of the toasts on the screen, oldest first."""
        return [str(toast.render()) for toast in self.app.screen.query("Toast")]

    async def read(self, pilot: Pilot[Any]) -> None:
        """Wait until everything that was read is published."""
        published = self.app.session.look_up(lambda store: self.app.publish(store.snapshot()))
        await self.wait(pilot, published.done)

    async def pass_time(self, pilot: Pilot[Any], seconds: float) -> None:
        """Move the clock on and redraw."""
        await self.settle(pilot)
        self.clock.now += seconds
        await self.read(pilot)
        await self.settle(pilot)

    async def settle(self, pilot: Pilot[Any]) -> None:
        await pilot.pause()
        self.app.tick()
        self.app.remove_old_toasts()
        await pilot.pause()

    @property
    def dashboard(self) -> Dashboard:
        (dashboard,) = (s for s in self.app.screen_stack if isinstance(s, Dashboard))
        return dashboard

    def screen_text(self) -> str:
        """The text of the screen, line by line."""
        width, _ = self.app.size
        return "\n".join(strip.text[:width] for strip in strips(self.app))

    async def lines(self, size: tuple[int, int], before: Before) -> list[str]:
        """The lines of a screen of this size after the steps, without trailing blanks."""
        async with self.app.run_test(size=size, notifications=True) as pilot:
            await before(pilot)
            await pilot.pause()
            return [line.rstrip() for line in self.screen_text().split("\n")]


def box(lines: Sequence[str]) -> tuple[int, int, list[str]]:
    """Find the dialog on a screen: its first line and column, and its lines with their border."""
    (top,) = (number for number, line in enumerate(lines) if "╭" in line)
    left, right = lines[top].index("╭"), lines[top].index("╮") + 1
    (bottom,) = (number for number, line in enumerate(lines) if "╰" in line)
    return top, left, [line[left:right] for line in lines[top : bottom + 1]]


def flowing(line: str) -> str:
    """A line with single blanks between its parts, and without the rule at its end."""
    return " ".join(line.split()).rstrip("─ ")
