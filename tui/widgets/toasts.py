"""Toasts that expire by the console's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Final

from textual.notifications import Notification

# Textual's own timer for a toast; the console's clock removes it long before.
_NEVER_SECONDS: Final = 86_400.0


@dataclass
class Toast(Notification):
    """A notification that expires by the given clock.

    Attributes:
        clock: Seconds since the epoch.
    """

    clock: Callable[[], float] = time

    @property
    def time_left(self) -> float:
        """Seconds until Textual's own timer removes it."""
        return _NEVER_SECONDS

    @property
    def has_expired(self) -> bool:
        """Whether it was shown for long enough, or the clock was set back."""
        return not 0 <= self.clock() - self.raised_at < self.timeout
