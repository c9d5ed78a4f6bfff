"""How much of the streams the console holds in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline.config import Settings


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """The limits of the buffers and of a snapshot.

    Attributes:
        users: Users; those without an update for longest are dropped first.
        windows: Windows of each kind; the oldest are dropped first.
        window_rows: Rows of all windows of a kind; beyond that, old windows keep only totals.
        own_rows: Rows of each of the user's own features; the oldest are dropped first.
        flagged: Flagged transactions; the oldest are dropped first.
        shown: Rows of each table in a snapshot.
        labelled: Records whose labels and scores are remembered, so that one that arrives later
            finds its record; those that were read first are forgotten first.
        maturity: How much event time passes before a signal's record counts in its figures.
        own_labels: Whether the label in a signal's record counts.
    """

    users: int = 100_000
    windows: int = 48
    window_rows: int = 500_000
    own_rows: int = 20_000
    flagged: int = 1_000
    shown: int = 500
    labelled: int = 100_000
    maturity: timedelta = timedelta()
    own_labels: bool = True

    @classmethod
    def of(cls, settings: Settings) -> StreamLimits:
        return cls(
            users=settings.console_users,
            windows=settings.console_windows,
            flagged=settings.console_flagged,
            own_labels=settings.labels.own,
            maturity=timedelta(days=settings.labels.maturity_days),
        )
