"""What a check found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import PipelineError


class CheckOutcome(StrEnum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    """It works, though perhaps not as expected."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """There was nothing to check."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: What was looked at: `Java`.
        outcome: How that ended.
        found: What is there, in a few words, or what is wrong, in a sentence.
        hint: What to do about it; empty when nothing has to be done.
        exit_code: What a command ends with that fails for this reason; 0 unless it failed.
    """

    check: str
    outcome: CheckOutcome
    found: str
    hint: str = ""
    exit_code: int = 0


def good(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, CheckOutcome.GOOD, found)


def warning(check: str, found: str, hint: str) -> Finding:
    """It will work, but the user may want to know."""
    return Finding(check, CheckOutcome.WARNING, found, hint)


def skipped(check: str, why: str) -> Finding:
    """There was nothing to check."""
    return Finding(check, CheckOutcome.SKIPPED, why)


def failed(check: str, error: PipelineError) -> Finding:
    """What a command would have said."""
    return Finding(check, CheckOutcome.FAILED, error.message, error.hint, error.exit_code)


def examined(check: str, look: Callable[[], Finding]) -> Finding:
    """A check whose errors are what it found; one that nobody thought of is named by its type."""
    try:
        return look()
    except PipelineError as error:
        return failed(check, error)
    except Exception as error:
        return failed(check, PipelineError(f"{type(error).__name__}: {error}."))
