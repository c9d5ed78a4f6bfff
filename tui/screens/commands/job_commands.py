"""Orders to jobs, with a question first where one is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from pipeline.model import Resume
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
    given: Callable[[], None],
    *,
    ask: bool,
) -> None:
    """Give a command, after a question that names what is lost by it.

    Args:
        screen: Which asks.
        session: Carries the command out.
        command: What to do.
        names: Of the jobs; None for all.
        given: Called once the command is given.
        ask: Whether to ask before jobs are cancelled.
    """

    def give(command: JobCommand) -> None:
        session.give(command, names)
        given()

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
            "Savepoints and checkpoints are deleted with it. The next start knows nothing of what "
            "was computed, and begins with the oldest transaction in Kafka.",
            "cancel and discard",
        )
        screen.app.push_screen(question, lambda sure: give(command) if sure else None)
    elif command is JobCommand.STOP and names is None and (running := _running(session)):
        question = ConfirmScreen(
            "Stop every job?",
            f"{', '.join(running)}. Savepoints keep their state, and nothing is computed until "
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
    """The refusal of one job that was started and has changed since its state was kept."""
    if names is None or len(names) != 1:
        return None
    for line in session.view().jobs:
        if line.status.name in names and line.activity is not None and line.activity.ways_on:
            return line.activity
    return None
