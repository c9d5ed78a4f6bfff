"""The alerts of one signal, newest event time first."""

from __future__ import annotations

from pipeline.model.jobs import JobState
from pipeline.model.stack import Health
from pipeline.text.words import counted
from tui.keymap import Scope, bindings
from tui.messages import OpenAlert, OpenBeside, OpenOwnUser, OpenQuality, OpenRows, OpenUser
from tui.panels.command_chosen import CommandChosen
from tui.panels.opened_user import opened_user
from tui.panels.panel_table import TabbedTable
from tui.session.job_control import JobCommand
from tui.session.read_only import Guarded
from tui.session.view import View
from tui.table.query import Query
from tui.widgets.reasons import Reason, nothing_matches, waits, why_empty

from .signal_page import SignalPage
from .signal_row import SignalRow, user_of
from .signals_panel import SIGNALS


def why_no_alerts(view: View) -> Reason:
    """Explain why the table is empty."""
    page, tab = view.data.of(SIGNALS), SIGNALS.tab(view.data)
    if matches := nothing_matches(page.query.filter, page.total, "alerts"):
        return matches
    line = view.job(tab.feature)
    exists = line is not None or view.data.built_in
    runs = line is not None and line.status.state is not JobState.STOPPED
    status = view.reading.status
    if isinstance(page, SignalPage) and page.scored:
        least = "" if tab.threshold is None else f": none has a score of {tab.threshold:g} or more"
        scored = counted(page.scored, "scored record")
        return waits(f"None of {scored} is an alert{least}.")
    answers = status is not None and status.flink is Health.UP and not view.data.error
    if exists and not runs and answers:
        return waits(f"The signal {tab.feature} does not run; s starts it.")
    return why_empty(view, tab.feature, tab.source, lambda: f"Nothing in {tab.topic} yet.")


class SignalsTable(Guarded, TabbedTable):
    """Alerts, by event time unless sorted otherwise; keys start and stop the signal's job."""

    BINDINGS = bindings(Scope.SIGNALS)
    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(SIGNALS.columns, _number, query=Query("time"), id=SIGNALS.name)

    def show(self, view: View) -> None:
        page = view.data.of(SIGNALS)
        self.use_columns(SIGNALS.columns_of(page))
        self.show_rows(page.rows, view.now, why_no_alerts(view), answers=page.answers)

    def opened(self, row: SignalRow) -> OpenAlert | OpenUser | OpenOwnUser | None:
        """Return the alert; if nothing names its record, the user's screen or records."""
        if row.identity:
            return OpenAlert(row.identity)
        return opened_user(SIGNALS.tab(self.view.data), row.values)

    def copied(self, row: SignalRow) -> str:
        """Return the user's id, as it is shown."""
        user = user_of(row, SIGNALS.tab(self.view.data))
        return "" if user is None else self.columns.as_shown(row, [user])[0]

    def action_start(self) -> None:
        """Start the signal's job from its saved state."""
        self._command(JobCommand.START)

    def action_stop(self) -> None:
        """Stop the signal's job, taking a savepoint."""
        self._command(JobCommand.STOP)

    def action_rows(self) -> None:
        """Open all records that the signal has scored."""
        self.post_message(OpenRows(self._signal))

    def action_beside(self) -> None:
        """Open the comparison with another signal."""
        self.post_message(OpenBeside())

    def action_quality(self) -> None:
        """Open the screen that says how well the signal does."""
        self.post_message(OpenQuality())

    def _command(self, command: JobCommand) -> None:
        self.post_message(CommandChosen(command, frozenset({self._signal})))

    @property
    def _signal(self) -> str:
        return SIGNALS.tab(self.view.data).feature


def _number(row: SignalRow) -> int:
    return row.number
