"""The messages exchanged with the process that owns the JVM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.text.sql import literal

from .definition import Definition

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

    def shipping(self, jars: Iterable[Path]) -> Submission:
        """Return the same job, planned with further jars, which it takes to the cluster.

        Args:
            jars: Files of the machine that plans the job.
        """
        added = tuple(f"ADD JAR {literal(str(jar))}" for jar in jars)
        return msgspec.structs.replace(self, statements=(*added, *self.statements))

    @property
    def resumes(self) -> bool:
        """Whether the job is restored from state."""
        return STATE_PATH in self.options


@dataclass(frozen=True, slots=True)
class PreparedJob:
    """A job that is ready to be submitted: its feature's name, what it computes, what to send."""

    name: str
    definition: Definition
    submission: Submission


class Submitted(msgspec.Struct, frozen=True):
    """The result: a job id, or Flink's reason in one line."""

    job_id: str = ""
    error: str = ""
