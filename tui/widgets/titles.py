"""The line above a panel, or above several as tabs: their keys and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.drawing.text import clean, clip
from tui.drawing.tones import Piece, Tone, content

AS_OF: Final = "as of "
"""Before the age of rows, where there is room for it."""


@dataclass(frozen=True, slots=True)
class Title:
    """The title of a panel.

    Attributes:
        panel: The panel's id.
        key: The key that goes to the panel.
        name: The panel's name.
        note: Its number of rows.
        shown: Whether the panel is visible.
        focused: Whether the panel has the focus.
        age: The age of its rows, when no job adds new ones.
        mistake: The error in the filter being typed; shown instead of the note.
    """

    panel: str
    key: str
    name: str
    note: str = ""
    shown: bool = True
    focused: bool = False
    age: str = ""
    mistake: str = ""

    def with_mistake(self, mistake: str) -> Title:
        """Return a copy with an error."""
        return replace(self, mistake=mistake)


class TitleLine(Widget):
    """The names of panels on a rule; a click goes to a panel."""

    @dataclass
    class Chosen(Message):
        """Posted when a panel's name is clicked."""

        panel: str

    titles: reactive[tuple[Title, ...]] = reactive[tuple[Title, ...]](())

    def render(self) -> Content:
        """Draw the names, then the rule to the end of the line."""
        titles = fitted(self.titles, self.content_size.width)
        pieces = [piece for title in titles for piece in _pieces(title)]
        used = sum(cell_len(piece.text) for piece in pieces)
        pieces.append(Piece("─" * max(0, self.content_size.width - used), Tone.LINE))
        return content(pieces)

    def on_click(self, event: events.Click) -> None:
        """Post `Chosen` for the clicked name."""
        end = 0
        for title in fitted(self.titles, self.content_size.width):
            end += sum(cell_len(piece.text) for piece in _pieces(title))
            if event.x < end:
                self.post_message(self.Chosen(title.panel))
                return


def fitted(titles: Sequence[Title], width: int) -> Sequence[Title]:
    """Shorten the titles' notes to a width in cells, so that every name stays visible.

    Notes of hidden panels are dropped first, starting with the last one; then ages are written
    shorter, and the notes of visible panels are cut, and their ages.
    """
    found = list(titles)
    wrong = [at for at, title in enumerate(found) if title.mistake and title.shown]
    if wrong and _cells(found) > width:
        # While a filter is typed, its error matters more than the names of other panels.
        found = found[: wrong[0] + 1]
    for at in reversed(range(len(found))):
        if _cells(found) > width and not found[at].shown:
            found[at] = replace(found[at], note="")
    for at in reversed(range(len(found))):
        if _cells(found) > width:
            found[at] = replace(found[at], age=found[at].age.removeprefix(AS_OF))
    for at in reversed(range(len(found))):
        over = _cells(found) - width
        title = found[at]
        if over > 0 and title.shown:
            said = clean(title.mistake) or title.note
            cut = clip(said, max(0, cell_len(said) - over))
            found[at] = replace(
                title, note="" if title.mistake else cut, mistake=cut if title.mistake else ""
            )
    for at in reversed(range(len(found))):
        if (over := _cells(found) - width) > 0 and (title := found[at]).shown and title.age:
            found[at] = replace(title, age=clip(title.age, max(0, cell_len(title.age) - over)))
    return found


def _cells(titles: Sequence[Title]) -> int:
    return sum(cell_len(piece.text) for title in titles for piece in _pieces(title))


def _pieces(title: Title) -> list[Piece]:
    key = Tone.ACCENT if title.shown else Tone.QUIET
    name = Tone.TITLE if title.focused else Tone.STRONG if title.shown else Tone.QUIET
    pieces = [Piece("─ ", Tone.LINE), Piece(f"{title.key} ", key), Piece(title.name, name)]
    if title.mistake and title.shown:
        pieces.append(Piece(f" {clean(title.mistake)}", Tone.DANGER))
        return [*pieces, Piece(" ", Tone.LINE)]
    if title.note:
        pieces.append(Piece(f" {title.note}", Tone.QUIET))
    if title.age and title.shown:
        pieces.append(Piece(f" {title.age}", Tone.WAITS))
    return [*pieces, Piece(" ", Tone.LINE)]
