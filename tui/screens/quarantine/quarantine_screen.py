"""Invalid records of all sources: counted, listed, and shown in full."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Footer, Static

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.screens.export.exporter import Export, ExportRows
from tui.screens.live_screen import LiveScreen
from tui.session.view import View
from tui.streams.quarantined import BadRow, Quarantine
from tui.table.live_table import LiveTable
from tui.widgets.header import Header
from tui.widgets.record_pane import BESIDE_OR_BELOW, RecordPane
from tui.widgets.titles import Title, TitleLine

from .quarantine_table import QUARANTINE_COLUMNS, QuarantineTable

_NONE = (Piece("Every record read so far is valid.", Tone.QUIET),)


class QuarantineScreen(LiveScreen):
    """Lists the invalid records, which no feature sees."""

    CSS_PATH = "quarantine.tcss"
    BINDINGS = inner_bindings(Scope.QUARANTINE)
    AUTO_FOCUS = "QuarantineTable"
    HORIZONTAL_BREAKPOINTS = BESIDE_OR_BELOW

    def __init__(self) -> None:
        super().__init__()
        self._frozen: Quarantine | None = None

    def compose(self) -> ComposeResult:
        """Lay out the header, the counts, the list, the record and the footer."""
        yield Header().data_bind(QuarantineScreen.view)
        yield TitleLine()
        yield Static(id="quarantine-kinds")
        with Container(id="quarantine-body"):
            yield QuarantineTable(id="quarantine-list")
            yield RecordPane(id="quarantine-record")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(RecordPane).display = False

    def draw(self, view: View) -> None:
        now = view.data.invalid
        shown = self._frozen or now
        note = counted(now.total, "invalid record")
        if self._frozen is not None:
            note = f"frozen, {text.integer(now.total - self._frozen.total)} more since"
        elif len(now.rows) < now.total:
            note += f", the newest {text.integer(len(now.rows))} below"
        self.query_one(TitleLine).titles = (Title("quarantine", "", "Quarantine", note),)
        table = self.query_one(QuarantineTable)
        table.show_invalid(shown.rows, view.now, _NONE)
        self._show_record()

    def action_freeze(self) -> None:
        """Freeze the list, or follow again."""
        self._frozen = None if self._frozen is not None else self.view.data.invalid
        self.redraw()

    @on(LiveTable.Moved)
    def _show_record(self) -> None:
        pane = self.query_one(RecordPane)
        row = self.query_one(QuarantineTable).selected if pane.display else None
        if pane.display:
            pane.show(row.record if row is not None else None)
        # The list is too narrow for the reason when the record is open.
        shown = self._frozen or self.view.data.invalid
        line = _kinds(shown) if row is None else _reason(row)
        self.query_one("#quarantine-kinds", Static).update(content(line))

    @on(LiveTable.Opened)
    def _open(self) -> None:
        pane = self.query_one(RecordPane)
        pane.display = not pane.display
        self.redraw()

    @on(LiveTable.ExportWanted)
    def _export(self) -> None:
        rows = (self._frozen or self.view.data.invalid).rows
        what = f"Quarantine, {counted(len(rows), 'invalid record')}"
        export = Export(what, "quarantine", len(rows), QUARANTINE_COLUMNS, lambda: rows)
        self.post_message(ExportRows(export))

    @on(RecordPane.Closed)
    def _close_record(self) -> None:
        self.query_one(RecordPane).display = False
        self.query_one(QuarantineTable).focus()


def _kinds(quarantine: Quarantine) -> list[Piece]:
    pieces: list[Piece] = []
    for kind, count in quarantine.kinds:
        pieces += [Piece("   " if pieces else "")]
        # A line does not break inside a kind and its count.
        name = text.clean(f"{kind} ").replace(" ", "\N{NO-BREAK SPACE}")
        pieces += [Piece(name, Tone.QUIET), Piece(text.integer(count))]
    return pieces


def _reason(row: BadRow) -> list[Piece]:
    return [Piece(f"{text.clean(row.kind)}: ", Tone.WAITS), Piece(text.clean(row.reason, 200))]
