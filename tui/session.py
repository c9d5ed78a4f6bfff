"""The console's life with one stack: bring it up, read it, watch it, let it go.

Everything that blocks runs in daemon threads that write here; screens ask for a frozen view a few
times a second. No thread waits for the user interface, and it waits for none of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pipeline.model import JobStatus, StepState

from .backend import Backend
from .feed import Feed
from .job_control import JobControl, Order
from .source import Source
from .store import Store
from .view import JobLine, Notice, Phase, Problem, Reading, Severity, View

_STATUS_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Session:
    """One stack, seen from the console.

    Args:
        profile: The stack's name.
        connect: Makes the backend; called in a thread, since importing it takes a while.
        open_source: Connects to Kafka at an address; called in the feed's thread.
        clock: Seconds since the epoch.
        status_seconds: Between two looks at the stack.
    """

    def __init__(
        self,
        profile: str,
        connect: Callable[[], Backend],
        open_source: Callable[[str], Source],
        clock: Callable[[], float],
        *,
        status_seconds: float = _STATUS_SECONDS,
    ) -> None:
        self._connect = connect
        self._open_source = open_source
        self._clock = clock
        self._status_seconds = status_seconds
        self._lock = threading.Lock()
        self._look_now = threading.Event()
        self._view = View(clock(), profile, Phase.STARTING, clock())
        self._backend: Backend | None = None
        self._store = Store(clock)
        self._feed: tuple[str, Feed] | None = None
        self._notices: list[Notice] = []
        self._jobs = JobControl(self._required, clock, self.tell, self._job_changed)

    def view(self) -> View:
        """Everything as it is now."""
        with self._lock:
            view = self._view
        stale = view.reading.problem is not None
        lines = (JobLine(job, self._jobs.activity(job.name), stale) for job in view.reading.jobs)
        return replace(view, now=self._clock(), jobs=tuple(lines), data=self._store.snapshot())

    def take_notices(self) -> list[Notice]:
        """What is to be told and was not yet."""
        with self._lock:
            notices, self._notices = self._notices, []
        return notices

    def tell(self, notice: Notice) -> None:
        """Have something shown in passing."""
        with self._lock:
            self._notices.append(notice)

    def bring_up(self) -> None:
        """Start the stack or attach to it; also again, after that failed."""
        self._change(phase=Phase.STARTING, since=self._clock(), problem=None, steps=())
        self._spawn(self._bring_up)

    def look(self) -> None:
        """Read the status of the stack now rather than in a second."""
        self._look_now.set()

    def give(self, order: Order, names: frozenset[str] | None = None) -> None:
        """Start or stop jobs; all of them for None."""
        with self._lock:
            jobs = self._view.reading.jobs
        if not jobs:
            self.tell(Notice("The jobs are not known yet.", Severity.WARNING))
        self._jobs.give(order, [job for job in jobs if names is None or job.name in names])

    def close(self) -> None:
        """Let go of the stack, in a thread; the view's phase tells when that is done."""
        if self._closing:
            return
        self._change(phase=Phase.CLOSING, since=self._clock())
        self._look_now.set()
        self._spawn(self._close)

    def _spawn(self, target: Callable[[], None]) -> None:
        name = f"fraudwatch{target.__name__.replace('_', '-')}"
        threading.Thread(target=target, name=name, daemon=True).start()

    def _bring_up(self) -> None:
        try:
            if self._backend is None:
                self._backend = self._connect()
                self._spawn(self._watch)
            self._backend.bring_up(lambda steps: self._change(steps=steps))
        except Exception as error:
            _log.warning("the stack does not come up", exc_info=error)
            self._change(phase=Phase.FAILED, problem=Problem.of(error))
        else:
            self._tell_failed_steps()
            self._look_now.set()
            self._change(phase=Phase.LIVE, since=self._clock())
            self._read(self._backend.bootstrap)

    def _tell_failed_steps(self) -> None:
        with self._lock:
            steps = self._view.steps
        for step in steps:
            if step.state is StepState.FAILED:
                self.tell(Notice(f"{step.title}: {step.detail}", Severity.ERROR))

    def _watch(self) -> None:
        while not self._closing:
            self._look_now.clear()
            try:
                backend = self._required()
                status = backend.status()
            except Exception as error:
                problem = Problem.of(error)
                with self._lock:
                    reading = replace(self._view.reading, problem=problem)
                    self._view = replace(self._view, reading=reading)
            else:
                self._change(reading=Reading(status, self._clock()))
                self._read(status.bootstrap)
            self._look_now.wait(self._status_seconds)

    def _read(self, bootstrap: str) -> None:
        """Feed the store from this address; a broker that comes back may have another one."""
        with self._lock:
            same = self._feed is not None and self._feed[0] == bootstrap
            if not bootstrap or same or self._view.phase is not Phase.LIVE:
                return
            old = self._feed
            feed = Feed(lambda: self._open_source(bootstrap), self._store)
            self._feed = (bootstrap, feed)
        if old:
            old[1].stop()
        feed.start()

    def _close(self) -> None:
        try:
            if self._feed:
                self._feed[1].stop()
            if self._backend is not None:
                self._backend.close()
        except Exception:
            _log.exception("the stack does not close")
        self._change(phase=Phase.CLOSED)

    def _job_changed(self, status: JobStatus) -> None:
        with self._lock:
            reading = self._view.reading
            if reading.status is not None:
                jobs = tuple(status if job.name == status.name else job for job in reading.jobs)
                reading = replace(reading, status=replace(reading.status, jobs=jobs))
                self._view = replace(self._view, reading=reading)
        self._look_now.set()

    def _required(self) -> Backend:
        if self._backend is None:
            raise RuntimeError("there is no backend yet")
        return self._backend

    @property
    def _closing(self) -> bool:
        with self._lock:
            return self._view.phase in (Phase.CLOSING, Phase.CLOSED)

    def _change(self, **changes: object) -> None:
        with self._lock:
            # A thread that ends late must not bring a console back that is on its way out.
            if self._view.phase is Phase.CLOSING and changes.get("phase") is not Phase.CLOSED:
                changes.pop("phase", None)
            self._view = replace(self._view, **changes)  # type: ignore[arg-type]
