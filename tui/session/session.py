"""The console's session with one stack: start it, read its streams, poll its status, close it.

Everything that blocks runs in daemon threads that write here; the application takes a frozen view a
few times a second. Neither the threads nor the user interface wait for each other. What the streams
bring does not pass through here: the feed publishes it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pipeline.errors import UnavailableError
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.model.jobs import JobDetail, JobMetrics, JobState, JobStatus
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.model.stack import StackStatus, Step, StepState
from tui.streams.feed import Feed
from tui.streams.limits import StreamLimits
from tui.streams.problem import Problem
from tui.streams.snapshot import Snapshot
from tui.streams.watch import Watch
from tui.table.query import Query

from .job_control import JobCommand, JobControl, never_started
from .proving import Proving
from .proving_on import ProvingOn
from .signal_control import SignalControl
from .simulator_control import SimulatorControl
from .start import jobs_up, kafka_answers, start_of
from .view import JobLine, Notice, Phase, Reading, Severity, View

if TYPE_CHECKING:
    from pipeline.findings import Findings
    from tui.streams.panel_state import StoredPanel
    from tui.streams.store import Store

    from .backend import Backend
    from .environment import OpenSource

T = TypeVar("T")

_STATUS_SECONDS: Final = 1.0
_METRICS_SECONDS: Final = 3.0
# A source that does not return in time is abandoned.
_JOIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


class Session:
    """One stack and its streams, as the console sees them.

    Args:
        profile: The profile's name.
        connect: Creates the backend; called in a thread, since importing it is slow.
        open_source: Reads sink topics from Kafka at an address; called in the feed's thread.
        panels: The panels that the streams are read for.
        publish: Takes each snapshot of the streams; called in a thread.
        clock: Seconds since the epoch.
        limits: How much of the streams to hold in memory.
        built_in: Whether the profile has built-in features.
        status_seconds: Interval between two reads of the stack's status.
    """

    def __init__(
        self,
        profile: str,
        connect: Callable[[], Backend],
        open_source: OpenSource,
        panels: Sequence[StoredPanel[Any]],
        publish: Callable[[Snapshot], None],
        *,
        clock: Callable[[], float],
        limits: StreamLimits | None = None,
        built_in: bool = True,
        status_seconds: float = _STATUS_SECONDS,
    ) -> None:
        self._connect = connect
        self._open_source = open_source
        self._panels = panels
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._making_store = threading.Lock()
        nothing = Snapshot(built_in=built_in, reads_transactions=built_in)
        self._view = View(clock(), profile, Phase.STARTING, clock(), data=nothing)
        self._backend: Backend | None = None
        self._limits = limits
        self._built_in = built_in
        self._queries: Mapping[str, Query] = {}
        self._store: Store | None = None
        self._feed: tuple[str, Feed] | None = None
        self._notices: list[Notice] = []
        self._status = Watch(self._read_status, status_seconds, clock, name="status")
        self._metrics = Watch(
            lambda: self._required().metrics(), _METRICS_SECONDS, clock, name="metrics"
        )
        self._jobs = JobControl(self._required, clock, self.notify, self._job_changed)
        self._proving = Proving(self._required, self.notify, self._status.now)
        self._proving_on = ProvingOn(lambda report: self._required().prove_on(report))
        self._simulator = SimulatorControl(self._required, self.notify, self._simulator_changed)
        self._signals = SignalControl(self._required, self.look_up, self.notify)

    def view(self) -> View:
        """Return the stack as it is now, without the streams, which publish their snapshots."""
        last = self._status.last
        with self._lock:
            view = replace(self._view, reading=Reading(last.value, last.at, last.problem))
        metrics = self._metrics.last.value or {}
        lines = (self._line(job, metrics.get(job.name), view) for job in view.reading.jobs)
        # A job that runs on request is listed once it was started, which takes a while.
        unlisted = self._jobs.unlisted({job.name for job in view.reading.jobs})
        return replace(view, now=self._clock(), jobs=(*lines, *unlisted))

    def _line(self, job: JobStatus, metrics: JobMetrics | None, view: View) -> JobLine:
        stale = view.reading.problem is not None
        start, activity = start_of(job, view), self._jobs.activity(job.name)
        if start is not None and start.busy:
            return JobLine(replace(job, state=JobState.STARTING), None, start, stale)
        return JobLine(job, metrics, activity or start, stale, self._proving.progress(job.name))

    def asked(self, panel: str) -> Query:
        return self._queries.get(panel, Query())

    def ask(self, panel: str, query: Query) -> None:
        """Set a panel's query; the next snapshot answers it."""
        self._queries = {**self._queries, panel: query}
        if self._store is not None:
            self._store.queries = self._queries

    @property
    def bootstrap(self) -> str:
        """Kafka's bootstrap address; empty while unknown."""
        status = self._status.last.value
        return status.bootstrap if status is not None else ""

    def look_up(self, question: Callable[[Store], T]) -> Future[T]:
        """Return a query on the store, to be called in a thread.

        Raises:
            UnavailableError: Nothing has been read yet.
        """
        with self._lock:
            feed = self._feed
        if feed is None:
            raise UnavailableError("Nothing has been read yet.", "Wait until the stack is up.")
        return feed[1].ask(question)

    def take_notices(self) -> list[Notice]:
        """Return the notices that have not been shown yet, and forget them."""
        with self._lock:
            notices, self._notices = self._notices, []
        return notices

    def notify(self, notice: Notice) -> None:
        """Queue a notice to be shown; safe in any thread."""
        with self._lock:
            self._notices.append(notice)

    def bring_up(self) -> None:
        """Start the stack or attach to it; after a failure, try again."""
        self._change(phase=Phase.STARTING, since=self._clock(), problem=None, steps=())
        self._spawn(self._bring_up)

    def look(self) -> None:
        """Read the stack's status now rather than at the next interval."""
        self._status.now()
        self._metrics.now()

    def give(self, command: JobCommand, names: frozenset[str] | None = None) -> None:
        """Start or stop jobs; all listed ones for None."""
        lines = self.view().jobs
        if self._status.last.value is None:
            self.notify(Notice("The jobs are not known yet.", Severity.WARNING))
            return
        listed = {line.status.name for line in lines}
        wanted = [line for line in lines if names is None or line.status.name in names]
        wanted += [never_started(name) for name in sorted((names or set()) - listed)]
        self._jobs.give(command, wanted)

    def prove(self, names: frozenset[str] | None = None) -> None:
        """Compare the rows of jobs with their batch recomputation; of all listed ones for None."""
        status = self._status.last.value
        listed = [job.name for job in status.jobs] if status is not None else []
        self._proving.give(listed if names is None else sorted(names))

    @property
    def clock(self) -> Callable[[], float]:
        return self._clock

    def job_detail(self, name: str) -> JobDetail:
        """Return a job's details; blocks."""
        return self._required().job_detail(name)

    def write_test(self, wanted: WantedTest, report: Callable[[str], None]) -> WrittenTest:
        """Write a test of what a row is computed from; blocks."""
        return self._required().write_test(wanted, report)

    def findings(self, name: str) -> Findings | None:
        """Return what the last proof of a job found besides equal rows; blocks."""
        return self._required().findings(name)

    def simulate(self, command: SimulatorCommand) -> None:
        self._simulator.give(command)

    @property
    def signals(self) -> SignalControl:
        return self._signals

    def close(self) -> None:
        """Close the stack in a thread; the view's phase shows when it is closed."""
        if self._closing:
            return
        self._change(phase=Phase.CLOSING, since=self._clock())
        self._status.stop()
        self._metrics.stop()
        self._proving_on.stop()
        self._spawn(self._close)

    def _spawn(self, target: Callable[[], None]) -> None:
        name = f"fraudwatch{target.__name__.replace('_', '-')}"
        threading.Thread(target=target, name=name, daemon=True).start()

    def _bring_up(self) -> None:
        try:
            if self._backend is None:
                self._backend = self._connect()
                self._change(attaches=self._backend.attaches)
                self._status.start()
                self._metrics.start()
            self._backend.bring_up(self._follow_start)
        except Exception as error:
            _log.warning("the stack does not come up", exc_info=error)
            self._change(phase=Phase.FAILED, problem=Problem.of(error))
        else:
            self._notify_failed_steps()
            self._status.now()
            self._change(phase=Phase.LIVE, since=self._clock())
            self._read(self._backend.bootstrap)
            self._proving_on.start()

    def _follow_start(self, steps: tuple[Step, ...]) -> None:
        """Publish the steps of the start, and read Kafka as soon as it has answered."""
        with self._lock:
            before = self._view.steps
        self._change(steps=steps)
        if kafka_answers(steps) and not kafka_answers(before):
            self._read(self._required().bootstrap)
            self._status.now()
        if jobs_up(steps) != jobs_up(before):
            self._status.now()

    def _notify_failed_steps(self) -> None:
        with self._lock:
            steps = self._view.steps
        for step in steps:
            if step.state is StepState.FAILED:
                self.notify(Notice(f"{step.title}: {step.detail}", Severity.ERROR))

    def _read_status(self) -> StackStatus:
        status = self._required().status()
        self._read(status.bootstrap)
        return status

    def _read(self, bootstrap: str) -> None:
        """Feed the store from this address, which may change when a broker is restarted."""
        if not bootstrap:
            return
        # Created outside the lock that views need, since its imports are slow.
        with self._making_store:
            store = self._store or self._new_store()
        with self._lock:
            view, old = self._view, self._feed
            starts = view.phase is Phase.STARTING and kafka_answers(view.steps)
            if not (starts or view.phase is Phase.LIVE):
                return
            self._view = replace(view, reads=True)
            if old is not None and old[0] == bootstrap:
                return
            source = partial(self._open_source, bootstrap, store.sinks)
            feed = Feed(source, store, self._publish, again=old is not None)
            self._feed = (bootstrap, feed)
        if old:
            old[1].stop(_JOIN_SECONDS)
        feed.start()

    def _new_store(self) -> Store:
        """Create the store; only once Kafka has an address, to keep the first paint fast."""
        from tui.streams.store import Store

        stack = self._required()
        self._store = Store(
            self._panels,
            self._clock,
            self._limits,
            stack.sinks(),
            stack.sources(),
            built_in=self._built_in,
        )
        self._store.queries = self._queries
        return self._store

    def _close(self) -> None:
        try:
            if self._feed:
                self._feed[1].stop(_JOIN_SECONDS)
            if self._backend is not None:
                self._backend.close()
        except Exception:
            _log.exception("the stack does not close")
        self._change(phase=Phase.CLOSED)

    def _job_changed(self, status: JobStatus) -> None:
        def with_it(stack: StackStatus) -> StackStatus:
            jobs = (status if job.name == status.name else job for job in stack.jobs)
            return replace(stack, jobs=tuple(jobs))

        self._status.amend(with_it)
        self._status.now()

    def _simulator_changed(self, simulator: SimulatorStatus) -> None:
        self._status.amend(lambda stack: replace(stack, simulator=simulator))
        self._status.now()

    def _required(self) -> Backend:
        if self._backend is None:
            raise RuntimeError("there is no backend yet")
        return self._backend

    @property
    def _closing(self) -> bool:
        with self._lock:
            return self._view.leaving

    def _change(self, **changes: object) -> None:
        with self._lock:
            # A start that ends late must not reopen a console that is closing or closed.
            if self._view.leaving and changes.get("phase") is not Phase.CLOSED:
                changes.pop("phase", None)
            self._view = replace(self._view, **changes)  # type: ignore[arg-type]  # fields of a view
