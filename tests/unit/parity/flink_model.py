"""What Flink does with arrivals, written down a second time: reading, watermarks, late records.

From Flink's sources: `WatermarksWithIdleness` and `WatermarkOutputMultiplexer` (a watermark for
each partition, the smallest of those that are not idle), `RowTimeRangeBoundedPrecedingFunction`
(`.over()`), `SliceAssigners` with their window operators, and `TimeIntervalJoin`. Nothing here is
shared with `verify`.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random
from typing import Any

EPOCH = datetime(1970, 1, 1)
DELAY_MS = 15_000
IDLE_MS = 10_000
HOUR_MS = 3_600_000
LOOKBACK_MS = 6 * HOUR_MS
NEVER = -(2**62)
SECOND = 100
"""The number of the first partition of a second stream."""


@dataclass(frozen=True)
class Arrival:
    """A record: its partition, Kafka's timestamp, event time and values; times in milliseconds."""

    partition: int
    arrived: int
    time: int
    user: int
    amount: float


class Moment(Enum):
    """Moments of a job's life."""

    CHECKPOINT = auto()
    RESTART = auto()


Event = Arrival | int | Moment
"""A record, a watermark, or a moment at which the state is saved or restored."""


@dataclass
class Source:
    """Reads partitions and says how far event time has come.

    Args:
        random: In which order partitions are read, and when the watermark is moved on.
        arrivals: Those of a partition in their order.
        starts_at: When the job starts; what has arrived before is its backlog.
        restarts: How often it is restarted from its last checkpoint.
        slow: How long a partition may be without an answer after a restart.
    """

    random: Random
    arrivals: Sequence[Arrival]
    starts_at: int
    restarts: int = 0
    slow: int = 0
    now: int = 0
    resumed: list[int] = field(default_factory=list)
    watermark: int = NEVER
    _newest: dict[int, int] = field(default_factory=dict)
    _read_at: dict[int, int] = field(default_factory=dict)
    _marks: dict[int, int] = field(default_factory=dict)

    def events(self) -> Iterator[Event]:
        """Records as they are read, and watermarks between them."""
        numbers = sorted({arrival.partition for arrival in self.arrivals})
        queues = {n: [a for a in self.arrivals if a.partition == n] for n in numbers}
        position = dict.fromkeys(numbers, 0)
        checkpoint = dict(position)
        answers = dict.fromkeys(numbers, 0)
        self.now = self.starts_at
        self._read_at = dict.fromkeys(numbers, self.now)
        read, until_restart = 0, self._next_restart()

        def ready(number: int) -> bool:
            at = position[number]
            there = at < len(queues[number]) and queues[number][at].arrived <= self.now
            return there and answers[number] <= self.now

        while self.restarts or any(position[n] < len(queues[n]) for n in numbers):
            for number in self.random.sample(numbers, len(numbers)):
                while ready(number) and read < until_restart:
                    record = queues[number][position[number]]
                    position[number] += 1
                    read += 1
                    self._newest[number] = max(self._newest.get(number, NEVER), record.time)
                    self._read_at[number] = self.now
                    yield record
                    if self.random.random() < 0.3:
                        yield from self._move_on()
            yield from self._move_on()
            self.now += self.random.choice((20, 200, 1_000, 4_000))
            ended = all(position[n] == len(queues[n]) for n in numbers)
            if self.restarts and (read >= until_restart or ended):
                self.restarts -= 1
                self.now += 1 + self.random.choice((0, 3_000, 30_000, 300_000))
                self.resumed.append(self.now)
                position, self.watermark = dict(checkpoint), NEVER
                self._newest.clear()
                self._marks.clear()
                self._read_at = dict.fromkeys(numbers, self.now)
                answers = {n: self.now + self.random.choice((0, self.slow)) for n in numbers}
                read, until_restart = 0, self._next_restart()
                yield Moment.RESTART
            elif self.random.random() < 0.3:
                checkpoint = dict(position)
                yield Moment.CHECKPOINT
        yield from self._move_on()

    def _next_restart(self) -> int:
        return self.random.randrange(1, len(self.arrivals) + 1) if self.restarts else 2**62

    def _move_on(self) -> Iterator[int]:
        active = [number for number, at in self._read_at.items() if self.now - at < IDLE_MS]
        marks = dict[int, int]()
        for number in active:
            mark, stream = self._newest.get(number, NEVER) - DELAY_MS, number // SECOND
            marks[stream] = min(mark, marks.get(stream, mark))
        for stream, mark in marks.items():
            # That of a stream never falls, also when a partition comes back that was idle.
            self._marks[stream] = marks[stream] = max(mark, self._marks.get(stream, NEVER))
        if marks and min(marks.values()) > self.watermark:
            self.watermark = min(marks.values())
            yield self.watermark


@dataclass
class Over:
    """`.over()` a range of six hours, for one user; the sum is added to and subtracted from."""

    last: int = 0
    total: float = 0.0
    rows: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    pending: set[int] = field(default_factory=set)
    cleanups: set[int] = field(default_factory=set)
    cleanup: int | None = None


