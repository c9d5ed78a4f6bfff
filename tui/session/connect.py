"""The backend of a console, as its settings want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.config import Settings

    from .backend import Backend


def connect(settings: Settings) -> Backend:
    """The pipeline of these settings; slow, since it is imported here."""
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(settings)
    if not settings.read_only:
        return runtime

    from .read_only import ReadOnlyBackend

    return ReadOnlyBackend(runtime)
