"""What the widgets see of the streams: frozen, so that it cannot change while it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .event_clock import EventTime
from .panel_state import ShownT, StoredPanel
from .quarantined import Quarantine


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The streams at one moment.

    Attributes:
        panels: What each panel draws, by its name; `of` gives it its type.
        transactions_total: Transactions seen.
        rate: Transactions per second of wall time, over the last few seconds.
        event_time: How event time goes.
        last_record_at: When the last record of any topic came, or was written where it had been
            there before the console looked; in seconds since the epoch.
        written: When the newest record of each topic was written, by the topic's documented name;
            in seconds since the epoch.
        quarantine: Records that are no transactions.
        bad: Records of the sink topics that could not be decoded.
        consumed: Records taken in: `transaction`, and by feature.
        kept: Rows of the panels, by feature.
        seen: Rows that there ever were, each once, by feature.
        lag: Records that wait in Kafka; None when that is not known.
        error: Why the streams cannot be read; empty when they can.
        error_at: Since when, in seconds since the epoch.
    """

    panels: Mapping[str, Any] = field(default_factory=dict)
    transactions_total: int = 0
    rate: float = 0.0
    event_time: EventTime = field(default_factory=EventTime)
    last_record_at: float | None = None
    written: Mapping[str, float] = field(default_factory=dict)
    quarantine: Quarantine = field(default_factory=Quarantine)
    bad: int = 0
    consumed: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    lag: int | None = None
    error: str = ""
    error_at: float | None = None

    def of(self, panel: StoredPanel[ShownT]) -> ShownT:
        found: ShownT = self.panels.get(panel.name, panel.nothing)
        return found
