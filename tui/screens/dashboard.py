"""The console's first screen: the start, then jobs and live tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer

from tui import text
from tui.fields import FLAGGED_FIELDS, USER_FIELDS, WINDOW_FIELDS
from tui.filter import FilterError, parse
from tui.frozen import refined
from tui.keymap import Scope, bindings
from tui.panel_titles import panel_titles
from tui.query import Queries, Query
from tui.session import Session
from tui.snapshot import Snapshot
from tui.topics import WINDOW_KINDS
from tui.view import Phase, View
from tui.widgets.filter_bar import FilterBar
from tui.widgets.flagged import FlaggedTable
from tui.widgets.header import Header
from tui.widgets.jobs import JobsPanel
from tui.widgets.open_window import OpenWindowLines
from tui.widgets.startup import StartupPanel
from tui.widgets.table import LiveTable
from tui.widgets.titles import TitleLine
from tui.widgets.users import UsersTable
from tui.widgets.windows import WindowsTable

_REFRESH_SECONDS: Final = 0.22
# The feed answers a question within about this time.
_ANSWER_SECONDS: Final = 0.06
# Wide enough, the three tables are next to each other; high enough, panels get some air.
_BY_WIDTH: Final = [(0, "-stacked"), (170, "-side")]
_BY_HEIGHT: Final = [(0, "-low"), (34, "-tall")]
_TABLES: Final = ("users", "windows", "flagged")
_FIELDS: Final = {
    "users": USER_FIELDS.kinds,
    "windows": WINDOW_FIELDS.kinds,
    "flagged": FLAGGED_FIELDS.kinds,
}


class Dashboard(Screen[None]):
    """Everything at a glance.

    Args:
        session: What to show and to steer.
    """

    BINDINGS = bindings(Scope.DASHBOARD)
    # Nothing takes keys while the stack comes up; None would mean the application's choice.
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH
    VERTICAL_BREAKPOINTS = _BY_HEIGHT

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._table = "users"
        self._frozen: Snapshot | None = None
        self._refined: tuple[Queries, Snapshot] | None = None
        self._mistakes: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Header, start or panels, footer."""
        yield Header()
        yield StartupPanel()
        with Vertical(id="live"):
            with Horizontal(id="top"), Vertical(id="jobs-panel"):
                yield TitleLine(classes="jobs")
                yield JobsPanel()
            yield TitleLine(classes="tabs")
            yield FilterBar()
            with Container(id="tables"):
                with Vertical(id="users-panel", classes="panel"):
                    yield TitleLine(classes="own")
                    yield UsersTable()
                with Vertical(id="windows-panel", classes="panel"):
                    yield TitleLine(classes="own")
                    yield OpenWindowLines()
                    yield WindowsTable()
                with Vertical(id="flagged-panel", classes="panel"):
                    yield TitleLine(classes="own")
                    yield FlaggedTable()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look at the session a few times a second."""
        self._choose()
        for table in self.query(LiveTable):
            if table.asked is not None:
                self._put(table.id, table.asked)
        self.refresh_view()
        self.set_interval(_REFRESH_SECONDS, self.refresh_view)

    def refresh_view(self) -> None:
        """Draw the session as it is now; what cannot be seen is left alone."""
        view = self._session.view()
        # A console that is on its way out keeps looking as it did.
        leaving = view.phase in (Phase.CLOSING, Phase.CLOSED)
        starting = self.has_class("-starting") if leaving else view.starting
        if self.has_class("-starting") is not starting:
            self.set_class(starting, "-starting")
            if not starting:
                self.query_one(JobsPanel).focus()
        # Frozen tables keep what they had; what is wrong with the stack shows all the same.
        if self._frozen is not None:
            since = view.data.transactions_total - self._frozen.transactions_total
            view = replace(view, waiting=max(0, since))
        self.query_one(Header).show(view)
        if starting:
            self.query_one(StartupPanel).show(view)
        else:
            self._show_panels(self._as_frozen(view))
        for notice in self._session.take_notices():
            self.notify(text.clean(notice.message), severity=notice.severity.value, markup=False)

    def back(self) -> None:
        """Undo one thing that narrows the view: a filter, then a panel that fills the screen."""
        table = self.query_one(f"#{self._table}", LiveTable)
        if table.asked is not None and table.asked.filter:
            self._filter_by("")
        else:
            self.remove_class("-maximised")

    def action_refresh_now(self) -> None:
        """Look at the stack now; try a failed start again."""
        if self._session.view().phase is Phase.FAILED:
            self._session.bring_up()
        else:
            self._session.look()
        self.refresh_view()

    def action_freeze(self) -> None:
        """Let the tables stand still, or follow again."""
        self._frozen = self._session.view().data if self._frozen is None else None
        self._refined = None
        self.refresh_view()

    def action_panel(self, panel: str) -> None:
        """Go to a panel."""
        if panel in _TABLES:
            self._table = panel
            self._choose()
        self.query_one(f"#{panel}").focus()
        self.refresh_view()

    def action_turn(self, step: int) -> None:
        """Go to the next or the previous table."""
        self.action_panel(_TABLES[(_TABLES.index(self._table) + step) % len(_TABLES)])

    def action_maximise(self) -> None:
        """Give the panel that has the keys the whole screen, or give it back."""
        self.toggle_class("-maximised")
        self.refresh_view()

    def action_next_windows(self) -> None:
        """Show windows of the next kind."""
        queries = self._session.queries
        kind = WINDOW_KINDS[(WINDOW_KINDS.index(queries.kind) + 1) % len(WINDOW_KINDS)]
        self._session.ask(replace(queries, kind=kind))
        self.action_panel("windows")
        self._refresh_soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no panels while the stack comes up."""
        return action == "refresh_now" or not self.has_class("-starting")

    @on(TitleLine.Chosen)
    def _go_to_title(self, message: TitleLine.Chosen) -> None:
        self.action_panel(message.panel)

    @on(JobsPanel.Ordered)
    def _give_order(self, message: JobsPanel.Ordered) -> None:
        self._session.give(message.order, message.names)
        self.refresh_view()

    @on(LiveTable.Queried)
    def _ask(self, message: LiveTable.Queried) -> None:
        self._put(message.table.id, message.query)
        self._refresh_soon()

    @on(LiveTable.FilterWanted)
    def _type_filter(self, message: LiveTable.FilterWanted) -> None:
        if message.table.asked is not None:
            self.query_one(FilterBar).open(message.table.asked.filter.text)

    @on(FilterBar.Changed)
    def _filter_typed(self, message: FilterBar.Changed) -> None:
        self._filter_by(message.text)

    @on(FilterBar.Closed)
    def _filter_done(self) -> None:
        self._mistakes.pop(self._table, None)
        self.action_panel(self._table)

    def on_descendant_focus(self) -> None:
        """Tabbing to a table chooses it, too."""
        focused = self.focused.id if self.focused is not None else None
        if focused in _TABLES:
            self._table = focused
            self._choose()
        if focused is not None:
            self.set_class(focused == "jobs", "-jobs")
            self.set_class(focused != "jobs", "-table")

    def _filter_by(self, typed: str) -> None:
        table = self.query_one(f"#{self._table}", LiveTable)
        self._mistakes.pop(self._table, None)
        try:
            wanted = parse(typed, _FIELDS[self._table])
        except FilterError as error:
            self._mistakes[self._table] = str(error)
        else:
            if table.asked is not None:
                table.ask(replace(table.asked, filter=wanted))
        self.refresh_view()

    def _put(self, table: str | None, query: Query) -> None:
        changed: dict[str, Any] = {table: query} if table in _TABLES else {}
        self._session.ask(replace(self._session.queries, **changed))

    def _refresh_soon(self) -> None:
        self.set_timer(_ANSWER_SECONDS, self.refresh_view)

    def _as_frozen(self, view: View) -> View:
        if self._frozen is None:
            return view
        queries = self._session.queries
        if self._refined is None or self._refined[0] != queries:
            self._refined = (queries, refined(self._frozen, queries))
        return replace(view, data=self._refined[1])

    def _choose(self) -> None:
        for table in _TABLES:
            self.query_one(f"#{table}-panel").set_class(table == self._table, "-chosen")

    def _is_shown(self, table: str) -> bool:
        return self.has_class("-side") or table == self._table

    def _show_panels(self, view: View) -> None:
        self.query_one(JobsPanel).show(view)
        for table in self.query(LiveTable):
            if table.id in _TABLES and self._is_shown(table.id):
                table.show(view)
        if self._is_shown("windows"):
            self.query_one(OpenWindowLines).show(view)
        self._show_titles(view)

    def _show_titles(self, view: View) -> None:
        focused = self.focused.id if self.focused is not None else None
        jobs, *tables = (
            replace(
                title,
                shown=title.panel not in _TABLES or self._is_shown(title.panel),
                focused=title.panel == focused,
            )
            for title in panel_titles(view, self._mistakes)
        )
        self.query_one("TitleLine.jobs", TitleLine).show([jobs])
        self.query_one("TitleLine.tabs", TitleLine).show(tables)
        for title in tables:
            self.query_one(f"#{title.panel}-panel TitleLine", TitleLine).show([title])
