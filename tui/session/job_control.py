"""Starting and stopping jobs from the console: one thread per command, one command per job."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

from pipeline.errors import ChangedError
from pipeline.model.jobs import JobState, JobStatus, Resume
from tui.streams.problem import Problem

from .view import Activity, JobLine, Notice, Severity

if TYPE_CHECKING:
    from .backend import Backend

_log = logging.getLogger(__name__)

RUNNING: Final = frozenset(
    {JobState.STARTING, JobState.CREATED, JobState.RUNNING, JobState.RESTARTING}
)


class JobCommand(Enum):
    """A command to a job, with its messages when refused, in progress and done."""

    START = (
        "is already running",
        "Every job is already running.",
        "starting…",
        "is running",
        "are running",
    )
    START_FRESH = (
        "is already running",
        "Every job is already running.",
        "starting, discarding state…",
        "is running with fresh state",
        "are running with fresh state",
    )
    START_AS_BEFORE = (
        "is already running",
        "Every job is already running.",
        "starting the old SQL…",
        "is running its old SQL",
        "are running their old SQL",
    )
    STOP = (
        "is not running",
        "No job is running.",
        "stopping, taking a savepoint…",
        "has stopped; its state is saved",
        "have stopped; their state is saved",
    )
    CANCEL = (
        "has no state to discard",
        "No job has state to discard.",
        "cancelling, discarding state…",
        "was cancelled; its state was discarded",
        "were cancelled; their state was discarded",
    )

    def __init__(
        self, refused: str, needless: str, doing: str, done: str, done_to_many: str
    ) -> None:
        self.refused = refused
        self.needless = needless
        self.doing = doing
        self.done = done
        self.done_to_many = done_to_many


STARTS: Final = {
    JobCommand.START: Resume.UNCHANGED,
    JobCommand.START_FRESH: Resume.FRESH,
    JobCommand.START_AS_BEFORE: Resume.AS_BEFORE,
}


class JobControl:
    """Runs commands on the backend and records their progress; safe in any thread.

    Args:
        backend: Returns the backend; called when a command is run.
        clock: Seconds since the epoch.
        notify: Called with notices to show.
        changed: Called with a job's new status after a command.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        clock: Callable[[], float],
        notify: Callable[[Notice], None],
        changed: Callable[[JobStatus], None],
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._notify = notify
        self._changed = changed
        self._lock = threading.Lock()
        self._activities: dict[str, Activity] = {}

    def activity(self, name: str) -> Activity | None:
        """Return the progress of a job's command, or the outcome of its last one."""
        with self._lock:
            return self._activities.get(name)

    def unlisted(self, listed: Collection[str]) -> tuple[JobLine, ...]:
        """Return the jobs that were never started, except by a command that is busy or failed.

        Args:
            listed: The other jobs.
        """
        with self._lock:
            return tuple(
                JobLine(replace(never_started(name).status, state=_state(activity)), None, activity)
                for name, activity in self._activities.items()
                if name not in listed and (activity.busy or activity.failed)
            )

    def give(self, command: JobCommand, jobs: Sequence[JobLine]) -> None:
        """Run a command for jobs, one after the other, skipping those that do not need it.

        A job that is busy with another command, or with the start, is skipped.
        """
        wanted, refusals = [], []
        for line in jobs:
            refusal = self._refuse_or_begin(command, line)
            if refusal is None:
                wanted.append(line.status.name)
            else:
                refusals.append(refusal)
        if wanted:
            threading.Thread(
                target=self._carry_out,
                args=(command, wanted),
                name=f"fraudwatch-{command.name.lower()}",
                daemon=True,
            ).start()
        elif refusals:
            self._notify(refusals[0] if len(refusals) == 1 else Notice(command.needless))

    def _refuse_or_begin(self, command: JobCommand, line: JobLine) -> Notice | None:
        job = line.status
        with self._lock:
            for current in (self._activities.get(job.name), line.activity):
                if current is not None and current.busy:
                    return Notice(f"{job.name} is busy: {current.text}", Severity.WARNING)
            if _is_needless(command, job):
                return Notice(f"{job.name} {command.refused}.")
            first = Activity(command.doing, busy=True, failed=False, at=self._clock())
            self._activities[job.name] = first
        return None

    def _carry_out(self, command: JobCommand, names: list[str]) -> None:
        done: list[str] = []
        failed: dict[str, list[str]] = {}
        for name in names:
            try:
                backend = self._backend()
                report = partial(self._progress, name)
                if command in STARTS:
                    status = backend.start_job(name, report, resume=STARTS[command])
                else:
                    status = backend.stop_job(name, report, discard=command is JobCommand.CANCEL)
            except ChangedError as error:
                self._changed_since(name, error)
            except Exception as error:
                failed.setdefault(self._failed(command, name, error), []).append(name)
            else:
                self._changed(status)
                self._set(name, command.done, failed=False)
                done.append(name)
        # One notice per command, however many jobs it was for.
        if done:
            ending = command.done if len(done) == 1 else command.done_to_many
            self._notify(Notice(f"{', '.join(done)} {ending}."))
        for problem, of in failed.items():
            self._notify(Notice(f"{', '.join(of)}: {problem}", Severity.ERROR))

    def _progress(self, name: str, text: str) -> None:
        activity = Activity(text, busy=True, failed=False, at=self._clock())
        with self._lock:
            self._activities[name] = activity

    def _changed_since(self, name: str, error: ChangedError) -> None:
        ways_on = (Resume.FRESH, Resume.AS_BEFORE) if error.original_known else (Resume.FRESH,)
        self._set(name, error.message, failed=True, ways_on=ways_on)
        self._notify(Notice(f"{error.message} Start it again to choose how.", Severity.WARNING))

    def _failed(self, command: JobCommand, name: str, error: Exception) -> str:
        _log.warning("%s of %s failed", command.name, name, exc_info=error)
        problem = Problem.of(error)
        self._set(name, problem.message, failed=True)
        return str(problem)

    def _set(self, name: str, text: str, *, failed: bool, ways_on: tuple[Resume, ...] = ()) -> None:
        activity = Activity(text, busy=False, failed=failed, at=self._clock(), ways_on=ways_on)
        with self._lock:
            self._activities[name] = activity


def never_started(name: str) -> JobLine:
    """Return the line of a job that runs on request, and that nobody has started."""
    return JobLine(JobStatus(name, JobState.STOPPED, topic=""))


def _state(activity: Activity) -> JobState:
    return JobState.STARTING if activity.busy else JobState.STOPPED


def _is_needless(command: JobCommand, job: JobStatus) -> bool:
    match command:
        case JobCommand.START | JobCommand.START_FRESH | JobCommand.START_AS_BEFORE:
            return job.state in RUNNING
        case JobCommand.STOP:
            return job.state not in RUNNING
        case JobCommand.CANCEL:
            # A failed job may have checkpoints.
            return job.state is JobState.STOPPED and not job.savepoint
