"""What the panel Signals draws of one signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.table.query import Page

from .signal_row import SignalRow

if TYPE_CHECKING:
    from pipeline.signals.quality import Quality


@dataclass(frozen=True, slots=True)
class SignalPage(Page[SignalRow]):
    """The alerts of one signal that match a query, and how well it does.

    Attributes:
        alerts: Alerts of all records that were read.
        scored: Records that were read.
        quality: The figures; None before anything was read.
    """

    alerts: int = 0
    scored: int = 0
    quality: Quality | None = None
