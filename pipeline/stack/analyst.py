"""The name by which decisions are signed."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress

from pipeline.config import Settings


def analyst(settings: Settings) -> str:
    """Return the profile's name for it, or the user's name on the machine."""
    if settings.labels.analyst:
        return settings.labels.analyst
    # In a container, a user may have no name.
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return str(os.getuid())
