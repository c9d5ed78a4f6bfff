"""The snapshot of the streams that widgets draw; frozen, so that it cannot change meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.model import WindowShape

from .event_clock import EventTime
from .panel_state import ShownT, StoredPanel
from .quarantined import Quarantine
from .sink_topics import SinkTopic, Values

if TYPE_CHECKING:  # keeps the sources out of the console's first paint
    from pipeline.sources import Source


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The streams at one moment.

    Attributes:
        panels: What each panel draws, by its name; `of` adds the type.
        own: The sink topics of the user's own features.
        sources: The user's own sources.
        built_in: Whether there are built-in features beside the user's own.
        reads_transactions: Whether any feature reads the tutorial's stream; if not, the rate and
            the event time are those of the user's own sources.
        windows: The windows of the features of transactions that have any, by feature.
        transactions_total: Transactions read.
        others: Valid records read of each other source, by documented topic.
        rate: Transactions per second of wall time, over the last few seconds.
        event_time: The progress of event time; of several sources of the user's own, unknown.
        last_record_at: When the last record of any topic arrived, or, if it is older than the
            console, when it was written; in seconds since the epoch.
        written: When the newest record of each topic was written, by the topic's documented name;
            in seconds since the epoch.
        quarantine: Invalid records of the topic `transaction`.
        elsewhere: Invalid records of other sources.
        bad: Number of records that could not be decoded.
        consumed: Records read, by `transaction` and by feature.
        buffered: Rows in memory, by feature.
        seen: Distinct rows read, by feature.
        lag: Records in Kafka that have not been read yet; None when unknown.
        error: Why the streams cannot be read; empty when they can.
        error_at: Since when they cannot be read, in seconds since the epoch.
    """

    panels: Mapping[str, Any] = field(default_factory=dict)
    own: tuple[SinkTopic[Values], ...] = ()
    sources: tuple[Source, ...] = ()
    built_in: bool = True
    reads_transactions: bool = True
    windows: Mapping[str, WindowShape] = field(default_factory=dict)
    transactions_total: int = 0
    others: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0
    event_time: EventTime = field(default_factory=EventTime)
    last_record_at: float | None = None
    written: Mapping[str, float] = field(default_factory=dict)
    quarantine: Quarantine = field(default_factory=Quarantine)
    elsewhere: Quarantine = field(default_factory=Quarantine)
    bad: int = 0
    consumed: Mapping[str, int] = field(default_factory=dict)
    buffered: Mapping[str, int] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    lag: int | None = None
    error: str = ""
    error_at: float | None = None

    @property
    def records_total(self) -> int:
        """Transactions read, or, where no feature reads any, the records of the user's sources."""
        return self.transactions_total if self.reads_transactions else sum(self.others.values())

    @property
    def invalid(self) -> Quarantine:
        """The invalid records of all sources."""
        return self.quarantine.with_others(self.elsewhere)

    def of(self, panel: StoredPanel[ShownT]) -> ShownT:
        found: ShownT = self.panels.get(panel.name, panel.nothing)
        return found
