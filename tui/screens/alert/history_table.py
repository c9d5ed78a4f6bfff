"""What a signal scored of one user, around an alert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from pipeline.sources.labels import says_fraud
from tui.drawing.tones import Piece, Tone
from tui.panels.signals.signal_row import SCORE, SignalRow, places, signal_columns
from tui.streams.feature_rows import values
from tui.streams.record_view import RecordView
from tui.streams.sink_topics import SinkTopic, Values
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable


class HistoryTable(LiveTable[SignalRow], inherit_bindings=False):
    """The rows of one user, the newest event time first; the alert is marked.

    The keys are those of the screen.

    Args:
        sink: The signal's topic.
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, sink: SinkTopic[Values]) -> None:
        self._sink = sink
        self._alert = ""

        def mark(row: SignalRow, _: float) -> Sequence[Piece]:
            return [Piece("▶", Tone.WAITS)] if row.identity == self._alert else []

        others = (each for each in signal_columns(sink).declared if each.name != sink.user)
        columns = Columns(Column("", 1, mark), *others)
        super().__init__(columns, lambda row: row.number, id="alert-history")

    def mark(self, identity: str) -> None:
        """Mark the alert with this identity."""
        if identity != self._alert:
            self._alert = identity
            self.refresh()


def rows_of(
    records: Sequence[RecordView], sink: SinkTopic[Values], alerts: Iterable[SignalRow]
) -> list[SignalRow]:
    """Return the rows in records of a signal's topic, each once, the newest event time first.

    Args:
        records: The records.
        sink: The signal's topic.
        alerts: Alerts of which more may be known than their records say.
    """
    place_of = places(sink)
    time, score = place_of[sink.time], place_of[SCORE]
    identity = place_of[sink.identity] if sink.identity is not None else None
    label = place_of[sink.label] if sink.label is not None else None
    known = {alert.identity: alert for alert in alerts}
    found: dict[Values, SignalRow] = {}
    for record in records:
        data = record.value if isinstance(record.value, bytes) else None
        row = values(data, sink.columns)
        if row is None or row in found or row[time] is None or row[score] is None:
            continue
        named = "" if identity is None or row[identity] is None else str(row[identity])
        own = None if label is None else says_fraud(row[label])
        read = SignalRow(len(found), row, row[time], row[score], own, named)
        if (alert := known.get(named)) is not None:
            read = replace(read, fraud=alert.fraud, known=alert.known)
        found[row] = read
    return sorted(found.values(), key=lambda row: (row.time, row.number), reverse=True)
