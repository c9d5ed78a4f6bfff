"""The screen of a job's mismatches: what is not equal, why, and from which records."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Footer, Static

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.findings import Findings, Mismatch
from pipeline.model.held_tests import WantedTest
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.messages import LookAgain, Moment, OpenOwnUser, OpenUser, WriteTest
from tui.screens.export.exporter import Export, ExportRows
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import View
from tui.streams.watch import Watch
from tui.table.layout import fit
from tui.table.live_table import LiveTable
from tui.widgets.header import Header
from tui.widgets.titles import Title, TitleLine

from .inputs_table import InputsTable
from .mismatch_table import MismatchTable, mismatch_columns
from .mismatch_text import compared, counts, why_none

_SECONDS: Final = 2.0


class MismatchScreen(Guarded, LiveScreen):
    """What the last proof of a job found besides equal rows.

    Args:
        session: The session with the job.
        name: The job's name.
        profile: The console's profile.
    """

    CSS_PATH = "mismatches.tcss"
    BINDINGS = inner_bindings(Scope.MISMATCHES)
    AUTO_FOCUS = "MismatchTable"

    def __init__(self, session: Session, name: str, profile: str) -> None:
        super().__init__()
        self._session = session
        self._job = name
        self._profile = profile
        self._shown: Findings | None = None
        self._compared: tuple[Mismatch | None, int] = (None, 0)
        self._watch: Watch[Findings | None] = Watch(
            lambda: session.findings(name), _SECONDS, session.clock, name="mismatches"
        )

    def compose(self) -> ComposeResult:
        """Lay out the counts, the mismatches, the selected one, and its inputs."""
        yield Header().data_bind(MismatchScreen.view)
        yield TitleLine(classes="rows")
        yield Static(id="mismatch-counts")
        yield MismatchTable(self._job, self._profile)
        yield Static(id="mismatch-values")
        yield TitleLine(classes="inputs")
        yield InputsTable()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._watch.start()

    def on_unmount(self) -> None:
        self._watch.stop()

    def draw(self, view: View) -> None:
        last = self._watch.last
        read = bool(last.at)
        found = last.value
        title = Title("mismatches", "", f"Mismatches of {text.clean(self._job)}", _note(found))
        if last.problem is not None:
            title = title.with_mistake(text.clean(last.problem))
        self.query_one("TitleLine.rows", TitleLine).titles = (title,)
        line = view.job(self._job)
        self.query_one("#mismatch-counts", Static).update(content(counts(found, line, view.now)))
        if found is not None and found is not self._shown:
            self._shown = found
            self._table.use_columns(mismatch_columns(found.rows))
        reason = why_none(found) if read else Piece("Reading…", Tone.WAITS)
        self._table.show_rows(found.rows if found is not None else (), view.now, (reason,))
        self._show_selected()

    def action_prove(self) -> None:
        """Prove the job again."""
        self._session.prove(frozenset({self._job}))
        self.post_message(LookAgain())

    def action_shrink(self) -> None:
        """Write the smallest case of the selected mismatch, as a test."""
        row = self._table.selected
        if row is None:
            return
        if not row.kind.wrong:
            self.notify("Only a row that is wrong has a smallest case.")
            return
        self.post_message(WriteTest(WantedTest(self._job, row.named, smallest=True)))

    @on(LookAgain)
    def look_again(self) -> None:
        """Read what was found now rather than at the next interval."""
        self._watch.now()

    @on(LiveTable.Moved)
    def _show_selected(self) -> None:
        row, found = self._table.selected, self._watch.last.value
        values = self.query_one("#mismatch-values", Static)
        width = values.content_size.width
        if (row, width) != self._compared:
            # Laid out only when it changes, since its height follows.
            self._compared = row, width
            lines = compared(row, width) if row is not None else []
            fitted = (content(fit(each, width, right=False)) for each in lines)
            values.update(Content("\n").join(fitted))
        inputs = self.query_one(InputsTable)
        inputs.show_inputs(row, found.time if found is not None else "", self.view.now)
        note = "" if row is None else _how_many(row)
        focused = self.focused is inputs
        title = Title("inputs", "", "Computed from", note, focused=focused)
        self.query_one("TitleLine.inputs", TitleLine).titles = (title,)

    @on(LiveTable.Opened)
    def _open_user(self) -> None:
        row, found = self._table.selected, self._watch.last.value
        if row is None or found is None:
            return
        user = row.identity.get(found.user) if found.user is not None else None
        if user is None:
            self.notify("This row has no user, or a hidden one.")
            return
        arrived = [each.arrived_ms for each in row.inputs if each.arrived_ms > 0]
        since = min(arrived, default=None)
        if found.source == TRANSACTION_TOPIC and isinstance(user, int):
            self.post_message(OpenUser(user, Moment(row.at, since)))
        else:
            self.post_message(OpenOwnUser(found.source, str(user), Moment(row.at, since)))

    @on(LiveTable.ExportWanted)
    def _export(self) -> None:
        rows = self._table.rows
        what = f"Mismatches of {text.clean(self._job)}, {counted(len(rows), 'row')}"
        name = f"{self._job}-mismatches"
        export = Export(what, name, len(rows), mismatch_columns(rows), lambda: rows)
        self.post_message(ExportRows(export))

    @property
    def _table(self) -> MismatchTable:
        return self.query_one(MismatchTable)


def _note(found: Findings | None) -> str:
    if found is None or not found.rows:
        return ""
    total = sum(found.counts.values())
    shown = counted(len(found.rows), "row")
    return f"{shown} of {text.integer(total)}" if total > len(found.rows) else shown


def _how_many(row: Mismatch) -> str:
    records = counted(row.inputs_total, "record")
    shown = len(row.inputs)
    return f"{records}, the newest {shown} below" if shown < row.inputs_total else records
