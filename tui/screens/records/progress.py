"""The texts of the records' screen: how far it has read, and why the list is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline.model.reading import Last, Reset, Since, Start
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import moment
from tui.streams.tail_feed import TailSnapshot
from tui.streams.tail_source import follows

_NAME_CELLS: Final = 60

Line = list[Piece]


@dataclass(frozen=True, slots=True)
class RecordsView:
    """The records of a topic, and how they are read.

    Attributes:
        now: Seconds since the epoch.
        topic: The topic.
        start: Where reading started.
        since: When it started, in seconds since the epoch.
        tail: The records.
        waiting: Records that have arrived since the list was frozen; None when it follows.
        held: Whether it was frozen only to keep the selected record.
        filter_error: Why the typed filter is not valid; empty when it is.
    """

    now: float
    topic: str
    start: Start
    since: float
    tail: TailSnapshot
    waiting: int | None = None
    held: bool = False
    filter_error: str = ""


def headline(view: RecordsView) -> Line:
    """Return the topic, the filter and where reading started, least important last."""
    order = "newest first" if follows(view.start) else "oldest first"
    line = [Piece(text.clean(view.topic, _NAME_CELLS), Tone.TITLE), Piece("   ")]
    if view.filter_error:
        line.append(Piece(f"{text.clean(view.filter_error)}   ", Tone.DANGER))
    elif view.tail.wanted:
        wanted = text.clean(view.tail.wanted.text, _NAME_CELLS)
        line += [Piece("filter ", Tone.QUIET), Piece(f"{wanted}   ", Tone.ACCENT)]
    return [*line, Piece(_worded(view.start)), Piece(f" · {order}", Tone.QUIET)]


def progress(view: RecordsView) -> Line:
    """Return the counts of records, the rate and what is unread; or the problem."""
    tail = view.tail
    if tail.gone_at is not None and tail.records:
        gone = text.age(view.now - tail.gone_at)
        return [Piece(f"The topic was deleted {gone}; this is what it held.", Tone.DANGER)]
    if tail.error:
        return [Piece(f"Kafka: {text.clean(tail.error.rstrip('.'))}.{_heard(view)}", Tone.DANGER)]
    if tail.undecoded:
        return [Piece(f"Shown as bytes: {text.clean(tail.undecoded)}", Tone.DANGER)]
    line: Line = []
    if view.waiting is not None:
        why = "frozen to keep the selected record" if view.held else "frozen"
        line = [
            Piece(why, Tone.WAITS),
            Piece(f" {text.integer(view.waiting)} more since   "),
        ]
    if tail.lag is None:
        return line
    line += _counts(view)
    if not tail.full:
        line += [Piece(f"   {text.rate(tail.rate)}"), Piece("/s", Tone.QUIET)]
    return [*line, Piece(f"   {text.integer(tail.lag)}"), Piece(" unread", Tone.QUIET)]


def why_empty(view: RecordsView) -> Line:
    """Explain why the list is empty."""
    tail = view.tail
    topic = text.clean(view.topic, _NAME_CELLS)
    if tail.error:
        return [Piece(f"Kafka cannot be read: {text.clean(tail.error)}", Tone.DANGER)]
    if tail.gone_at is not None:
        said = f"There is no topic {topic}; t chooses another."
    elif tail.lag is None:
        said = f"Reading {topic} {_from(view.start)}…"
    elif tail.wanted and tail.read:
        looked = counted(tail.read, "record")
        said = (
            f"None of {looked} so far matches; {text.integer(tail.lag)} to go."
            if tail.lag and not follows(view.start)
            else f"None of {looked} matches; esc clears the filter."
        )
    elif tail.lag:
        said = f"Reading {topic} {_from(view.start)}…"
    else:
        said = _nothing_there(view, topic)
    return [Piece(said, Tone.WAITS)]


def _nothing_there(view: RecordsView, topic: str) -> str:
    match view.start:
        case Reset.EARLIEST | Last():
            return f"The topic {topic} is empty."
        case Since(timestamp_ms):
            at = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
            return f"No record since {at:%Y-%m-%d %H:%M:%S} UTC; b reads from the beginning."
    waited = text.duration(view.now - view.since)
    return f"No record for {waited}; b reads from the beginning."


def _worded(start: Start) -> str:
    match start:
        case Last(count):
            return f"the last {count:,}, and on"
        case Since(timestamp_ms):
            time = moment(timestamp_ms)
            return f"from {time:%Y-%m-%d %H:%M:%S} UTC" if time else "from an unknown time"
        case Reset.EARLIEST:
            return "from the beginning"
    return "from now on"


def _from(start: Start) -> str:
    return "from its end" if follows(start) else _worded(start)


def _heard(view: RecordsView) -> str:
    at = view.tail.heard_at
    if at is None or not view.tail.records:
        return ""
    return f" These were read {text.age(view.now - at)}."


def _counts(view: RecordsView) -> Sequence[Piece]:
    tail = view.tail
    count = len(tail.records)
    shown = f"{text.integer(tail.first)}–{text.integer(tail.first + count - 1)}"
    if follows(view.start):
        newest = f"newest {text.integer(count)} of " if count < tail.matched else ""
        if tail.wanted:
            return [
                Piece(f"{newest}{text.integer(tail.matched)}"),
                Piece(" match of ", Tone.QUIET),
                Piece(text.integer(tail.read)),
                Piece(" read", Tone.QUIET),
            ]
        return [Piece(f"{newest}{text.integer(tail.read)}"), Piece(" read", Tone.QUIET)]
    more = [Piece("; G reads on", Tone.WAITS)] if tail.full else []
    if tail.wanted:
        found = shown if count else "none"
        return [
            Piece("matches ", Tone.QUIET),
            Piece(found),
            Piece(" in ", Tone.QUIET),
            Piece(text.integer(tail.read)),
            Piece(" read", Tone.QUIET),
            *more,
        ]
    return [
        Piece("records ", Tone.QUIET),
        Piece(shown if count else "none"),
        Piece(" of ", Tone.QUIET),
        Piece(text.integer(tail.read + (tail.lag or 0))),
        *more,
    ]
