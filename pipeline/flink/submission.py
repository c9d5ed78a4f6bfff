"""What travels to and from the process that owns PyFlink."""

from __future__ import annotations

from typing import Final

import msgspec

SHIPPED_JARS: Final = "FRAUDWATCH_SHIPPED_JARS"
"""Variable of the submitter: addresses of jars that go along with each job; empty for none."""

STATE_PATH: Final = "execution.state-recovery.path"
"""Flink's option for the state with which a job begins."""


class Submission(msgspec.Struct, frozen=True):
    """What to run.

    Attributes:
        statements: Flink SQL; the last one is the INSERT that becomes the job.
        options: Flink configuration of the job.
    """

    statements: tuple[str, ...]
    options: dict[str, str]

    @property
    def resumes(self) -> bool:
        """Whether it goes on from state, rather than from nothing."""
        return STATE_PATH in self.options


class Submitted(msgspec.Struct, frozen=True):
    """What came of it: a job id, or Flink's reason in one line."""

    job_id: str = ""
    error: str = ""
