"""Commands to jobs, after a confirmation where something would be lost."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from pipeline.model.jobs import Resume
from tui.messages import LookAgain
from tui.session.job_control import RUNNING, STARTS, JobCommand
from tui.session.session import Session
from tui.session.view import Activity

from .changed import ChangedScreen
from .confirm import ConfirmScreen


def give_when_sure(
    screen: Screen[Any],
    session: Session,
    command: JobCommand,
    names: frozenset[str] | None,
    *,
    ask: bool,
) -> None:
    """Run a command, after confirmation if it loses something.

    Args:
        screen: The screen that opens the dialog.
        session: Runs the command.
        command: What to do with the jobs.
        names: The jobs' names; None for all.
        ask: Whether to ask before jobs are cancelled.
    """

    def give(command: JobCommand) -> None:
        session.give(command, names)
        screen.post_message(LookAgain())

    changed = _changed(session, names) if command is JobCommand.START else None
    if changed is not None:
        commands = {resume: start for start, resume in STARTS.items()}

        def chosen(resume: Resume | None) -> None:
            if resume is not None:
                give(commands[resume])

        screen.app.push_screen(ChangedScreen(changed.text, changed.ways_on), chosen)
    elif command is JobCommand.CANCEL and ask:
        which = ", ".join(sorted(names or ())) or "every job"
        question = ConfirmScreen(
            f"Cancel {which}?",
            "Savepoints and checkpoints are deleted, too. The next start has no state, and begins "
            "with the oldest transaction in Kafka.",
            "cancel and discard",
        )
        screen.app.push_screen(question, lambda sure: give(command) if sure else None)
    elif command is JobCommand.STOP and names is None and (running := _running(session)):
        question = ConfirmScreen(
            "Stop every job?",
            f"{', '.join(running)}. Their state is saved; no features are computed until "
            "they are started again.",
            "stop all",
        )
        screen.app.push_screen(question, lambda sure: give(command) if sure else None)
    else:
        give(command)


def _running(session: Session) -> list[str]:
    jobs = (line.status for line in session.view().jobs)
    return [job.name for job in jobs if job.state in RUNNING]


def _changed(session: Session, names: frozenset[str] | None) -> Activity | None:
    """Return the ChangedError of the one started job whose SQL has changed; None otherwise."""
    if names is None or len(names) != 1:
        return None
    for line in session.view().jobs:
        if line.status.name in names and line.activity is not None and line.activity.ways_on:
            return line.activity
    return None