def rolling(source: Source) -> tuple[list[dict[str, Any]], int]:
    """The rows of a rolling mean and count, and how many records were dropped as late."""
    users: dict[int, Over] = defaultdict(Over)
    checkpoint = copy.deepcopy(users)
    found: list[dict[str, Any]] = []
    dropped = 0
    for event in source.events():
        if event is Moment.CHECKPOINT:
            checkpoint = copy.deepcopy(users)
            continue
        if event is Moment.RESTART:
            users = copy.deepcopy(checkpoint)
            continue
        if isinstance(event, Arrival):
            state = users[event.user]
            if event.time <= state.last:
                dropped += 1
                continue
            state.rows[event.time].append(event.amount)
            state.pending.add(event.time)
            if state.cleanup is None or state.cleanup < event.time + LOOKBACK_MS + 1:
                state.cleanup = event.time + LOOKBACK_MS * 3 // 2 + 1
                state.cleanups.add(state.cleanup)
            continue
        for user, state in users.items():
            for timer in sorted(t for t in state.pending | state.cleanups if t <= event):
                state.pending.discard(timer)
                state.cleanups.discard(timer)
                if state.cleanup is not None and state.cleanup <= timer:
                    state.rows.clear()
                    state.cleanup, state.last, state.total = None, 0, 0.0
                    continue
                for old in [t for t in state.rows if timer - t > LOOKBACK_MS]:
                    if timer in state.rows:
                        for amount in state.rows.pop(old):
                            state.total -= amount
                for amount in state.rows.get(timer, ()):
                    state.total += amount
                seen = [a for t, amounts in state.rows.items() if t <= timer for a in amounts]
                at = moment(timer)
                times = {"trans_date_trans_time": at, "written": source.now}
                row = _row(user, state.total, len(seen), times) if seen else {}
                found += [row] * len(state.rows.get(timer, ()))
                state.last = timer
    return found, dropped


def windows(source: Source, spans: Any) -> tuple[list[dict[str, Any]], int]:
    """The rows of windows, each with what had come when it fired; and the records in none."""
    mark, marked, dropped = NEVER, NEVER, 0
    held: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    checkpoint = copy.deepcopy(held)
    found: list[dict[str, Any]] = []
    for event in source.events():
        if event is Moment.CHECKPOINT:
            checkpoint, marked = copy.deepcopy(held), mark
            continue
        if event is Moment.RESTART:
            held, mark = copy.deepcopy(checkpoint), marked
            continue
        if isinstance(event, Arrival):
            unfired = [span for span in spans(event.time) if span[1] - 1 > mark]
            dropped += not unfired
            for start, end in unfired:
                held[start, end, event.user].append(event.amount)
            continue
        # The operator saves its watermark, other than the source.
        mark = max(mark, event)
        for key in [key for key in held if key[1] - 1 <= mark]:
            start, end, user = key
            times = {"window_start": moment(start), "window_end": moment(end)}
            amounts = held.pop(key)
            found.append(_row(user, sum(amounts), len(amounts), times | {"written": source.now}))
    return found, dropped


def pairs(
    source: Source, earliest: int, latest: int, random: Random
) -> Iterator[tuple[Arrival, Arrival]]:
    """Pairs of a user's records of two streams, the second `earliest` to `latest` after the first.

    When a record is removed of which no partner may come, is left to chance: timers do it.
    """
    watermark = NEVER
    # How long after its time a record is kept, of the first stream and of the second.
    keeps = (latest, -earliest)
    kept: tuple[list[Arrival], list[Arrival]] = ([], [])
    checkpoint = copy.deepcopy(kept)
    for event in source.events():
        if event is Moment.CHECKPOINT:
            checkpoint = copy.deepcopy(kept)
            continue
        if event is Moment.RESTART:
            kept, watermark = copy.deepcopy(checkpoint), NEVER
            continue
        if isinstance(event, int):
            watermark = event
            for side, records in enumerate(kept):
                records[:] = [
                    one
                    for one in records
                    if one.time + keeps[side] >= watermark or random.random() < 0.5
                ]
            continue
        side = event.partition // SECOND
        for other in kept[1 - side]:
            one, two = (event, other) if side == 0 else (other, event)
            if one.user == two.user and earliest <= two.time - one.time <= latest:
                yield one, two
        if watermark < event.time + keeps[side]:
            kept[side].append(event)


def tumbling(time: int) -> list[tuple[int, int]]:
    start = time // LOOKBACK_MS * LOOKBACK_MS
    return [(start, start + LOOKBACK_MS)]


def hopping(time: int) -> list[tuple[int, int]]:
    newest = time // HOUR_MS * HOUR_MS
    return [(newest - back * HOUR_MS, newest - back * HOUR_MS + LOOKBACK_MS) for back in range(6)]


def cumulating(time: int) -> list[tuple[int, int]]:
    start = time // (24 * HOUR_MS) * 24 * HOUR_MS
    ends = range(start + HOUR_MS, start + 24 * HOUR_MS + 1, HOUR_MS)
    return [(start, end) for end in ends if time < end]


def _row(user: int, total: float, count: int, times: dict[str, Any]) -> dict[str, Any]:
    return {"user_id": user, "mean": total / count, "count": count, **times}


def moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)
