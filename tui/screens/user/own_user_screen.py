"""The live screen of one user of the user's own stream, as far as its source declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual import on
from textual.app import ComposeResult

from pipeline.model.held_tests import WantedTest
from pipeline.sources import Source
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.messages import Moment, OpenOwnUser, OpenUserRecords, WriteTest
from tui.screens.export.exporter import Export, ExportRows
from tui.streams.own_history import OwnHistory, OwnHistoryBatch, OwnRecord
from tui.streams.user_feed import UserFeed
from tui.table.live_table import LiveTable

from .history_screen import HistoryScreen, how_many, why_no_results, why_nothing
from .own_user_head import OwnUserHead
from .own_user_tables import VALUE_COLUMNS, FeatureValuesTable, UserRecordsTable, values_of
from .time_plot import TimedValue, TimePlot


class OwnUserScreen(HistoryScreen[str, OwnHistory]):
    """The screen of one user of the user's own stream.

    Args:
        source: The stream, which has a user.
        user: The user, as text.
        feed: The thread that reads the user's history.
        users: Returns the users in the table of users, in its order.
        moment: The moment of event time to show the user at; None for now.
    """

    def __init__(
        self,
        source: Source,
        user: str,
        feed: UserFeed[OwnHistoryBatch, OwnHistory],
        users: Callable[[], Sequence[str]],
        moment: Moment | None = None,
    ) -> None:
        super().__init__(user, feed, users)
        self._source = source
        self._moment = moment
        self.set_class(source.amount is None, "-plain")

    def compose(self) -> ComposeResult:
        at = self._moment.at if self._moment is not None else None
        yield from self.laid_out(
            OwnUserHead(self._source, self._user, at),
            TimePlot("Amounts", self._source.amount or ""),
            FeatureValuesTable(),
            UserRecordsTable(self._source, self._user),
        )

    def show_history(self, history: OwnHistory, now: float) -> Mapping[str, tuple[str, str]]:
        self.query_one(OwnUserHead).show_history(history, now)
        records = self.query_one(UserRecordsTable)
        records.lay_out(history)
        records.show_rows(history.records, now, why_nothing(history))
        reason = why_no_results(history, "No feature has written a row of this user yet.")
        self.query_one(FeatureValuesTable).show_rows(values_of(history), now, reason)
        return {
            "transactions": ("Records", how_many(len(history.records), history.total)),
            "windows": ("Features", text.integer(len(history.results))),
        }

    def opened(self, user: str) -> OpenOwnUser:
        return OpenOwnUser(self._source.topic, user)

    def action_hold(self) -> None:
        """Write a test of what the selected value is computed from."""
        chosen = self.query_one(FeatureValuesTable).selected
        if chosen is None:
            self.notify("There is no row of a feature to hold yet.")
            return
        result = chosen.result
        row = {
            column.name: str(value)
            for column, value in zip(result.sink.columns, result.values, strict=True)
            if not column.computed and value is not None
        }
        self.post_message(WriteTest(WantedTest(result.sink.feature, row)))

    @on(LiveTable.Opened)
    def _open_records(self) -> None:
        """Open the user's records as they are in Kafka."""
        since = self._moment.since_ms if self._moment is not None else None
        column = self._source.user or ""
        self.post_message(OpenUserRecords(self._source.topic, column, self._user, since))

    @on(LiveTable.ExportWanted)
    def _export(self, message: LiveTable.ExportWanted) -> None:
        history, name = self.history, f"user-{self._user}"
        if isinstance(message.table, UserRecordsTable):
            columns, records = message.table.columns, history.records
            what = f"User {text.clean(self._user)}, {counted(len(records), 'record')}"
            export = Export(what, name, len(records), columns, lambda: records)
        else:
            found = values_of(history)
            what = f"User {text.clean(self._user)}, {counted(len(found), 'value')}"
            export = Export(what, f"{name}-features", len(found), VALUE_COLUMNS, lambda: found)
        self.post_message(ExportRows(export))

    def plot(self, history: OwnHistory) -> None:
        source = self._source
        if source.amount is None:
            return
        if history.hides(source.amount):
            said = f"{text.clean(source.amount)} is sensitive, so it is not plotted."
            self.query_one(TimePlot).show((), reason=(Piece(said, Tone.WAITS),))
            return
        names = list(source.columns)
        time, amount = names.index(source.time), names.index(source.amount)

        def amounts(*, flagged: bool) -> list[TimedValue]:
            known = (row for row in reversed(history.records) if row.flagged is flagged)
            return [_point(row, time, amount) for row in known if row.values[amount] is not None]

        self.query_one(TimePlot).show(amounts(flagged=False), amounts(flagged=True))


def _point(row: OwnRecord, time: int, amount: int) -> TimedValue:
    return row.values[time], float(row.values[amount])
