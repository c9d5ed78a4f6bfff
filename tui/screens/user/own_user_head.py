"""Two lines about a user of the user's own stream: who, and current figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.sources import Source
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.own_history import OwnHistory

from .history_head import HistoryHead


class OwnUserHead(HistoryHead[OwnHistory]):
    """The user, the stream, and figures.

    Args:
        source: The stream.
        user: The user.
        moment: The moment of event time that the user is shown at; None for now.
    """

    def __init__(self, source: Source, user: str, moment: datetime | None = None) -> None:
        super().__init__(OwnHistory(), moment)
        self._source = source
        self._user = user

    def _who(self) -> Sequence[Piece]:
        pieces = [
            Piece(f"{text.clean(self._source.user or '')} ", Tone.QUIET),
            Piece(text.clean(self._user), Tone.TITLE),
            Piece(f"   in {text.clean(self._source.topic)}", Tone.QUIET),
        ]
        if self._moment is not None:
            pieces += [Piece(f"   as of {text.event_time(self._moment)}", Tone.WAITS)]
        return pieces

    def _figures(self) -> Sequence[Piece]:
        history, source = self._history, self._source
        pieces = [Piece(counted(history.total, "record"))]
        if source.label is not None and not history.hides(source.label):
            tone = Tone.DANGER if history.flagged else Tone.PLAIN
            pieces += [Piece("   "), Piece(text.integer(history.flagged), tone)]
            pieces += [Piece(" flagged", Tone.QUIET)]
        if history.records:
            time = list(source.columns).index(source.time)
            since = text.event_time(history.records[-1].values[time])
            pieces.append(Piece(f"   shown since {since}", Tone.QUIET))
        lacks = [role for role in ("amount", "label") if getattr(source, role) is None]
        if lacks:
            pieces.append(Piece(f"   the source declares no {' and no '.join(lacks)}", Tone.QUIET))
        return pieces
