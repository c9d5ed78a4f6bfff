"""The dialog that asks for the format and the path of an export."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from pipeline.errors import PipelineError
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, bindings
from tui.table.export import Format
from tui.widgets.choice import Choice

_WHAT_CELLS: Final = 400
_FORMATS: Final = (
    (Format.CSV, "c", "CSV"),
    (Format.JSON, "j", "JSON lines"),
    (Format.PARQUET, "p", "Parquet"),
)
_OURS: Final = frozenset(f".{format.value}" for format in Format)


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """The format and the path of a new file; existing files are never overwritten."""

    format: Format
    path: Path


class ExportScreen(ModalScreen[ExportChoice | None]):
    """Returns the choice; None for no file.

    Args:
        what: A description of the rows: `Users, 1,234 of 20,000 that match count>5`.
        count: Number of rows.
        folder: The default folder.
        name: The default file name, without a suffix.
    """

    BINDINGS = bindings(Scope.EXPORT)
    CSS_PATH: ClassVar[str] = "../../styles/forms.tcss"
    # The formats' keys work at once; tab or the mouse focuses the path.
    AUTO_FOCUS = ""

    def __init__(self, what: str, count: int, folder: Path, name: str) -> None:
        super().__init__()
        self._what = what
        self._count = count
        self._format = Format.CSV
        self._first = folder / f"{name}.{self._format}"

    def compose(self) -> ComposeResult:
        unit = " row" if self._count == 1 else " rows"
        what = [
            Piece(text.clean(self._what, _WHAT_CELLS), Tone.STRONG),
            Piece(f"\n{text.integer(self._count)}", Tone.PLAIN),
            Piece(unit, Tone.QUIET),
        ]
        with Vertical(classes="form") as box:
            box.border_title = "Export"
            yield Static(content(what), classes="heading")
            with Horizontal(classes="formats"):
                for format, key, label in _FORMATS:
                    yield Choice(key, label, f"choose('{format}')", id=format.value)
            yield Input(str(self._first), id="path", compact=True, select_on_focus=False)
            yield Static(id="refusal")
            yield Static(
                content([Piece("tab edits the path; no file is overwritten.", Tone.QUIET)])
            )
            with Horizontal(classes="choices"):
                yield Choice("enter", "export", "export", id="export")
                yield Choice("esc", "go back", "close", tone=Tone.QUIET, id="back")

    def on_mount(self) -> None:
        self._mark()

    def action_choose(self, format: str) -> None:
        """Choose a format, and adapt the path's suffix."""
        self._format = Format(format)
        field = self.query_one(Input)
        path = Path(field.value)
        if path.suffix in _OURS:
            field.value = str(path.with_suffix(f".{self._format}"))
        self._mark()

    async def action_export(self) -> None:
        """Accept the path if a file can be created there."""
        try:
            # A folder on the network may be slow.
            path = await asyncio.to_thread(_accepted, self.query_one(Input).value.strip())
        except PipelineError as refusal:
            self.query_one("#refusal", Static).update(
                content([Piece(text.clean(refusal.message, _WHAT_CELLS), Tone.DANGER)])
            )
        else:
            self.dismiss(ExportChoice(self._format, path.absolute()))

    def action_close(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    async def _submit(self) -> None:
        await self.action_export()

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        self.query_one("#refusal", Static).update("")

    def _mark(self) -> None:
        for format, _key, _label in _FORMATS:
            self.query_one(f"#{format}", Choice).mark(chosen=format is self._format)


def _accepted(typed: str) -> Path:
    """Return the path that was typed.

    Raises:
        PipelineError: No file can have it.
    """
    path = Path(typed)
    try:
        path = path.expanduser()
        if not path.name or "\0" in typed:
            raise PipelineError("Type a file name.")
        if path.is_dir():
            raise PipelineError(f"{path} is a folder.")
        if not path.parent.is_dir():
            raise PipelineError(f"There is no folder {path.parent}.")
    except RuntimeError as error:
        raise PipelineError(f"{path.parts[0]} is no home folder.") from error
    except OSError as error:
        raise PipelineError(f"No file can be there: {error.strerror}.") from error
    return path
