"""What is wrong, as the console says it; and what reading threads do with any error at all.

A thread that reads must outlive whatever its source raises: an error of a library that nobody
thought of would otherwise freeze what is on the screen without a word. So these threads catch
everything, say it, and try again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what to do about it."""

    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """A library's error keeps its type in the message, since it has no hint to give."""
        if isinstance(error, PipelineError):
            return cls(error.message, error.hint)
        return cls(f"{type(error).__name__}: {error}", "The console's log has the details.")

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Closable(Protocol):
    """Whatever holds connections."""

    def close(self) -> None: ...


def noted(error: Exception, log: logging.Logger, what: str) -> Problem:
    """What is wrong; an error that is not the user's to act on is logged as well.

    Args:
        error: What was raised.
        log: Of the module that caught it.
        what: What failed, for the log.
    """
    if not isinstance(error, PipelineError):
        log.error("%s", what, exc_info=error)
    return Problem.of(error)


def close(source: Closable | None, log: logging.Logger) -> None:
    """Close a source that is no longer read, so that its errors do not matter."""
    try:
        if source is not None:
            source.close()
    except Exception:
        log.exception("%s does not close", type(source).__name__)
