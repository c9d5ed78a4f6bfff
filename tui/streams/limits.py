"""How much the console keeps of the streams."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config import Settings


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much is kept, and how much of it a snapshot has.

    Attributes:
        users: Users kept; the one not heard of for longest goes first.
        windows: Windows kept of each kind; the oldest goes first.
        window_rows: Rows kept of all windows of a kind; the oldest windows then keep totals only.
        flagged: Flagged transactions kept; the oldest goes first.
        shown: Rows of each table in a snapshot.
    """

    users: int = 100_000
    windows: int = 48
    window_rows: int = 500_000
    flagged: int = 1_000
    shown: int = 500

    @classmethod
    def of(cls, settings: Settings) -> StreamLimits:
        return cls(
            users=settings.console_users,
            windows=settings.console_windows,
            flagged=settings.console_flagged,
        )
