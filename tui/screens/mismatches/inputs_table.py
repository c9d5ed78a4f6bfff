"""The records that a row is computed from, with the columns of their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pipeline.findings import Input, Mismatch, Value
from pipeline.model.sinks import SinkColumn
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.feature_columns import FeatureColumns
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable


@dataclass(frozen=True, slots=True)
class InputRow:
    """A record, and its values in the order of the columns."""

    record: Input
    values: tuple[Value, ...]


def _late(row: InputRow, _: float) -> Sequence[Piece]:
    seconds = row.record.late_seconds
    return [Piece(f"{text.duration(seconds)} late", Tone.WAITS)] if seconds else []


def _place(inputs: Sequence[Input]) -> Column[InputRow]:
    """The column with where each record is, also in which of two topics."""
    title = "topic part:offset" if any(each.topic for each in inputs) else "part:offset"
    width = max((len(title), *(len(each.place) for each in inputs)))
    return Column(title, width, lambda row, _: [Piece(row.record.place, Tone.QUIET)], right=True)


_LATE: Final[Column[InputRow]] = Column("late", 10, _late)


class InputsTable(LiveTable[InputRow]):
    """The records that one row is computed from, newest first."""

    OPENS = False

    def __init__(self) -> None:
        super().__init__(
            Columns(_place(())),
            lambda row: row.record.place,
            id="mismatch-inputs",
        )
        self._shown: Mismatch | None = None
        self._inputs: tuple[InputRow, ...] = ()

    def show_inputs(self, row: Mismatch | None, time: str, now: float) -> None:
        """Show the records of a row.

        Args:
            row: The row; None for none.
            time: The column with the records' event time, which comes first.
            now: Seconds since the epoch.
        """
        if row is not self._shown:
            self._shown = row
            self._lay_out(row, time)
        none = "No records of its source belong to it." if row is not None else ""
        self.show_rows(self._inputs, now, (Piece(none, Tone.WAITS),))

    def copied(self, row: InputRow) -> str:
        """Return where the record is."""
        return row.record.place

    def _lay_out(self, row: Mismatch | None, time: str) -> None:
        inputs = row.inputs if row is not None else ()
        fields = chain.from_iterable(each.values for each in inputs)
        names = list(dict.fromkeys((time, *fields))) if inputs else []
        self._inputs = tuple(
            InputRow(each, tuple(each.values.get(name) for name in names)) for each in inputs
        )
        columns = FeatureColumns([SinkColumn(name, _type(name, inputs), False) for name in names])
        columns.fit(self._inputs)
        late = [_LATE] if any(each.late_seconds for each in inputs) else []
        self.use_columns(Columns(_place(inputs), *late, *columns.fitted.declared))


def _type(name: str, inputs: Sequence[Input]) -> str:
    match next((value for each in inputs if (value := each.values.get(name)) is not None), None):
        case bool():
            return "boolean"
        case int():
            return "int64"
        case float():
            return "float64"
    return "string"
