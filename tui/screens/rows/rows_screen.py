"""The screen with the rows that a job writes: a live table of any feature."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from pipeline.model.jobs import JobDetail
from pipeline.model.reading import Last
from pipeline.text.words import counted
from tui.drawing import text
from tui.keymap import Scope, inner_bindings
from tui.panels.feature_columns import columns_of
from tui.screens.export.exporter import Export, ExportRows
from tui.screens.live_screen import LiveScreen
from tui.session.session import Session
from tui.session.view import View
from tui.streams.feature_rows import FeatureRow, row
from tui.streams.tail_feed import TailFeed, TailSnapshot
from tui.streams.tail_source import Tails
from tui.streams.watch import Watch
from tui.table.filter import Filter, FilterError, parse
from tui.table.live_table import LiveTable
from tui.table.query import Page, Query, select
from tui.widgets.filter_bar import FilterBar
from tui.widgets.header import Header
from tui.widgets.record_pane import BESIDE_OR_BELOW, RecordPane
from tui.widgets.titles import Title, TitleLine

from .empty import why_no_rows
from .feature_table import FeatureTable

if TYPE_CHECKING:
    from tui.streams.record_view import RecordView

_DETAIL_SECONDS: Final = 10.0
_RECENT: Final = Last(2_000)


class RowsScreen(LiveScreen):
    """A live table of a feature's topic.

    Args:
        session: The session with the job.
        tails: Opens the job's topic.
        name: The job's name.
    """

    CSS_PATH = "rows.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *inner_bindings(Scope.ROWS),
        Binding("escape", "back", show=False),
    ]
    AUTO_FOCUS = "FeatureTable"
    HORIZONTAL_BREAKPOINTS = BESIDE_OR_BELOW

    def __init__(self, session: Session, tails: Tails, name: str) -> None:
        super().__init__()
        self._session = session
        self._tails = tails
        self._job = name
        self._watch: Watch[JobDetail] = Watch(
            lambda: session.job_detail(name), _DETAIL_SECONDS, session.clock, name="rows"
        )
        self._feed: TailFeed | None = None
        self._frozen: TailSnapshot | None = None
        self._mistake = ""
        # The records of the last snapshot as rows, newest first.
        self._decoded: tuple[tuple[RecordView, ...], list[FeatureRow]] = ((), [])
        self._page: Page[FeatureRow] = Page()

    def compose(self) -> ComposeResult:
        """Lay out the header, title, table, record, filter and footer."""
        yield Header().data_bind(RowsScreen.view)
        yield TitleLine()
        with Container(id="rows-body"):
            yield FeatureTable(id="rows-table")
            yield RecordPane(id="rows-record")
        yield FilterBar(id="rows-filter")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._pane.display = False
        self._watch.start()

    def on_unmount(self) -> None:
        self._watch.stop()
        if self._feed is not None:
            self._feed.stop()

    def draw(self, view: View) -> None:
        detail = self._watch.last.value
        if detail is None:
            problem = self._watch.last.problem
            title = Title("rows", "", text.clean(self._job), "reading…")
            mistake = text.clean(problem) if problem is not None else ""
            self.query_one(TitleLine).titles = (title.with_mistake(mistake) if mistake else title,)
            return
        now = self._tail(detail.topic)
        tail = self._frozen or now
        self._page = self._select(tail, detail)
        self._table.lay_out(detail.columns, self._page.rows)
        reason = why_no_rows(view, detail, self._asked.filter, self._page.total, tail.error)
        self._table.show_rows(self._page.rows, view.now, reason, answers=self._page.answers)
        self._show_record()
        self.query_one(TitleLine).titles = (self._title(detail, now),)

    def action_freeze(self) -> None:
        """Freeze the rows, or follow again."""
        following = self._frozen is None and self._feed is not None
        self._frozen = self._feed.snapshot if following and self._feed is not None else None
        self.redraw()

    def action_back(self) -> None:
        """Close the record, clear the filter, or leave the screen."""
        if self._pane.display:
            self._toggle_record()
        elif self._asked.filter or self._mistake:
            self._filter_by("")
        else:
            self.dismiss()

    @on(LiveTable.Opened)
    @on(RecordPane.Closed)
    def _toggle_record(self) -> None:
        self._pane.display = not self._pane.display
        if not self._pane.display:
            self._table.focus()
        self.redraw()

    @on(LiveTable.Moved)
    def _show_record(self) -> None:
        if self._pane.display:
            selected = self._table.selected
            self._pane.show(selected.record if selected is not None else None)

    @on(LiveTable.Queried)
    def _show_again(self) -> None:
        self.redraw()

    @on(LiveTable.FilterWanted)
    def _type_filter(self) -> None:
        self.query_one(FilterBar).open(self._asked.filter.text)

    @on(FilterBar.Changed)
    def _filter_typed(self, message: FilterBar.Changed) -> None:
        self._filter_by(message.text)

    @on(FilterBar.Closed)
    def _filter_done(self) -> None:
        self._mistake = ""
        self._table.focus()
        self.redraw()

    @on(LiveTable.ExportWanted)
    def _export(self) -> None:
        detail, page = self._watch.last.value, self._page
        if detail is None:
            return

        what = f"{text.clean(self._job)}, {self._count(page)}"
        columns = columns_of(detail.columns)
        export = Export(what, self._job, page.matched, columns, lambda: page.rows)
        self.post_message(ExportRows(export))

    def _filter_by(self, typed: str) -> None:
        detail = self._watch.last.value
        if detail is None:
            return
        self._mistake = ""
        try:
            wanted = parse(typed, columns_of(detail.columns).kinds)
        except FilterError as error:
            self._mistake = str(error)
            wanted = Filter()
        self._table.ask(replace(self._asked, filter=wanted))
        self.redraw()

    def _tail(self, topic: str) -> TailSnapshot:
        if self._feed is None:
            self._feed = TailFeed(self._tails, topic, _RECENT, Filter(), self._session.clock)
            self._feed.start()
        return self._feed.snapshot

    def _select(self, tail: TailSnapshot, detail: JobDetail) -> Page[FeatureRow]:
        if self._decoded[0] is not tail.records:
            rows = [row(record, detail.columns) for record in reversed(tail.records)]
            self._decoded = (tail.records, rows)
        elif self._page.query == self._asked:
            return self._page
        return select(self._decoded[1], self._asked, columns_of(detail.columns))

    def _title(self, detail: JobDetail, now: TailSnapshot) -> Title:
        note = self._count(self._page)
        if now.matched > self._page.total:
            note += f", the newest of {text.integer(now.matched)} read"
        if self._frozen is not None:
            since = text.integer(max(0, now.matched - self._frozen.matched))
            note = f"frozen, {since} more since · {note}"
        title = Title("rows", "", text.clean(self._job), f"{note}   {text.clean(detail.topic)}")
        mistake = self._mistake or (f"Kafka: {now.error}" if now.error else "")
        return title.with_mistake(text.clean(mistake)) if mistake else title

    def _count(self, page: Page[FeatureRow]) -> str:
        rows = counted(page.total, "row")
        typed = page.query.filter.text
        return (
            f"{text.integer(page.matched)} of {rows} match {text.clean(typed)}" if typed else rows
        )

    @property
    def _asked(self) -> Query:
        return self._table.asked or Query()

    @property
    def _table(self) -> FeatureTable:
        return self.query_one(FeatureTable)

    @property
    def _pane(self) -> RecordPane:
        return self.query_one(RecordPane)
