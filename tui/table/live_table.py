"""A table of frozen rows that draws only visible lines and keeps the cursor on its row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Generic, Self

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.drawing.text import clean
from tui.drawing.tones import Piece, Tone
from tui.keymap import Scope, bindings

from .awaited import Awaited
from .column import Column, Columns, RowT
from .layout import Placed, column_at, heading, lay_out, place
from .query import Query
from .strips import Strips

_WHEEL_ROWS: Final = 3
_COPIED_CELLS: Final = 60
_ASKING: Final = frozenset({"filter", "sort_next", "sort_reverse", "sort_letter"})


@dataclass
class TableMessage(Message):
    """A message of a live table, with the table that posted it."""

    table: LiveTable[Any]


class LiveTable(ScrollView, Generic[RowT], can_focus=True, inherit_bindings=False):
    """Rows under a heading that stays.

    The cursor is on the first row, whichever that is, until it is moved; from then on it stays on
    the row with the same key, at the same line of the screen, while other rows come and go.

    Args:
        columns: The columns.
        key: Returns a row's identity.
        heading: Whether to show the column titles.
        query: The initial query; None for rows that cannot be sorted or filtered.
        id: The widget's id.
    """

    class Opened(TableMessage):
        """Posted when a row is opened."""

    class Moved(Message):
        """Posted when the user moves the cursor to another row."""

    @dataclass
    class Queried(TableMessage):
        """Posted when the query changes."""

        query: Query

    class FilterWanted(TableMessage):
        """Posted to open the filter bar for this table."""

    class ExportWanted(TableMessage):
        """Posted to export the rows of this table."""

    class Ready(TableMessage):
        """Posted on mount, so that remembered columns can be hidden."""

    class ColumnsWanted(TableMessage):
        """Posted to choose the visible columns."""

    BINDINGS = bindings(Scope.TABLE)
    OPENS: ClassVar[bool] = True
    """Whether rows can be opened."""
    EXPORTS: ClassVar[bool] = False
    """Whether the screen exports the rows of this table."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {"live-table--cursor"}

    def __init__(
        self,
        columns: Columns[RowT],
        key: Callable[[RowT], Hashable],
        *,
        heading: bool = True,
        query: Query | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = columns
        self._hidden: frozenset[str] = frozenset()
        self._query = query
        self._awaited = Awaited()
        self._key = key
        self._heading = 1 if heading else 0
        self._rows: Sequence[RowT] = ()
        self._now = 0.0
        self._reason: Sequence[Piece] = ()
        self._note: Sequence[Piece] = ()
        self._cursor = 0
        self._held: Hashable | None = None
        self._placed: list[Placed[RowT]] = []
        self._strips: Strips[RowT] = Strips(self._style)
        # The width that lines are prepared for; 0 when they have to be prepared again.
        self._ready_for = 0

    @property
    def rows(self) -> Sequence[RowT]:
        """The rows in the order shown."""
        return self._rows

    @property
    def selected(self) -> RowT | None:
        """The row under the cursor; None when there are no rows."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The titles of the columns that can be hidden: all except the first."""
        return tuple(title for column in self.columns.drawn[1:] if (title := column.title.strip()))

    @property
    def hidden(self) -> frozenset[str]:
        """The titles of the hidden columns."""
        return self._hidden

    def use_columns(self, columns: Columns[Any]) -> None:
        """Show these columns from now on."""
        if columns is not self.columns:
            self.columns = columns
            self.refresh()

    def hide(self, titles: Iterable[str]) -> None:
        """Hide these columns and show all others; titles without a column apply when it appears."""
        self._hidden = frozenset(titles)
        self.refresh()

    @property
    def asked(self) -> Query | None:
        """The query; None for rows that cannot be sorted or filtered."""
        return self._query

    def ask(self, query: Query) -> None:
        """Set the query, and post `Queried`."""
        if query != self._query:
            self._query = query
            self._awaited.asked()
            self.post_message(self.Queried(self, query))
            self.refresh()

    def copied(self, row: RowT) -> str:
        """Return the text to copy for a row; empty for none."""
        return ""

    def show_rows(
        self,
        rows: Sequence[RowT],
        now: float,
        reason: Sequence[Piece],
        note: Sequence[Piece] = (),
        answers: Query | None = None,
    ) -> None:
        """Set and draw the rows.

        Args:
            rows: The rows, in the order to show.
            now: Seconds since the epoch, to compute ages.
            reason: Shown when there are no rows.
            note: A line below the rows, outside the cursor's range; empty for none.
            answers: The query that the rows answer; None where they answer any.
        """
        self._set_rows(rows, now, reason, note)
        self._awaited.came(answers, self._query)

    def _set_rows(
        self, rows: Sequence[RowT], now: float, reason: Sequence[Piece], note: Sequence[Piece]
    ) -> None:
        later = int(now) != int(self._now)
        # With rows, the reason is not visible, so a change of it needs no redraw.
        changed = rows != self._rows or note != self._note or (not rows and reason != self._reason)
        if not (changed or later):
            return
        # All rows show ages of the same moment, whichever of them are redrawn.
        self._now = now if later else self._now
        self._rows, self._reason, self._note = rows, reason, note
        height = len(rows) + self._heading + bool(note)
        if self.virtual_size.height != height:
            # Height "auto" depends on the number of rows, so it needs a layout.
            self.virtual_size = Size(0, height)
            self.refresh(layout=bool(self.styles.is_auto_height))
        self._follow_held_row()
        self.refresh()

    def on_mount(self) -> None:
        self.post_message(self.Ready(self))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the visible part."""
        width = self.scrollable_content_region.width
        if width != self._ready_for:
            self._make_ready(width)
        if not self._rows:
            reason = self._centred_reason(width) if y == self._reason_line else ()
            return self._strips.of(reason, width)
        if y < self._heading:
            return self._strips.of(self._titles(), width)
        index = self.scroll_offset.y + y - self._heading
        if index >= len(self._rows):
            return self._strips.of(self._note if index == len(self._rows) else (), width)
        row = self._rows[index]
        # A table that never has the focus shows its cursor anyway: the dialog moves it.
        cursor = index == self._cursor and (self.has_focus or not self.can_focus)
        return self._strips.of_row(
            self._key(row), row, lambda: self._line(row), width, cursor=cursor
        )

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Redraw, and prepare the lines again."""
        self._ready_for = 0
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _make_ready(self, width: int) -> None:
        """Compute what all lines depend on, once for all of them."""
        self._ready_for = width
        self._placed = place(self._shown_columns, width)
        cursor = self.get_component_rich_style("live-table--cursor")
        look = (width, tuple(self._placed), self._now, self.app.theme)
        self._strips.begin(self.rich_style, cursor, *look)

    def action_move(self, rows: int) -> None:
        self._go(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        self._go(self._cursor + pages * max(1, self._visible_rows - 1))

    def action_first(self) -> None:
        """Go to the first row, and stay on top."""
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_open(self) -> None:
        self._awaited.then(self._open)

    def action_filter(self) -> None:
        self.post_message(self.FilterWanted(self))

    def action_export(self) -> None:
        self.post_message(self.ExportWanted(self))

    def action_copy(self) -> None:
        """Copy the id of the selected row."""
        self._awaited.then(self._copy)

    def _open(self) -> None:
        if self._rows:
            self.post_message(self.Opened(self))

    def _copy(self) -> None:
        text = self.copied(self.selected) if self.selected is not None else ""
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(f"Copied {clean(text, _COPIED_CELLS)}", markup=False)

    def action_columns(self) -> None:
        """Choose which columns are shown."""
        self.post_message(self.ColumnsWanted(self))

    def action_sort_next(self) -> None:
        names = [column.name for column in self.columns.drawn if column.name]
        if self._query is not None and names:
            at = names.index(self._query.sort) if self._query.sort in names else -1
            self._sort_by(names[(at + 1) % len(names)])

    def action_sort_reverse(self) -> None:
        if self._query is not None:
            self.ask(replace(self._query, descending=not self._query.descending))

    def action_sort_letter(self, letter: str) -> None:
        """Sort by the column with this letter; if it already is, reverse the order."""
        for column in self.columns.drawn:
            if column.letter == letter and column.name:
                self._sort_by(column.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable what this table does not support: sort, filter, export or open."""
        cannot = {"open": not self.OPENS, "export": not self.EXPORTS}
        if cannot.get(action, self._query is None and action in _ASKING):
            return False
        return super().check_action(action, parameters)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row, open it on a double click, or sort by the clicked title."""
        # Event positions include the padding around the content.
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = self.scroll_offset.y + offset.y - self._heading
        if offset.y < self._heading:
            if (column := column_at(self._placed, offset.x)) is not None and column.name:
                self._sort_by(column.name)
        elif row < len(self._rows):
            self._go(row)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the cursor, which keeps the selected row at its line while others come and go."""
        event.stop()
        event.prevent_default()
        self.action_move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the cursor, which keeps the selected row at its line while others come and go."""
        event.stop()
        event.prevent_default()
        self.action_move(-_WHEEL_ROWS)

    def _sort_by(self, name: str) -> None:
        query = self._query
        if query is None:
            return
        if query.sort == name:
            self.action_sort_reverse()
        else:
            self.ask(replace(query, sort=name, descending=True))

    @property
    def _shown_columns(self) -> Sequence[Column[RowT]]:
        if not self.columns.drawn:
            # A table of any topic has no columns before a topic is chosen.
            return []
        first, *others = self.columns.drawn
        return [first, *(each for each in others if each.title.strip() not in self._hidden)]

    @property
    def _visible_rows(self) -> int:
        return max(1, self.scrollable_content_region.height - self._heading)

    def _go(self, row: int) -> None:
        before = self._cursor
        self._cursor = max(0, min(row, len(self._rows) - 1))
        self._held = self._key(self._rows[self._cursor]) if self._cursor else None
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + self._visible_rows:
            self.scroll_to(y=self._cursor - self._visible_rows + 1, animate=False)
        if self._cursor != before:
            self.post_message(self.Moved())
        self.refresh()

    def _follow_held_row(self) -> None:
        before = self._cursor
        if self._held is not None:
            found = next(
                (i for i, row in enumerate(self._rows) if self._key(row) == self._held), None
            )
            self._cursor = self._cursor if found is None else found
        self._cursor = max(0, min(self._cursor, len(self._rows) - 1))
        if self._cursor != before:
            self.scroll_to(y=self.scroll_offset.y + self._cursor - before, animate=False)

    @property
    def _reason_line(self) -> int:
        return self.size.height // 3

    def _centred_reason(self, width: int) -> list[Piece]:
        cells = sum(cell_len(piece.text) for piece in self._reason)
        return [Piece(" " * max(0, (width - cells) // 2)), *self._reason]

    def _titles(self) -> list[Piece]:
        query = self._query or Query()
        return lay_out(
            self._placed,
            lambda column: heading(
                column,
                sorted_by=bool(column.name) and column.name == query.sort,
                descending=query.descending,
            ),
        )

    def _line(self, row: RowT) -> list[Piece]:
        return lay_out(self._placed, lambda column: column.cell(row, self._now))

    def _style(self, tone: Tone) -> Style:
        return self.app.stylesheet.parse_style(tone.value).rich_style
