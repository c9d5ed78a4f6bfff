"""What the heads of the screens of one user have in common: who it is, and figures or why none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from textual.content import Content
from textual.widget import Widget

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.streams.user_feed import History
from tui.table.layout import fit

HistoryT = TypeVar("HistoryT", bound=History)


class HistoryHead(Widget, Generic[HistoryT]):
    """Two lines above a user's history.

    Args:
        history: The history before anything of it has been read.
        moment: The moment of event time that the user is shown at; None for now.
    """

    def __init__(self, history: HistoryT, moment: datetime | None) -> None:
        super().__init__(id="user-head")
        self._moment = moment
        self._history = history
        self._now = 0.0

    def show_history(self, history: HistoryT, now: float) -> None:
        """Draw a history; `now` is in seconds since the epoch."""
        if history is not self._history or int(now) != int(self._now):
            self._history, self._now = history, now
            self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        lines = (self._who(), _not_read(self._history, self._now) or self._figures())
        return Content("\n").join(content(fit(line, width, right=False)) for line in lines)

    @abstractmethod
    def _who(self) -> Sequence[Piece]: ...

    @abstractmethod
    def _figures(self) -> Sequence[Piece]: ...


def _not_read(history: History, now: float) -> Sequence[Piece]:
    """Say why a history is not all there; empty when it is."""
    if history.error:
        age = text.age(now - history.at) if history.at else ""
        read = f"Last read {age}." if age else "Nothing has been read yet."
        said = f"Kafka: {history.error.rstrip('.')}. {read}"
        return [Piece(text.clean(said), Tone.DANGER)]
    if not history.caught_up:
        read = counted(history.read, "record")
        return [Piece(f"reading the history, {read} so far…", Tone.WAITS)]
    return []
