"""The last proof of each job: whether its rows equal their batch recomputation, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from pipeline.kept_file import KeptFile
from pipeline.text.words import counted


class Outcome(StrEnum):
    """What can be said about a feature's parity.

    Attributes:
        sign: The mark in front of its line.
        exit_code: Exit code of `verify`.
    """

    sign: str
    exit_code: int

    PROVED = "proved", "✓", 0
    NOT_JUDGED = "not judged", "?", 6
    WRONG = "wrong", "✗", 1

    def __new__(cls, label: str, sign: str, exit_code: int) -> Outcome:
        outcome = str.__new__(cls, label)
        outcome._value_ = label
        outcome.sign = sign
        outcome.exit_code = exit_code
        return outcome

    @classmethod
    def of_all(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """Return the worst of several outcomes; without any, `NOT_JUDGED`."""
        found = set(outcomes)
        return next((worst for worst in reversed(cls) if worst in found), cls.NOT_JUDGED)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison of a job's rows with their batch recomputation found.

    Attributes:
        outcome: Whether they are right.
        rows: Rows found right.
        wrong: Rows that are missing or different.
        reasons: Why the job cannot be judged, a phrase each.
        at: When the comparison ended, in seconds since the epoch.
        run: The run of the job that was compared: see `JobStatus.run`.
        waiting: Rows that are not final yet.
        behind: Of a proof that runs on, records of the source that it has not looked at yet.
    """

    outcome: Outcome
    rows: int
    wrong: int
    at: float
    reasons: tuple[str, ...] = ()
    run: str = ""
    waiting: int = 0
    behind: int = 0

    @property
    def summary(self) -> str:
        """Its sign, and what was found, in a few words."""
        match self.outcome:
            case Outcome.PROVED:
                found = f"{counted(self.rows, 'row')} proved"
            case Outcome.WRONG:
                found = f"{self.wrong:,} {'differs' if self.wrong == 1 else 'differ'}"
            case Outcome.NOT_JUDGED:
                found = "not judged"
        return f"{self.outcome.sign} {found}"


class Proofs:
    """The last proof of each job of a profile, in one file; safe for several processes.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        without = "the jobs then count as not proved"
        nothing: Mapping[str, Proof] = {}
        self._file = KeptFile(path, dict[str, Proof], nothing, without)

    def last(self) -> Mapping[str, Proof]:
        """Return the last proofs, by job.

        Raises:
            InputError: The file cannot be read.
        """
        return self._file.read()

    def keep(self, job: str, proof: Proof) -> None:
        """Replace the proof of a job.

        Raises:
            InputError: The file cannot be read or written.
        """
        self._file.change(lambda proofs: {**proofs, job: proof})

    def forget(self, jobs: Collection[str]) -> None:
        """Forget the proofs of jobs whose state is discarded.

        Raises:
            InputError: The file cannot be read or written.
        """
        if self.last().keys() & set(jobs):
            self._file.change(lambda proofs: {n: p for n, p in proofs.items() if n not in jobs})
