"""The feature jobs: state, uptime, metrics, and the console's command for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.model.jobs import JobState, JobStatus, OtherJob
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.keymap import Scope, bindings
from tui.messages import OpenJob, OpenMismatches, OpenRows, ProveJobs
from tui.panels.command_chosen import CommandChosen
from tui.panels.jobs.proof_badge import badge
from tui.panels.panel_table import PanelTable
from tui.session.job_control import JobCommand
from tui.session.read_only import Guarded
from tui.session.view import JobLine, View
from tui.table.column import Column, Columns
from tui.widgets.reasons import Reason, danger, waits

_SHOW_OUTCOME_SECONDS: Final = 8.0
# Reserves the room of a figure that is not known yet, so that its neighbours do not move later.
_SOON: Final = (Piece(""),)

_LOOKS: Final[dict[JobState, tuple[str, str, Tone]]] = {
    JobState.STARTING: ("◐", "starting", Tone.WAITS),
    JobState.CREATED: ("◐", "created", Tone.WAITS),
    JobState.RUNNING: ("●", "running", Tone.ACCENT),
    JobState.RESTARTING: ("◐", "restarting", Tone.WAITS),
    JobState.STOPPING: ("◐", "stopping", Tone.WAITS),
    JobState.FAILED: ("✗", "failed", Tone.DANGER),
    JobState.STOPPED: ("○", "stopped", Tone.QUIET),
    JobState.UNKNOWN: ("?", "unknown", Tone.WAITS),
}


def _name(line: JobLine, _: float) -> Sequence[Piece]:
    mark, _state, tone = look(line)
    return [Piece(f"{mark} ", tone), Piece(text.clean(line.status.name), is_name=True)]


def _state(line: JobLine, _: float) -> Sequence[Piece]:
    _mark, state, tone = look(line)
    return [Piece(state, tone)]


def _uptime(line: JobLine, now: float) -> Sequence[Piece]:
    started = line.status.started_at
    if started is None or line.stale:
        return []
    return [Piece(text.duration(now - started), Tone.QUIET)]


def _rate(line: JobLine, _: float) -> Sequence[Piece]:
    value = line.metrics.records_in if line.metrics is not None else None
    if value is None or line.status.state is not JobState.RUNNING:
        return []
    return [Piece(text.rate(value)), Piece("/s", Tone.QUIET)]


def _lag(line: JobLine, _: float) -> Sequence[Piece]:
    metrics = line.metrics
    if line.status.state is not JobState.RUNNING:
        return []
    if metrics is None or metrics.pending is None:
        return _SOON
    return [Piece(text.integer(metrics.pending), Tone.WAITS if metrics.lags else Tone.QUIET)]


def _checkpoint(line: JobLine, now: float) -> Sequence[Piece]:
    if line.status.state in (JobState.STOPPED, JobState.FAILED):
        # What its next start resumes from is said beside it.
        return []
    last = line.metrics.checkpoint if line.metrics is not None else None
    if last is None or line.stale:
        return _SOON if line.status.state is JobState.RUNNING else []
    return [Piece(text.age(now - last.at), Tone.QUIET)]


def detail(line: JobLine, now: float) -> Sequence[Piece]:
    """Return a job's activity, its problem, its proof, or the topic that it writes."""
    activity, status = line.activity, line.status
    if activity is not None and activity.busy:
        return [Piece(text.clean(activity.text), Tone.WAITS)]
    if activity is not None and activity.failed:
        return [Piece(text.clean(activity.text), Tone.DANGER)]
    if activity is not None and now - activity.at < _SHOW_OUTCOME_SECONDS:
        return [Piece(text.clean(activity.text), Tone.ACCENT)]
    if status.failure:
        return [Piece(text.clean(status.failure), Tone.DANGER)]
    return badge(line, now) or _at_rest(status, now)


def _at_rest(status: JobStatus, now: float) -> Sequence[Piece]:
    if status.state is JobState.STOPPED and status.savepoint:
        taken = status.savepoint_at
        when = f" {text.age(now - taken)}" if taken is not None else ""
        return [Piece(f"state saved{when}", Tone.QUIET)]
    return [Piece("→ ", Tone.LINE), Piece(text.clean(status.topic), Tone.QUIET, is_name=True)]


def look(line: JobLine) -> tuple[str, str, Tone]:
    """Return the mark, the word and the tone of a job's state."""
    mark, state, tone = _LOOKS[line.status.state]
    if line.activity is not None and line.activity.busy:
        return "◐", "waiting" if line.activity.waits else state, Tone.WAITS
    if line.stale:
        return "?", state, Tone.QUIET
    return mark, state, tone


def other_jobs(others: Sequence[OtherJob]) -> Sequence[Piece]:
    """List other jobs on the cluster in one line; empty when there are none."""
    if not others:
        return ()
    jobs = counted(len(others), "other job")
    names = ", ".join(text.clean(job.name) for job in others)
    return (Piece(f"  + {jobs}: {text.clean(names)}", Tone.QUIET),)


_COLUMNS: Final = Columns[JobLine](
    Column("job", 12, _name, grow=4),
    Column("state", 10, _state),
    Column("up", 7, _uptime, right=True),
    Column("read", 8, _rate, right=True),
    Column("lag", 9, _lag, right=True, drop=1),
    Column("checkpoint", 10, _checkpoint, right=True, drop=2),
    Column(" ", 12, detail, grow=60, spreads=True),
)


def why_no_jobs(view: View) -> Reason:
    if view.reading.problem is not None:
        return danger(view.reading.problem.message)
    return waits("Waiting for the first status from Flink.")


class JobsPanel(Guarded, PanelTable[JobLine]):
    """The table of jobs; keys start and stop the selected job, or all."""

    BINDINGS = bindings(Scope.JOBS)

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda line: line.status.name, id="jobs")

    def show(self, view: View) -> None:
        status = view.reading.status
        others = other_jobs(status.others) if status is not None else ()
        self.show_rows(view.jobs, view.now, why_no_jobs(view), others)

    def action_start(self) -> None:
        self._command_selected(JobCommand.START)

    def action_stop(self) -> None:
        """Stop the selected job, taking a savepoint."""
        self._command_selected(JobCommand.STOP)

    def action_cancel(self) -> None:
        """Cancel the selected job and discard its state."""
        self._command_selected(JobCommand.CANCEL)

    def action_start_all(self) -> None:
        """Start every job that is not running."""
        self.post_message(CommandChosen(JobCommand.START, None))

    def action_stop_all(self) -> None:
        """Stop every job, taking savepoints."""
        self.post_message(CommandChosen(JobCommand.STOP, None))

    def action_prove(self) -> None:
        """Prove the selected job."""
        if self.selected is not None:
            self.post_message(ProveJobs(frozenset({self.selected.status.name})))

    def action_prove_all(self) -> None:
        """Prove every job."""
        self.post_message(ProveJobs(None))

    def action_mismatches(self) -> None:
        """Open what the last proof of the selected job found besides equal rows."""
        if self.selected is not None:
            self.post_message(OpenMismatches(self.selected.status.name))

    def action_rows(self) -> None:
        """Open the rows that the selected job writes."""
        if self.selected is not None:
            self.post_message(OpenRows(self.selected.status.name))

    def opened(self, row: JobLine) -> OpenJob:
        return OpenJob(row.status.name)

    def copied(self, row: JobLine) -> str:
        """Return the job's id in Flink, or its name if it has none."""
        return row.status.job_id or row.status.name

    def _command_selected(self, command: JobCommand) -> None:
        if self.selected is not None:
            self.post_message(CommandChosen(command, frozenset({self.selected.status.name})))
