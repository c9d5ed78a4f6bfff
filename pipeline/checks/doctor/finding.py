"""Findings: the results of the doctor's checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import PipelineError


class CheckOutcome(StrEnum):
    """The outcome of a check: fine, a warning, skipped or failed."""

    GOOD = "good"
    WARNING = "warning"
    """Works, but perhaps not as the user expects."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """There was nothing to check."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: What was checked: `Java`.
        outcome: The outcome.
        found: What is there, in a few words, or what is wrong, in a sentence.
        hint: What to do about it; empty if nothing has to be done.
        exit_code: Exit code of a command that fails for this reason; 0 unless the check failed.
    """

    check: str
    outcome: CheckOutcome
    found: str
    hint: str = ""
    exit_code: int = 0


def good(check: str, found: str) -> Finding:
    return Finding(check, CheckOutcome.GOOD, found)


def warning(check: str, found: str, hint: str) -> Finding:
    return Finding(check, CheckOutcome.WARNING, found, hint)


def skipped(check: str, why: str) -> Finding:
    return Finding(check, CheckOutcome.SKIPPED, why)


def failed(check: str, error: PipelineError) -> Finding:
    """Return the finding for an error that a command would report."""
    return Finding(check, CheckOutcome.FAILED, error.message, error.hint, error.exit_code)


def run_check(check: str, look: Callable[[], Finding]) -> Finding:
    """Run a check and turn its errors into findings; unexpected ones are named by their type."""
    try:
        return look()
    except PipelineError as error:
        return failed(check, error)
    except Exception as error:
        return failed(check, PipelineError(f"{type(error).__name__}: {error}."))
