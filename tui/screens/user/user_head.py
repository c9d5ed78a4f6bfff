"""Two lines about a user: identity, and current figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content
from textual.widget import Widget

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.streams.history import UserHistory
from tui.streams.user_feed import History
from tui.table.layout import fit

_NAME_CELLS = 40


class UserHead(Widget):
    """The user's id, name and figures.

    Args:
        user_id: The user's id.
        moment: The moment of event time that the user is shown at; None for now.
    """

    def __init__(self, user_id: int, moment: datetime | None = None) -> None:
        super().__init__(id="user-head")
        self._user = user_id
        self._moment = moment
        self._history = UserHistory()
        self._now = 0.0

    def show_history(self, history: UserHistory, now: float) -> None:
        """Draw a history; `now` is in seconds since the epoch."""
        if history is not self._history or int(now) != int(self._now):
            self._history, self._now = history, now
            self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        lines = (self._who(), not_read(self._history, self._now) or self._figures())
        return Content("\n").join(content(fit(line, width, right=False)) for line in lines)

    def _who(self) -> Sequence[Piece]:
        pieces = [Piece("user ", Tone.QUIET), Piece(str(self._user), Tone.TITLE)]
        if self._moment is not None:
            pieces += [Piece(f"   as of {text.event_time(self._moment)}", Tone.WAITS)]
        if self._history.seen:
            newest = self._history.seen[0].transaction
            name = text.clean(f"{newest.first} {newest.last}", _NAME_CELLS)
            born, place = text.clean(newest.dob, 12), text.clean(newest.zipcode, 10)
            pieces += [Piece(f"   {name}", Tone.STRONG)]
            pieces += [Piece(f"   born {born}   zip {place}", Tone.QUIET)]
        return pieces

    def _figures(self) -> Sequence[Piece]:
        history = self._history
        pieces = [
            Piece(counted(history.total, "transaction")),
            Piece("   "),
            Piece(text.integer(history.flagged), Tone.DANGER if history.flagged else Tone.PLAIN),
            Piece(" flagged", Tone.QUIET),
        ]
        if history.means:
            last = history.means[-1]
            pieces += [
                Piece("   6-hour mean ", Tone.QUIET),
                Piece(text.money(last.user_mean_trans_amt_last_360min)),
                Piece(" over ", Tone.QUIET),
                Piece(counted(last.user_trans_count_last_360min, "transaction")),
                Piece(", ", Tone.QUIET),
                Piece(text.event_time(last.trans_date_trans_time)),
            ]
        elif history.total:
            pieces.append(Piece("   no rolling feature yet", Tone.WAITS))
        if history.seen:
            since = history.seen[-1].transaction.trans_date_trans_time
            pieces.append(Piece(f"   shown since {text.event_time(since)}", Tone.QUIET))
        return pieces


def not_read(history: History, now: float) -> Sequence[Piece]:
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
