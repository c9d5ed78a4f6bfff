"""The messages exchanged with the process that owns the JVM."""

from __future__ import annotations

from typing import Final

import msgspec

SHIPPED_JARS: Final = "FRAUDWATCH_SHIPPED_JARS"
"""Environment variable of the submitter: URLs of jars to ship with each job."""

STATE_PATH: Final = "execution.state-recovery.path"
"""Flink's option for the savepoint or checkpoint to restore."""


class Submission(msgspec.Struct, frozen=True):
    """A job to submit.

    Attributes:
        statements: Flink SQL; the last one is the INSERT that becomes the job.
        options: Flink configuration of the job.
    """

    statements: tuple[str, ...]
    options: dict[str, str]

    @property
    def resumes(self) -> bool:
        """Whether the job is restored from state."""
        return STATE_PATH in self.options


class Submitted(msgspec.Struct, frozen=True):
    """The result: a job id, or Flink's reason in one line."""

    job_id: str = ""
    error: str = ""
