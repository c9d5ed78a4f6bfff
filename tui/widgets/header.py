"""The two lines at the top: the state of the stack, then counts of the streams or a problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from textual.reactive import var

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.model.stack import Health
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.start import no_start
from tui.session.view import Phase, View
from tui.streams.sink_topics import FLAGGED
from tui.table.layout import fit

from .lines import Lines

_COMPACT_BELOW: Final = 100
_STALE_SECONDS: Final = 5.0
_TOPIC_CELLS: Final = 24

_MARKS: Final = {
    Health.OFF: ("○", "off", Tone.QUIET),
    Health.STARTING: ("◐", "starting", Tone.WAITS),
    Health.UP: ("●", "", Tone.ACCENT),
    Health.DOWN: ("○", "not reachable", Tone.DANGER),
    Health.FAILED: ("✗", "failed", Tone.DANGER),
}

Group = list[Piece]


class Header(Lines):
    """Health of the stack, rate and event time; below, counts or the problem."""

    waiting: var[int | None] = var(None, init=False)
    """Records read since the tables were frozen; None unless they are."""

    def __init__(self) -> None:
        super().__init__(id="header")

    def lines(self, view: View, width: int) -> Sequence[Group]:
        """Return both lines, cut to the width."""
        return header_lines(view, width, self.waiting)

    def watch_waiting(self) -> None:
        self.refresh()


def header_lines(
    view: View, width: int, waiting: int | None = None
) -> tuple[list[Piece], list[Piece]]:
    """Return the two lines for a width; the least important parts are omitted first."""
    compact = width < _COMPACT_BELOW
    gap = "  " if compact else "   "
    right = _clock(view)
    left: list[Group] = [[Piece("fraudwatch", Tone.TITLE)], _kafka(view), _flink(view, compact)]
    for place, optional in (
        (len(left), _rate(view)),
        (1, [Piece(text.clean(view.profile), Tone.QUIET)]),
        (len(left) + 2, _simulator(view)),
    ):
        more = [*left[:place], optional, *left[place:]]
        if optional and _width([*more, right], gap) <= width:
            left = more
    return _spread(left, right, width, gap), _second_line(view, width, gap, waiting)


def _kafka(view: View) -> Group:
    health = view.reading.kafka
    if view.data.error:
        health = Health.DOWN
    return _part("kafka", health)


def _flink(view: View, compact: bool) -> Group:
    health = view.reading.flink
    if view.reading.problem is not None and not view.coming_up:
        health = Health.DOWN
    group = _part("flink", health)
    status = view.reading.status
    if health is Health.UP and status is not None and status.slots.total:
        group.append(Piece(f" {status.slots.used}/{status.slots.total}"))
        group += [] if compact else [Piece(" slots used", Tone.QUIET)]
    return group


def _part(name: str, health: Health) -> Group:
    mark, word, tone = _MARKS[health]
    group = [Piece(f"{mark} ", tone), Piece(name)]
    return [*group, Piece(f" {word}", tone)] if word else group


def _rate(view: View) -> Group:
    if view.only_start:
        return []
    tone = Tone.QUIET if view.data.error else Tone.PLAIN
    only_transactions = view.data.reads_transactions and not any(view.data.others.values())
    unit = "tx" if only_transactions else "records"
    return [Piece(text.rate(view.data.rate), tone), Piece(f" {unit}/s", Tone.QUIET)]


def _simulator(view: View) -> Group:
    status = view.reading.status
    if status is None or not status.simulator.up:
        return []
    return [Piece("sim ", Tone.QUIET), Piece(f"×{status.simulator.speed:,.0f}")]


def _clock(view: View) -> Group:
    if view.data.event_time.newest is None:
        return []
    tone = Tone.QUIET if _is_stale(view) else Tone.STRONG
    return [Piece("event ", Tone.QUIET), Piece(text.event_time(view.data.event_time.newest), tone)]


def _second_line(view: View, width: int, gap: str, waiting: int | None) -> list[Piece]:
    problem = _problem(view)
    if problem:
        return fit([Piece(text.clean(problem, max(width, 1)), Tone.DANGER)], width, right=False)
    if view.only_start:
        return []
    data = view.data
    others = _others(data.others, beside=data.reads_transactions)
    groups = _frozen(waiting)
    if data.reads_transactions:
        older = data.event_time_of(TRANSACTION_TOPIC).older
        groups.append(_transactions(data.transactions_total, older=older))
    else:
        groups, others = [*groups, *others], []
    if data.built_in:
        groups.append(_count(data.seen.get(FLAGGED.feature, 0), "flagged"))
    after = len(groups)
    if data.lag is not None:
        groups.append([Piece(text.integer(data.lag)), Piece(" unread", Tone.QUIET)])
    if invalid := data.quarantine.total + data.elsewhere.total:
        bad = f"{text.integer(invalid)} quarantined"
        groups.append([Piece(bad, Tone.WAITS)])
    if data.bad:
        groups.append([Piece(f"{text.integer(data.bad)} unreadable", Tone.WAITS)])
    right: Group = []
    if _is_stale(view) and data.last_record_at is not None:
        right = [Piece(f"last record {text.age(view.now - data.last_record_at)}", Tone.WAITS)]
    more = [*groups[:after], *others, *groups[after:]]
    fits = _width([*more, right], gap) <= width
    return _spread(more if fits else groups, right, width, gap)


def _frozen(waiting: int | None) -> list[Group]:
    if waiting is None:
        return []
    return [[Piece("frozen", Tone.WAITS), Piece(f" {text.integer(waiting)} more since")]]


def _problem(view: View) -> str:
    if view.only_start:
        return ""
    last = view.data.last_record_at
    age = f" Last record {text.age(view.now - last)}." if last is not None else ""
    if view.phase is Phase.FAILED:
        return f"{no_start(view)}; r tries again.{age}"
    if view.data.error:
        return f"Kafka: {view.data.error.rstrip('.')}.{age}"
    if view.reading.problem is not None and not view.coming_up:
        age = f" Last seen {text.age(view.now - view.reading.at)}." if view.reading.at else ""
        return f"{view.reading.problem.message}{age}"
    return ""


def _is_stale(view: View) -> bool:
    last = view.data.last_record_at
    return bool(view.data.error) or (last is not None and view.now - last > _STALE_SECONDS)


def _transactions(value: int, *, older: bool) -> Group:
    count = _count(value, "transaction" if value == 1 else "transactions")
    return [Piece("newest ", Tone.QUIET), *count] if older else count


def _others(records: Mapping[str, int], *, beside: bool) -> list[Group]:
    """Count the records of the user's own streams, by topic if there is one, else together."""
    if not records:
        return []
    (topic, *more), total = records, sum(records.values())
    topics = counted(len(records), "other topic" if beside else "topic")
    where = f"in {topics if more else text.clean(topic, _TOPIC_CELLS)}"
    return [_count(total, where)]


def _count(value: int, unit: str) -> Group:
    return [Piece(text.integer(value)), Piece(f" {unit}", Tone.QUIET)]


def _width(groups: Sequence[Group], gap: str) -> int:
    cells = sum(cell_len(piece.text) for group in groups for piece in group)
    return cells + len(gap) * (len(groups) - 1)


def _spread(left: Sequence[Group], right: Group, width: int, gap: str) -> list[Piece]:
    pieces: list[Piece] = []
    for group in left:
        pieces += [Piece(gap), *group] if pieces else group
    if not right:
        return fit(pieces, width, right=False)
    space = width - _width([right], gap)
    return fit([*fit(pieces, max(0, space), right=False), *right], width, right=False)
