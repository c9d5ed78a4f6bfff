"""Creates the backend that a console's settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.config import Settings

    from .backend import Backend


def connect(settings: Settings) -> Backend:
    """Create the backend; slow, since it imports the pipeline."""
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(settings)
    if not settings.read_only:
        return runtime

    from .read_only import ReadOnlyBackend

    return ReadOnlyBackend(runtime)
