"""The screen that shows the records of any topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Footer, Static

from pipeline.model.reading import Last, Reset, Since, Start
from pipeline.text.words import counted
from tui.drawing.tones import content
from tui.keymap import Scope, bindings
from tui.messages import OpenInspection
from tui.screens.export.exporter import Export, ExportRows
from tui.screens.live_screen import LiveScreen
from tui.session.view import View
from tui.streams.record_view import RecordView
from tui.streams.tail_feed import BUFFER_RECORDS, TailFeed, TailSnapshot
from tui.streams.tail_source import Tails, follows
from tui.table.filter import Filter, FilterError, parse
from tui.widgets.filter_bar import FilterBar
from tui.widgets.record_columns import RECORD_COLUMNS
from tui.widgets.record_pane import BESIDE_OR_BELOW, RecordPane

from .progress import RecordsView, headline, progress, why_empty
from .record_list import RecordsTable
from .topic_picker import TopicPicker
from .when_dialog import WhenDialog

# Unless it follows, a new filter rereads the topic, which should not happen at every letter.
_TYPING_SECONDS: Final = 0.3
_RECENT: Final = Last(2_000)
_ALL: Final = Filter()


class RecordsScreen(LiveScreen):
    """Tails a topic and shows single records in full.

    Args:
        tails: Opens and lists topics.
        clock: Seconds since the epoch.
        topic: The topic to open; empty opens the topic picker.
        start: Where to start reading.
        wanted: The filter to begin with.
        most: Records to hold in memory.
    """

    CSS_PATH = "records.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Scope.RECORDS),
        Binding("escape", "back", show=False),
        Binding("q", "leave", "back"),
    ]
    AUTO_FOCUS = "RecordsTable"
    HORIZONTAL_BREAKPOINTS = BESIDE_OR_BELOW

    def __init__(
        self,
        tails: Tails,
        clock: Callable[[], float],
        topic: str = "",
        *,
        start: Start = _RECENT,
        wanted: Filter = _ALL,
        most: int = BUFFER_RECORDS,
    ) -> None:
        super().__init__()
        self._tails = tails
        self._clock = clock
        self._most = most
        self._topic = topic
        self._start = start
        self._since = clock()
        self._feed: TailFeed | None = None
        self._wanted = wanted
        self._filter_error = ""
        self._typing: Timer | None = None
        self._frozen: TailSnapshot | None = None
        self._held = False
        # The snapshot shown last.
        self._last = TailSnapshot()
        self._shown: tuple[RecordView, ...] = ()
        # The tuple in reverse order, and the tuple it was made from.
        self._turned: tuple[tuple[RecordView, ...], tuple[RecordView, ...]] = ((), ())

    @property
    def topic(self) -> str:
        """The topic being read; empty before one is chosen."""
        return self._topic

    @property
    def feed(self) -> TailFeed | None:
        """The thread that reads the topic; None before one is chosen."""
        return self._feed

    def compose(self) -> ComposeResult:
        """Lay out two lines, the list, the record, the filter and the footer."""
        yield Static(id="records-head")
        with Container(id="records-body"):
            yield RecordsTable(id="records-list")
            yield RecordPane(id="record")
        yield FilterBar(id="records-filter")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._pane.display = False
        if self._topic:
            self._read(self._topic, self._start)
        else:
            self.action_topic()

    def on_unmount(self) -> None:
        if self._feed is not None:
            self._feed.stop()

    def draw(self, view: View) -> None:
        if self._feed is None:
            return
        tail = self._feed.snapshot
        if self._frozen is None and self._would_lose_selected(tail):
            self._frozen, self._held = self._last, True
        waiting = None
        if self._frozen is not None:
            waiting = max(0, tail.matched - self._frozen.matched)
        else:
            self._last = tail
        records = RecordsView(
            now=view.now,
            topic=self._topic,
            start=self._start,
            since=self._since,
            tail=tail,
            waiting=waiting,
            held=self._held,
            filter_error=self._filter_error,
        )
        shown = tail if self._frozen is None else self._frozen
        self._shown = self._in_order(shown.records)
        self._table.show_rows(self._shown, view.now, why_empty(records))
        self._show_record()
        head = Content("\n").join([content(headline(records)), content(progress(records))])
        self.query_one("#records-head", Static).update(head)
        at_end = bool(self._shown) and self._table.selected is self._shown[-1]
        if tail.full and at_end and self._frozen is None:
            self._feed.read_on(tail)

    def action_topic(self) -> None:
        self.app.push_screen(TopicPicker(self._tails, self._clock, self._topic), self._go_to)

    def action_from_beginning(self) -> None:
        self._read(self._topic, Reset.EARLIEST)

    def action_from_end(self) -> None:
        """Read only records written from now on."""
        self._read(self._topic, Reset.LATEST)

    def action_from_time(self) -> None:
        """Ask for a time and read from there."""
        self.app.push_screen(WhenDialog(self._clock), self._go_to_time)

    def action_inspect(self) -> None:
        """Show what the topic holds as the declaration of a source."""
        if self._topic:
            self.post_message(OpenInspection(self._topic))

    def action_freeze(self) -> None:
        """Freeze the list, or follow again."""
        if self._frozen is None and self._feed is not None:
            self._frozen = self._feed.snapshot
        else:
            if self._held:
                self._table.action_first()
            self._thaw()
        self.redraw()

    def action_back(self) -> None:
        """Close the record, clear the filter, or leave the screen."""
        if self._wanted or self._filter_error:
            self._filter_by("")
        elif self._pane.display:
            self._toggle_record()
        else:
            self.dismiss()

    def action_leave(self) -> None:
        self.dismiss()

    @on(RecordsTable.Opened)
    @on(RecordPane.Closed)
    def _toggle_record(self) -> None:
        self._pane.display = not self._pane.display
        if not self._pane.display:
            self._table.focus()
        self._show_record()

    @on(RecordsTable.Moved)
    def _show_record(self) -> None:
        if self._pane.display:
            self._pane.show(self._table.selected)

    @on(RecordsTable.FilterWanted)
    def _type_filter(self) -> None:
        self.query_one(FilterBar).open(self._wanted.text)

    @on(RecordsTable.ExportWanted)
    def _export(self) -> None:
        # A new filter takes a moment to apply, so the export follows the records shown.
        shown, typed = self._shown, (self._frozen or self._last).wanted.text
        what = f"{self._topic}, {counted(len(shown), 'record')}"
        what += f" that match {typed}" if typed else ""
        self.post_message(
            ExportRows(Export(what, self._topic, len(shown), RECORD_COLUMNS, lambda: shown))
        )

    @on(FilterBar.Changed)
    def _filter_soon(self, event: FilterBar.Changed) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_SECONDS, lambda: self._filter_by(event.text))

    @on(FilterBar.Closed)
    def _filter_now(self, event: FilterBar.Closed) -> None:
        if self._typing is not None:
            self._typing.stop()
        self._filter_by(event.bar.value)
        self._table.focus()

    def _filter_by(self, typed: str) -> None:
        try:
            self._wanted = parse(typed)
        except FilterError as error:
            self._filter_error = str(error)
        else:
            self._filter_error = ""
            self._thaw()
            if self._feed is not None:
                self._feed.filter_by(self._wanted)
        self.redraw()

    def _go_to(self, topic: str | None) -> None:
        if topic is not None:
            self._read(topic, self._start)
        elif not self._topic:
            self.dismiss()

    def _go_to_time(self, timestamp_ms: int | None) -> None:
        if timestamp_ms is not None:
            self._read(self._topic, Since(timestamp_ms))

    def _read(self, topic: str, start: Start) -> None:
        if self._feed is not None:
            self._feed.stop()
        self._topic, self._start = topic, start
        self._since = self._clock()
        self._thaw()
        self._feed = TailFeed(self._tails, topic, start, self._wanted, self._clock, most=self._most)
        self._last = self._feed.snapshot
        self._feed.start()
        self._table.action_first()
        self.redraw()

    def _thaw(self) -> None:
        self._frozen, self._held = None, False
        if self._feed is not None:
            self._last = self._feed.snapshot

    def _would_lose_selected(self, tail: TailSnapshot) -> bool:
        """Whether the selected record is about to be dropped from the buffer."""
        selected = self._table.selected
        if not follows(self._start) or tail is self._last or selected is None:
            return False
        went_there = self._shown and selected is not self._shown[0]
        same = tail.wanted == self._last.wanted and tail.matched >= self._last.matched
        if not went_there or not same or not tail.records:
            return False
        rows = (row for row, record in enumerate(self._shown) if record is selected)
        row = next(rows, None)
        return row is not None and self._number(row) < tail.first

    def _number(self, row: int) -> int:
        """Return a row's number among all matches; the last row of the list is the oldest."""
        return self._last.first + len(self._shown) - 1 - row

    def _in_order(self, records: tuple[RecordView, ...]) -> tuple[RecordView, ...]:
        if not follows(self._start):
            return records
        if self._turned[0] is not records:
            self._turned = (records, records[::-1])
        return self._turned[1]

    @property
    def _table(self) -> RecordsTable:
        return self.query_one(RecordsTable)

    @property
    def _pane(self) -> RecordPane:
        return self.query_one(RecordPane)
