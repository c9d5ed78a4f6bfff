"""The line above a panel, or above several of which one is shown: their keys and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.drawing.text import clean, clip
from tui.drawing.tones import Piece, Tone, content


@dataclass(frozen=True, slots=True)
class Title:
    """A panel in the line.

    Attributes:
        panel: Its id.
        key: The key that goes there.
        name: What it is called.
        note: How much is in it.
        shown: Whether it is to be seen.
        focused: Whether keys go there.
        age: How old it is, when nothing adds to it.
        mistake: What is wrong with what is being typed for it; said in place of the note.
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
        """The same with something wrong."""
        return replace(self, mistake=mistake)


class TitleLine(Widget):
    """Names of panels on a rule; a click goes there."""

    class Chosen(Message):
        """Somebody clicked a panel's name."""

        def __init__(self, panel: str) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._titles: tuple[Title, ...] = ()

    def show(self, titles: Sequence[Title]) -> None:
        if tuple(titles) != self._titles:
            self._titles = tuple(titles)
            self.refresh()

    def render(self) -> Content:
        """The names, then the rule to the end of the line."""
        titles = fitted(self._titles, self.content_size.width)
        pieces = [piece for title in titles for piece in _pieces(title)]
        used = sum(cell_len(piece.text) for piece in pieces)
        pieces.append(Piece("─" * max(0, self.content_size.width - used), Tone.LINE))
        return content(pieces)

    def on_click(self, event: events.Click) -> None:
        """Find the name under the pointer."""
        end = 0
        for title in fitted(self._titles, self.content_size.width):
            end += sum(cell_len(piece.text) for piece in _pieces(title))
            if event.x < end:
                self.post_message(self.Chosen(title.panel))
                return


def fitted(titles: Sequence[Title], width: int) -> Sequence[Title]:
    """The titles with what fits of their notes: every name stays to be seen.

    Notes of panels that are not shown go first, the last of them before the others; then the notes
    of those that are shown are cut.
    """
    found = list(titles)
    wrong = [at for at, title in enumerate(found) if title.mistake and title.shown]
    if wrong and _cells(found) > width:
        # While it is typed, what is wrong with it matters more than where else one might go.
        found = found[: wrong[0] + 1]
    for at in reversed(range(len(found))):
        if _cells(found) > width and not found[at].shown:
            found[at] = replace(found[at], note="")
    for at in reversed(range(len(found))):
        over = _cells(found) - width
        title = found[at]
        if over > 0 and title.shown:
            said = clean(title.mistake) or title.note
            cut = clip(said, max(0, cell_len(said) - over))
            found[at] = replace(
                title, note="" if title.mistake else cut, mistake=cut if title.mistake else ""
            )
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
