"""Errors as the console shows them, and how reading threads handle any error.

A reading thread must survive whatever its source raises: otherwise, an unexpected error of a
library would silently freeze the screen. So these threads catch every error, report it, and try
again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Problem:
    """A message about what is wrong, and a hint about what to do."""

    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """Convert an error; the message of a library's error starts with its type."""
        if isinstance(error, PipelineError):
            return cls(error.message, error.hint)
        return cls(f"{type(error).__name__}: {error}", "The console's log has the details.")

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class Closable(Protocol):
    """An object that holds connections."""

    def close(self) -> None: ...


def noted(error: Exception, log: logging.Logger, what: str) -> Problem:
    """Convert an error to a problem, and log it unless the user can act on it.

    Args:
        error: The error that was raised.
        log: The logger of the module that caught it.
        what: What failed, for the log.
    """
    if not isinstance(error, PipelineError):
        log.error("%s", what, exc_info=error)
    return Problem.of(error)


def close(source: Closable | None, log: logging.Logger) -> None:
    """Close a source that is no longer read; its errors are only logged."""
    try:
        if source is not None:
            source.close()
    except Exception:
        log.exception("%s does not close", type(source).__name__)
