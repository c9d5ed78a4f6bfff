"""A table of any feature's rows, with the feature's columns."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.sinks import SinkColumn
from tui.panels.feature_columns import FeatureColumns
from tui.streams.feature_rows import FeatureRow
from tui.table.column import Columns
from tui.table.live_table import LiveTable
from tui.table.query import Query
from tui.widgets.record_pane import copy_value


class FeatureTable(LiveTable[FeatureRow]):
    """Rows of a feature, newest first unless sorted otherwise."""

    EXPORTS = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            Columns(), lambda row: (row.record.partition, row.record.offset), query=Query(), id=id
        )
        self._declared: tuple[SinkColumn, ...] = ()
        self._all = FeatureColumns(())

    def lay_out(self, columns: tuple[SinkColumn, ...], rows: Sequence[FeatureRow]) -> None:
        """Set the columns, wide enough for these rows."""
        if columns != self._declared:
            self._declared, self._all = columns, FeatureColumns(columns)
        self._all.fit(rows)
        self.use_columns(self._all.fitted)

    def action_copy(self) -> None:
        """Copy the selected row's JSON."""
        if self.selected is not None:
            copy_value(self, self.selected.record)
