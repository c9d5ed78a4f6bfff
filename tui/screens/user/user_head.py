"""Two lines about a user: identity, and current figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.history import UserHistory

from .history_head import HistoryHead

_NAME_CELLS = 40


class UserHead(HistoryHead[UserHistory]):
    """The user's id, name and figures.

    Args:
        user_id: The user's id.
        moment: The moment of event time that the user is shown at; None for now.
    """

    def __init__(self, user_id: int, moment: datetime | None = None) -> None:
        super().__init__(UserHistory(), moment)
        self._user = user_id

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
