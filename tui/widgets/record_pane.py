"""A scrollable pane with one record: topic, partition, offset, headers and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.drawing import text
from tui.drawing.json_text import Line
from tui.drawing.tones import Piece, Tone
from tui.keymap import Scope, bindings
from tui.streams.record_view import RecordView, as_text

from .record_lines import record_lines

BESIDE_OR_BELOW: Final = [(0, "-below"), (120, "-beside")]
"""Breakpoints of a screen with the pane: beside the list of records, or below it."""
_WHEEL_LINES: Final = 3
_NOTHING: Final = (Piece("No record is selected.", Tone.QUIET),)


class RecordPane(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows one record; tables' keys scroll it, `y` copies its value, `enter` closes it.

    Args:
        id: The widget's id.
    """

    BINDINGS = bindings(Scope.TABLE)
    DEFAULT_CSS: ClassVar[str] = """
    RecordPane {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    class Closed(Message):
        """Posted when the pane is closed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._record: RecordView | None = None
        self._reason: Sequence[Piece] = _NOTHING
        self._laid_out: tuple[RecordView | None, int] = (None, -1)
        self._lines: Sequence[Line] = ()

    @property
    def record(self) -> RecordView | None:
        return self._record

    def show(self, record: RecordView | None, reason: Sequence[Piece] = _NOTHING) -> None:
        """Show another record, from its first line on.

        Args:
            record: The record; None for none.
            reason: Shown when there is none.
        """
        if record == self._record and reason == self._reason:
            return
        another = record is None or self._record is None or _place(record) != _place(self._record)
        self._record, self._reason = record, reason
        if another:
            self.scroll_to(y=0, animate=False)
        self._lay_out()
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the visible part."""
        width = self.scrollable_content_region.width
        self._lay_out()
        index = self.scroll_offset.y + y
        pieces = self._lines[index] if index < len(self._lines) else ()
        segments = [Segment(piece.text, self._style(piece.tone)) for piece in pieces]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def action_move(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_page(self, pages: int) -> None:
        height = max(1, self.scrollable_content_region.height - 1)
        self.scroll_to(y=self.scroll_offset.y + pages * height, animate=False)

    def action_first(self) -> None:
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def action_open(self) -> None:
        self.post_message(self.Closed())

    def action_copy(self) -> None:
        if self._record is not None:
            copy_value(self, self._record)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        event.prevent_default()
        self.action_move(_WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        event.prevent_default()
        self.action_move(-_WHEEL_LINES)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        wanted = (self._record, width)
        if wanted[0] is not self._laid_out[0] or wanted[1] != self._laid_out[1]:
            self._laid_out = wanted
            self._lines = () if self._record is None else record_lines(self._record, width)
            self.virtual_size = Size(0, len(self._lines))
        if self._record is None:
            self._lines = ([], list(self._reason))

    def _style(self, tone: Tone) -> Style:
        return self.rich_style + self.app.stylesheet.parse_style(tone.value).rich_style


def copy_value(pane: ScrollView, record: RecordView) -> None:
    """Copy a record's value to the clipboard of the user's terminal, and notify."""
    data = record.shown
    if data is None:
        pane.notify("A tombstone has no value to copy.", severity="warning", markup=False)
        return
    pane.app.copy_to_clipboard(as_text(data))
    copied = f"Copied {text.integer(len(data))} bytes"
    more = f" of {text.integer(record.size)}" if record.size is not None else ""
    more += ", what is sensitive hidden" if data != record.data else ""
    pane.notify(f"{copied}{more}.", markup=False)


def _place(record: RecordView) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset
