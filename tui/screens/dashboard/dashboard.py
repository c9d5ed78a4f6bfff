"""The console's first screen: the progress of the start, then jobs and live tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.reactive import var
from textual.widgets import Footer

from tui.keymap import Scope, bindings
from tui.messages import LookAgain, OpenQuarantine, OpenSimulator, OpenTopic, ProveJobs
from tui.panels.catalogue import PANELS, TABLE_PANELS
from tui.panels.command_chosen import CommandChosen
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.flagged.flagged_table import FlaggedTable
from tui.panels.jobs.jobs_table import JobsPanel
from tui.panels.jobs.startup_lines import StartLines, StartupPanel
from tui.panels.panel_table import PanelTable, TabbedTable
from tui.panels.plots.dashboard_plots import every_plot
from tui.panels.plots.plots_panel import PLOTS
from tui.panels.plots.series_snapshot import SeriesSnapshot
from tui.panels.signals.signals_panel import SIGNALS
from tui.panels.windows.windows_panel import WINDOWS
from tui.preferences import PreferencesFile
from tui.screens.commands.job_commands import give_when_sure
from tui.screens.export.exporter import ExportRows
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import Phase, View
from tui.streams.snapshot import Snapshot
from tui.table.filter import Filter, FilterError, parse
from tui.table.live_table import LiveTable
from tui.table.query import Query
from tui.widgets.filter_bar import FilterBar
from tui.widgets.header import Header
from tui.widgets.record_pane import RecordPane
from tui.widgets.titles import TitleLine

from .exports import export_of
from .panel_titles import panel_titles

# On a wide screen, three tables are side by side; on a high one, panels get more space.
_BY_WIDTH: Final = [(0, "-narrow"), (110, "-wide"), (170, "-side")]
_BY_HEIGHT: Final = [(0, "-low"), (34, "-tall")]
_TABLES: Final = {panel.name: panel for panel in TABLE_PANELS}
_PANELS: Final = tuple(panel.name for panel in PANELS)
_ALONE: Final = frozenset({PLOTS.name, SIGNALS.name})
"""The panels that take all the width of a wide screen."""


class Dashboard(Guarded, LiveScreen):
    """The start, then the jobs, tables and plots.

    Panels are bound to `shown`: the newest view, but with the frozen rows if there are any.

    Args:
        session: The session to show and control.
        preferences: The chosen panel and tables, and whether to confirm before something is lost.
    """

    BINDINGS = bindings(Scope.DASHBOARD)
    # Nothing is focused before Kafka has answered; None would leave it to the application.
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH
    VERTICAL_BREAKPOINTS = _BY_HEIGHT

    shown: var[View] = var(View, init=False, always_update=True)
    waiting: var[int | None] = var(None, init=False)
    """Records read since the tables were frozen; None unless they are."""

    def __init__(self, session: Session, preferences: PreferencesFile) -> None:
        # Set at the beginning, since setting a class later restyles every widget.
        super().__init__(classes="-starting")
        self._session = session
        self._preferences = preferences
        self._table = _PANELS[0]
        self._frozen: Snapshot | None = None
        self._refined: tuple[Mapping[str, Query], Snapshot] | None = None
        self._mistakes: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Lay out the header, the start or the panels, and the footer."""
        yield Header().data_bind(Dashboard.view, Dashboard.waiting)
        yield StartupPanel().data_bind(Dashboard.view)
        with Vertical(id="live"):
            with Horizontal(id="top"):
                with Vertical(id="jobs-panel"):
                    yield TitleLine(classes="jobs")
                    yield JobsPanel()
                    yield StartLines()
                with Horizontal(id="strip"):
                    yield from every_plot()
            yield TitleLine(classes="tabs")
            yield FilterBar()
            with Container(id="tables"):
                for panel in PANELS:
                    with Vertical(id=f"{panel.name}-panel", classes="panel"):
                        yield TitleLine(classes="own")
                        yield from panel.widgets()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Restore what was chosen last, and bind the panels."""
        remembered = self._preferences.current
        self._table = remembered.panel if remembered.panel in _PANELS else self._table
        self.set_class(remembered.maximised, "-maximised")
        self._choose()
        self.query_one(RecordPane).display = False
        # A panel makes its own widgets, so they are bound here rather than where they are composed.
        for widget in self.query("PanelTable, SeriesPlot, #live Lines"):
            widget.data_bind(view=Dashboard.shown)
        plotted = remembered.table(PLOTS.name).feature
        self._session.ask(PLOTS.name, Query(feature=plotted))
        for table in self.query(PanelTable):
            if table.asked is not None and table.id is not None:
                left, asked = remembered.table(table.id), table.asked
                if left.sort in table.columns.kinds:
                    asked = replace(asked, sort=left.sort, descending=left.descending)
                asked = replace(asked, feature=left.feature)
                table.ask(asked)
                self._session.ask(table.id, asked)

    def draw(self, view: View) -> None:
        """Show the start or the panels, and hand the panels what they draw."""
        starting = self.has_class("-starting") if view.leaving else view.only_start
        if self.has_class("-starting") is not starting:
            self.set_class(starting, "-starting")
            if not starting:
                first = self._table if self.has_class("-maximised") else "jobs"
                self.query_one(f"#{first}").focus()
        failed = self.has_class("-failed") if view.leaving else view.phase is Phase.FAILED
        self.set_class(failed, "-failed")
        # Frozen tables keep their rows; problems of the stack are shown all the same.
        if self._frozen is None:
            self.waiting = None
        else:
            since = view.data.records_total - self._frozen.records_total
            self.waiting = max(0, since)
        if not starting:
            self._show_panels(self._as_frozen(view))

    def back(self) -> None:
        """Undo one thing that narrows the view: a record, a filter, a maximised panel."""
        if self._table == FLAGGED_PANEL.name and self.query_one(RecordPane).display:
            self._close_record()
            return
        asked = self._asked
        if asked is not None and asked.filter:
            self._filter_by("")
        elif self.has_class("-maximised"):
            self.action_maximise()

    def action_refresh_now(self) -> None:
        """Read the status now; retry a failed start."""
        if self._session.view().phase is Phase.FAILED:
            self._session.bring_up()
        else:
            self._session.look()
        self.post_message(LookAgain())

    def action_freeze(self) -> None:
        """Freeze the tables, or follow again."""
        self._frozen = self.view.data if self._frozen is None else None
        self._refined = None
        self.redraw()

    def action_panel(self, panel: str) -> None:
        if panel in _PANELS:
            self._table = panel
            self._choose()
            self._preferences.change(panel=panel)
        self.query_one(f"#{panel}").focus()
        self.redraw()

    def action_turn(self, step: int) -> None:
        """Go to the next or the previous table."""
        self.action_panel(_PANELS[(_PANELS.index(self._table) + step) % len(_PANELS)])

    def action_maximise(self) -> None:
        """Maximise the focused panel, or restore it."""
        self.toggle_class("-maximised")
        self._preferences.change(maximised=self.has_class("-maximised"))
        self.redraw()

    def action_next_feature(self) -> None:
        """Switch to the next feature of the table, if it has several, or else of Windows.

        The plots switch to the next stream.
        """
        data = self.view.data
        if self._table == PLOTS.name and self._plot_next(data.of(PLOTS)):
            return
        panel = _TABLES.get(self._table, WINDOWS)
        if len(panel.tabs_of(data)) <= 1:
            panel = WINDOWS
        tabs = panel.tabs_of(data)
        if not tabs:
            return
        table = self.query_one(f"#{panel.name}", TabbedTable)
        asked = (table.asked or Query()).feature
        at = next((at for at, tab in enumerate(tabs) if tab.feature == asked), 0)
        table.ask_for(tabs[(at + 1) % len(tabs)])
        self.action_panel(panel.name)

    def _plot_next(self, series: SeriesSnapshot) -> bool:
        """Plot the next stream; return whether there is another one."""
        at = series.streams.index(series.stream.topic)
        topic = series.streams[(at + 1) % len(series.streams)]
        if topic == series.stream.topic:
            return False
        self._session.ask(PLOTS.name, Query(feature=topic))
        self._preferences.change_table(PLOTS.name, feature=topic)
        return True

    def action_records(self) -> None:
        self.post_message(OpenTopic())

    def action_quarantine(self) -> None:
        self.post_message(OpenQuarantine())

    def action_simulator(self) -> None:
        self.post_message(OpenSimulator())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the panels' keys until Kafka has answered."""
        if self.has_class("-starting") and action != "refresh_now":
            return False
        return super().check_action(action, parameters)

    @on(TitleLine.Chosen)
    def _go_to_title(self, message: TitleLine.Chosen) -> None:
        if message.panel == "records":
            self.action_records()
        else:
            self.action_panel(message.panel)

    @on(CommandChosen)
    def _give_command(self, message: CommandChosen) -> None:
        ask = self._preferences.current.ask_before_cancelling
        give_when_sure(self, self._session, message.command, message.names, ask=ask)

    @on(ProveJobs)
    def _prove(self, message: ProveJobs) -> None:
        self._session.prove(message.names)
        self.post_message(LookAgain())

    @on(LiveTable.Opened)
    def _open(self, message: LiveTable.Opened) -> None:
        table = message.table
        if isinstance(table, PanelTable) and (wanted := table.opened(table.selected)) is not None:
            self.post_message(wanted)

    @on(FlaggedTable.RecordWanted)
    def _toggle_record(self) -> None:
        self.query_one(RecordPane).display = not self.query_one(RecordPane).display
        self.redraw()

    @on(RecordPane.Closed)
    def _close_record(self) -> None:
        self.query_one(RecordPane).display = False
        self.action_panel(FLAGGED_PANEL.name)

    @on(LiveTable.ExportWanted)
    def _export(self, message: LiveTable.ExportWanted) -> None:
        panel = _TABLES[message.table.id or ""]
        page = self._as_frozen(self.view).data.of(panel)
        # A view may be older than the latest input.
        page = replace(page, query=message.table.asked or page.query)
        frozen = self._frozen is not None
        self.post_message(ExportRows(export_of(panel, page, self._session.look_up, frozen=frozen)))

    @on(LiveTable.Queried)
    def _ask(self, message: LiveTable.Queried) -> None:
        if message.table.id is not None:
            query = message.query
            self._session.ask(message.table.id, query)
            self._preferences.change_table(
                message.table.id,
                sort=query.sort,
                descending=query.descending,
                feature=query.feature,
            )
        self.redraw()

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
        """Choose the table that gets the focus, so that tab chooses, too."""
        focused = self.focused.id if self.focused is not None else None
        if focused in _PANELS:
            self._table = focused
            self._choose()
        if focused is not None:
            self.set_class(focused == "jobs", "-jobs")
            self.set_class(focused != "jobs", "-table")

    def _filter_by(self, typed: str) -> None:
        if self._asked is None:
            return
        table = self.query_one(f"#{self._table}", LiveTable)
        self._mistakes.pop(self._table, None)
        try:
            wanted = parse(typed, table.columns.kinds)
        except FilterError as error:
            self._mistakes[self._table] = str(error)
            wanted = Filter()
        table.ask(replace(self._asked, filter=wanted))
        self.redraw()

    @property
    def _asked(self) -> Query | None:
        """Return the query of the chosen table; None when the plots are chosen."""
        if self._table not in _TABLES:
            return None
        return self.query_one(f"#{self._table}", LiveTable).asked

    def _as_frozen(self, view: View) -> View:
        if self._frozen is None:
            return view
        asked = {name: self._session.asked(name) for name in _TABLES}
        if self._refined is None or self._refined[0] != asked:
            pages = {
                name: panel.refined(self._frozen.of(panel), asked[name])
                for name, panel in _TABLES.items()
            }
            frozen = replace(self._frozen, panels={**self._frozen.panels, **pages})
            self._refined = (asked, frozen)
        return replace(view, data=self._refined[1])

    def _choose(self) -> None:
        for panel in _PANELS:
            self.query_one(f"#{panel}-panel").set_class(panel == self._table, "-chosen")
        self.set_class(self._table == PLOTS.name, "-plots")
        self.set_class(self._table in _ALONE, "-alone")

    def _is_shown(self, panel: str) -> bool:
        side_by_side = self.has_class("-side") and not {panel, self._table} & _ALONE
        return side_by_side or panel == self._table

    def _show_panels(self, view: View) -> None:
        for name in _TABLES:
            self.query_one(f"#{name}", PanelTable).visible_panel = self._is_shown(name)
        self.shown = view
        self._show_record()
        self._show_titles(view)

    @on(FlaggedTable.Moved)
    def _show_record(self) -> None:
        pane = self.query_one(RecordPane)
        if pane.display and self._is_shown(FLAGGED_PANEL.name):
            row = self.query_one(FlaggedTable).selected
            pane.show(row.record if row is not None else None)

    def _show_titles(self, view: View) -> None:
        focused = self.focused.id if self.focused is not None else None
        jobs, *tables = (
            replace(
                title,
                shown=title.panel == "jobs" or self._is_shown(title.panel),
                focused=title.panel == focused,
            )
            for title in panel_titles(view, self._mistakes)
        )
        self.query_one("TitleLine.jobs", TitleLine).titles = (jobs,)
        self.query_one("TitleLine.tabs", TitleLine).titles = tuple(tables)
        for title in tables:
            if title.panel in _PANELS:
                self.query_one(f"#{title.panel}-panel TitleLine", TitleLine).titles = (title,)
