"""The thread that tails a topic into a bounded buffer of records."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.model.reading import Start
from tui.table.filter import Filter

from . import problem
from .reading_thread import PAUSE_AFTER_ERROR, ReadingThread
from .record_view import RecordView
from .tail_buffer import RecordBuffer, matching
from .tail_source import TailBatch, Tails, TailSource, follows
from .throughput import Throughput

BUFFER_RECORDS: Final = 2_000
_MAX_BUFFER_BYTES: Final = 32 * 1024 * 1024
_MOST_READ: Final = 5_000
# A pause between two batches of a long search, so that the user interface gets CPU time.
_BREATH_SECONDS: Final = 0.002
_LOOK_SECONDS: Final = 0.1
_CAUGHT_UP_LAG: Final = 1_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TailSnapshot:
    """A topic's records at one moment.

    Attributes:
        records: The records in the buffer, in the order in which they were read.
        first: Number of the first of them among all matches, counted from 1.
        matched: Number of matches so far.
        read: Number of records read so far.
        rate: Records per second, once the existing records have been read.
        lag: Records in Kafka that have not been read yet; None before Kafka has answered.
        full: Whether reading is paused because the buffer is full.
        gone_at: When the topic was found missing, in seconds since the epoch; None when it exists.
        wanted: The filter that these records passed.
        heard_at: When Kafka last answered, in seconds since the epoch.
        error: Why the topic cannot be read; empty when it can.
        undecoded: Why the schema registry cannot be asked; empty when it can, or is not needed.
    """

    records: tuple[RecordView, ...] = ()
    first: int = 1
    matched: int = 0
    read: int = 0
    rate: float = 0.0
    lag: int | None = None
    full: bool = False
    gone_at: float | None = None
    wanted: Filter = field(default_factory=Filter)
    heard_at: float | None = None
    error: str = ""
    undecoded: str = ""


class TailFeed(ReadingThread):
    """Tails one topic until stopped.

    When it follows the end of the topic, the buffer holds the newest records. From the beginning or
    a time, it reads until the buffer is full, and then waits for `read_on`.

    Args:
        tails: Opens the topic; called in the thread, again until it succeeds.
        topic: The topic.
        start: Where to start reading.
        wanted: The filter for records.
        clock: Seconds since the epoch.
        most: Size of the buffer in records.
        pause: Seconds to wait after an error.
    """

    FAILED = "the topic cannot be read"

    def __init__(
        self,
        tails: Tails,
        topic: str,
        start: Start,
        wanted: Filter,
        clock: Callable[[], float],
        *,
        most: int = BUFFER_RECORDS,
        pause: float = PAUSE_AFTER_ERROR,
    ) -> None:
        super().__init__("tail", pause=pause)
        self.topic = topic
        self.start_at = start
        self._tails = tails
        self._clock = clock
        self._follows = follows(start)
        self._read_on_from: int | None = None
        self._asked = wanted
        self._wanted = wanted
        # The latest records, matching or not, so that a new filter has results at once.
        self._recent = RecordBuffer(most, _MAX_BUFFER_BYTES)
        self._buffer = RecordBuffer(most, _MAX_BUFFER_BYTES)
        # Matches that do not fit into the buffer yet.
        self._ahead: deque[RecordView] = deque()
        self._read = 0
        self._matched = 0
        self._caught_up = False
        self._undecoded = ""
        self._throughput = Throughput()
        self._source: TailSource | None = None
        self._opened_at = ""
        self._snapshot = TailSnapshot(wanted=wanted)

    @property
    def snapshot(self) -> TailSnapshot:
        return self._snapshot

    def read_on(self, seen: TailSnapshot) -> None:
        """Drop the older half of a full buffer and read on; idempotent for one snapshot."""
        self._read_on_from = seen.first
        self._wake()

    def filter_by(self, wanted: Filter) -> None:
        """Set the filter; unless it follows the end of the topic, this rereads from the start."""
        self._asked = wanted
        self._wake()

    def step(self) -> None:
        """Read records, or wait for `read_on` when the buffer is full."""
        self._take_filter()
        if self._source is None or self._tails.address() not in ("", self._opened_at):
            self._open()
        asked, self._read_on_from = self._read_on_from, None
        if asked == self._buffer.dropped + 1 and self._snapshot.full:
            self._buffer.make_room()
            self._add_matches([])
        most = self._most_to_read()
        assert self._source is not None
        self._take(self._source.poll(most))
        if most == 0:
            self._wait(_LOOK_SECONDS)
        elif not self._follows:
            self._wait(_BREATH_SECONDS)

    def failed(self, failure: problem.Problem) -> None:
        """Publish the problem; the records read so far stay."""
        self._snapshot = replace(self._snapshot, error=str(failure), rate=0.0)

    def ended(self) -> None:
        self._close()

    def _most_to_read(self) -> int:
        if self._follows:
            return _MOST_READ
        room = self._buffer.room
        # With a filter, few of the records may match.
        return min(_MOST_READ, room) if not self._wanted or not room else _MOST_READ

    def _open(self) -> None:
        self._close()
        self._opened_at = self._tails.address()
        self._source = self._tails.open(self.topic, self.start_at)
        self._forget()
        self._caught_up = False

    def _close(self) -> None:
        source, self._source = self._source, None
        problem.close(source, _log)

    def _take_filter(self) -> None:
        if self._asked == self._wanted:
            return
        self._wanted = self._asked
        if self._follows:
            recent = self._recent.records
            self._buffer.clear()
            self._ahead.clear()
            self._read, self._matched = len(recent), 0
            self._add_matches(matching(recent, self._wanted))
            self._publish(lag=self._snapshot.lag)
        else:
            self._close()

    def _forget(self) -> None:
        for buffer in (self._recent, self._buffer):
            buffer.clear()
        self._ahead.clear()
        self._read = self._matched = 0

    def _take(self, batch: TailBatch) -> None:
        if batch.error:
            self._snapshot = replace(self._snapshot, error=batch.error, rate=0.0)
        now = self._clock()
        if batch.missing:
            # The records stay visible until the topic is recreated.
            gone_at = now if self._snapshot.gone_at is None else self._snapshot.gone_at
            self._snapshot = replace(
                self._snapshot, gone_at=gone_at, error="", rate=0.0, lag=0, heard_at=now
            )
        if batch.missing or batch.lag is None or (batch.error and not batch.records):
            return
        if self._snapshot.gone_at is not None or batch.recreated:
            self._forget()
        records = batch.records
        self._undecoded = batch.undecoded
        if self._follows:
            self._recent.add(records)
        self._read += len(records)
        if self._caught_up:
            self._throughput.add(now, len(records))
        self._caught_up = batch.lag == 0 or (
            self._follows and (self._caught_up or batch.lag < _CAUGHT_UP_LAG)
        )
        self._add_matches(matching(records, self._wanted))
        self._publish(batch.lag)

    def _add_matches(self, found: Sequence[RecordView]) -> None:
        self._matched += len(found)
        if self._follows:
            self._buffer.add(found)
            return
        self._ahead.extend(found)
        while self._ahead and self._buffer.room:
            self._buffer.add([self._ahead.popleft()])

    def _publish(self, lag: int | None) -> None:
        now = self._clock()
        self._snapshot = TailSnapshot(
            records=self._buffer.records,
            first=self._buffer.dropped + 1,
            matched=self._matched,
            read=self._read,
            rate=self._throughput.rate(now),
            lag=lag,
            full=not self._follows and not self._buffer.room,
            wanted=self._wanted,
            heard_at=now,
            undecoded=self._undecoded,
        )
