"""The console's first screen: the start, then jobs and live tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Footer

from pipeline.model import JobState
from tui import text
from tui.keymap import Scope, bindings
from tui.session import Session
from tui.snapshot import Snapshot
from tui.view import Phase, View
from tui.widgets.flagged import FlaggedTable
from tui.widgets.header import Header
from tui.widgets.jobs import JobsPanel
from tui.widgets.startup import StartupPanel
from tui.widgets.table import LiveTable
from tui.widgets.titles import Title, TitleLine
from tui.widgets.users import UsersTable
from tui.widgets.windows import WindowsTable

_REFRESH_SECONDS: Final = 0.22
# Wide enough, the three tables are next to each other; high enough, panels get some air.
_BY_WIDTH: Final = [(0, "-stacked"), (170, "-side")]
_BY_HEIGHT: Final = [(0, "-low"), (34, "-tall")]
_TABLES: Final = ("users", "windows", "flagged")


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

    def compose(self) -> ComposeResult:
        """Header, start or panels, footer."""
        yield Header()
        yield StartupPanel()
        with Vertical(id="live"):
            yield TitleLine(classes="jobs")
            yield JobsPanel()
            yield TitleLine(classes="tabs")
            with Container(id="tables"):
                for table in (UsersTable(), WindowsTable(), FlaggedTable()):
                    with Vertical(id=f"{table.id}-panel", classes="panel"):
                        yield TitleLine(classes="own")
                        yield table
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look at the session a few times a second."""
        self._choose()
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
        frozen = self._frozen
        if frozen is not None:
            since = view.data.transactions_total - frozen.transactions_total
            view = replace(view, waiting=max(0, since))
        self.query_one(Header).show(view)
        if starting:
            self.query_one(StartupPanel).show(view)
        else:
            self._show_panels(view if frozen is None else replace(view, data=frozen))
        for notice in self._session.take_notices():
            self.notify(text.clean(notice.message), severity=notice.severity.value, markup=False)

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no panels while the stack comes up."""
        return action not in ("panel", "turn", "freeze") or not self.has_class("-starting")

    @on(TitleLine.Chosen)
    def _go_to_title(self, message: TitleLine.Chosen) -> None:
        self.action_panel(message.panel)

    @on(JobsPanel.Ordered)
    def _give_order(self, message: JobsPanel.Ordered) -> None:
        self._session.give(message.order, message.names)
        self.refresh_view()

    def on_descendant_focus(self) -> None:
        """Tabbing to a table chooses it, too."""
        if self.focused is not None and self.focused.id in _TABLES:
            self._table = self.focused.id
            self._choose()

    def _choose(self) -> None:
        for table in _TABLES:
            self.query_one(f"#{table}-panel").set_class(table == self._table, "-chosen")

    def _is_shown(self, table: str) -> bool:
        return self.has_class("-side") or table == self._table

    def _show_panels(self, view: View) -> None:
        self.query_one(JobsPanel).show(view)
        for table in self.query(LiveTable):
            if table.id not in _TABLES or self._is_shown(table.id):
                table.show(view)
        self._show_titles(view)

    def _show_titles(self, view: View) -> None:
        focused = self.focused.id if self.focused is not None else None
        jobs, *tables = (
            replace(
                title,
                shown=title.panel not in _TABLES or self._is_shown(title.panel),
                focused=title.panel == focused,
            )
            for title in panel_titles(view)
        )
        self.query_one("TitleLine.jobs", TitleLine).show([jobs])
        self.query_one("TitleLine.tabs", TitleLine).show(tables)
        for title in tables:
            self.query_one(f"#{title.panel}-panel TitleLine", TitleLine).show([title])


def panel_titles(view: View) -> tuple[Title, ...]:
    """What each panel is called, and how much is in it."""
    data = view.data
    running = sum(line.status.state is JobState.RUNNING for line in view.jobs)
    jobs = f"{running} of {len(view.jobs)} running"
    if view.reading.problem is not None:
        jobs = f"as they were {text.age(view.now - view.reading.at)}" if view.jobs else "unknown"
    more = "+" if data.users_truncated else ""
    return (
        Title("jobs", "1", "Jobs", jobs),
        Title("users", "2", "Users", _of(len(data.users), data.users_total, more)),
        Title("windows", "3", "Windows", text.integer(len(data.windows))),
        Title("flagged", "4", "Flagged", _of(len(data.flagged), data.flagged_total)),
    )


def _of(shown: int, total: int, more: str = "") -> str:
    """Says so when not all are shown."""
    if shown == total and not more:
        return text.integer(total)
    return f"newest {text.integer(shown)} of {text.integer(total)}{more}"
