"""What a panel asks of jobs."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.session.job_control import JobCommand


@dataclass
class CommandChosen(Message):
    """Posted when a key starts, stops or cancels jobs.

    Attributes:
        command: What to do with the jobs.
        names: The jobs' names; None for all.
    """

    command: JobCommand
    names: frozenset[str] | None
