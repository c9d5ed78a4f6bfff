"""The snapshot of the streams that widgets draw; frozen, so that it cannot change meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipeline.contract import TRANSACTION_TOPIC, WATERMARK_DELAY
from pipeline.model.sinks import WindowShape

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
        windows: The windows of the features that have any, by feature.
        transactions_total: Transactions read.
        others: Valid records read of each other source, by documented topic.
        rate: Records of all sources per second of wall time, over the last few seconds.
        event_times: The progress of event time in each source, by documented topic.
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
    event_times: Mapping[str, EventTime] = field(default_factory=dict)
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

    def source_of(self, feature: str) -> str:
        """Return the documented name of the topic that a feature reads."""
        own = {sink.feature: sink.source for sink in self.own}
        return own.get(feature, TRANSACTION_TOPIC)

    def delay_of(self, topic: str) -> timedelta:
        """Return how far behind the newest event time of a source its watermark is."""
        delays = {source.topic: source.watermark for source in self.sources}
        return delays.get(topic, WATERMARK_DELAY)

    def event_time_of(self, topic: str) -> EventTime:
        """Return the progress of event time in a source, by its documented topic."""
        return self.event_times.get(topic, EventTime())

    @property
    def event_time(self) -> EventTime:
        """The progress of event time of the transactions, or else of the only source with records.

        That of several sources is unknown, since their times have nothing to do with each other.
        """
        begun = {topic: each for topic, each in self.event_times.items() if each.newest is not None}
        if len(begun) == 1:
            return next(iter(begun.values()))
        return begun.get(TRANSACTION_TOPIC, EventTime())

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
