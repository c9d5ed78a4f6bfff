"""The list of records: offset, partition, time, key, and the value on one line."""

from __future__ import annotations

from tui.streams.record_view import RecordView
from tui.table.live_table import LiveTable
from tui.widgets.record_columns import RECORD_COLUMNS
from tui.widgets.record_pane import copy_value


class RecordsTable(LiveTable[RecordView]):
    """Records in the given order; copying takes the value."""

    EXPORTS = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(RECORD_COLUMNS, lambda row: (row.partition, row.offset), id=id)

    def action_copy(self) -> None:
        """Copy the value of the selected record."""
        if self.selected is not None:
            copy_value(self, self.selected)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable sorting but not filtering, which the reading thread does."""
        return action == "filter" or super().check_action(action, parameters)
