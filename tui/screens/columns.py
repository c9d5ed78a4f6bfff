"""A dialog that shows and hides the columns of a table, with immediate effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.keymap import Scope, bindings
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable


@dataclass(frozen=True, slots=True)
class _ColumnChoice:
    """One column, and whether it is shown."""

    title: str
    shown: bool


def _mark(row: _ColumnChoice, _: float) -> Sequence[Piece]:
    return [Piece("✓", Tone.ACCENT) if row.shown else Piece(" ")]


def _title(row: _ColumnChoice, _: float) -> Sequence[Piece]:
    return [Piece(text.clean(row.title), Tone.PLAIN if row.shown else Tone.QUIET)]


_COLUMNS: Final = Columns[_ColumnChoice](
    Column("", 1, _mark),
    Column("column", 20, _title, grow=40),
)


class ColumnsScreen(ModalScreen[None]):
    """Shows and hides columns of a table.

    Args:
        table: The table.
        hide: Hides the columns with these titles and shows all others.
    """

    BINDINGS = bindings(Scope.COLUMNS)
    CSS_PATH: ClassVar[str] = "../styles/forms.tcss"

    def __init__(self, table: LiveTable[Any], hide: Callable[[frozenset[str]], None]) -> None:
        super().__init__()
        self._of = table
        self._hide = hide

    def compose(self) -> ComposeResult:
        """List the columns, with a mark at each visible one."""
        with Vertical(classes="form", id="columns-box") as box:
            box.border_title = "Columns"
            box.border_subtitle = "space shows or hides, esc closes"
            table = LiveTable(_COLUMNS, lambda row: row.title, heading=False, id="columns-list")
            # The dialog moves the cursor; the keys of tables do not work here.
            table.can_focus = False
            yield table

    def on_mount(self) -> None:
        self._draw()

    def action_move(self, rows: int) -> None:
        self._list.action_move(rows)

    def action_switch(self) -> None:
        """Show the column under the cursor, or hide it."""
        chosen = self._list.selected
        if chosen is not None:
            self._hide(self._of.hidden ^ {chosen.title})
            self._draw()

    def action_close(self) -> None:
        self.dismiss()

    @on(LiveTable.Opened)
    def _toggle_clicked(self, message: LiveTable.Opened) -> None:
        message.stop()
        self.action_switch()

    @property
    def _list(self) -> LiveTable[_ColumnChoice]:
        return self.query_one("#columns-list", LiveTable)

    def _draw(self) -> None:
        hidden = self._of.hidden
        rows = [_ColumnChoice(title, title not in hidden) for title in self._of.optional_columns]
        self._list.show_rows(tuple(rows), 0.0, ())
