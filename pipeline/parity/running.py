"""Proves rows as they become final: reads on, compares what is new, and forgets what is over.

What it keeps of a topic is what a window still reaches back over, so that a step costs the same
after ten million records as at the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

import duckdb

from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.kafka.extent import extent
from pipeline.kafka.offsets import OffsetRange
from pipeline.text.sql import identifier

from . import lateness
from .batch import lookback
from .compare import Bounds, compare
from .late import LateComparison, explain_late
from .origins import is_windowed
from .sql_names import micros
from .tables import BEGINNING, END, StoredRows, read_sink, read_transactions
from .verify import begins, checked_from

_STEP: Final = 10_000
"""Records of a partition that are read at once."""
_PATIENCE: Final = 8
"""Steps in which a mismatch may go away: results are on their way, or the job has read further."""


class ReadJob(Protocol):
    """The job that computes a feature; see `live.LiveJob`."""

    def committed(self) -> tuple[Mapping[int, int], ...]:
        """Return the offset up to which results are in the sink, by partition of each source."""
        ...

    def watermark(self) -> int | None:
        """Return the job's watermark, in microseconds; None if Flink reports none."""
        ...

    def dropped_late(self) -> int | None:
        """Return the number of late records dropped in the life of the job; None if unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a proof has come.

    Attributes:
        rows: Rows found right, since it began.
        late: Transactions that Flink has dropped as late.
        waiting: Rows that are not final yet.
        until: Event time before which all rows are proved, in microseconds since the epoch.
        behind: Records of the source that it has not looked at yet.
        in_doubt: Whether rows seem to be wrong, or cannot be judged: `verify` tells.
        lost: Whether it has to begin again, since the job went back, or records are gone.
    """

    rows: int = 0
    late: int = 0
    waiting: int = 0
    until: int = BEGINNING
    behind: int = 0
    in_doubt: bool = False
    lost: bool = False


class RunningProof:
    """Proves the rows of one run of a job.

    Args:
        feature: The feature.
        kafka: The cluster and its credentials.
        job: The job that computes it.
        connection: To an empty database.

    Raises:
        InputError: Rows of the feature depend on all earlier ones, or on two sources.
    """

    def __init__(
        self,
        feature: Feature,
        kafka: KafkaSettings,
        job: ReadJob,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        back = lookback(feature.table)
        if back is None or feature.join is not None:
            on = "all earlier ones" if back is None else "two sources"
            raise InputError(
                f"Rows of {feature.name} depend on {on}: only a whole proof tells.",
                f"Use `fraudwatch verify {feature.name}`.",
            )
        self._feature = feature
        self._kafka = kafka
        self._job = job
        self._connection = connection
        self._back = back // timedelta(microseconds=1)
        source = feature.source
        self._topic, self._sink_topic = kafka.topic(source.topic), kafka.topic(feature.topic)
        self._transactions = StoredRows(
            connection, "transactions", source.columns, source.time,
            earliest=begins(extent(kafka, self._topic)),
        )  # fmt: skip
        self._sink = StoredRows(
            connection, "sink", feature.columns, feature.event_time,
            earliest=begins(extent(kafka, self._sink_topic)),
        )  # fmt: skip
        self._doubts = 0
        self._final = BEGINNING
        self._looked: Mapping[int, int] = {}
        self._sink_lags = False
        self.progress = Progress()

    def step(self) -> Progress:
        """Read on, and compare what has become final.

        Raises:
            PipelineError: Kafka or Flink does not answer.
        """
        # Without a window, a row waits for no watermark.
        mark = self._job.watermark() if self._back else END
        (committed,) = self._job.committed()
        # After the watermark, so that a partition without further records has none that count.
        ranges = extent(self._kafka, self._topic)
        if self._is_lost(ranges, committed):
            self.progress = Progress(lost=True)
            return self.progress
        if not self._sink_lags:
            self._looked = self._read(ranges, committed)
        looked = self._looked
        final = min(mark if mark is not None else BEGINNING, self._read_until(ranges, looked))
        more = self._read_sink(final)
        behind = sum(max(0, ranges[n].end - looked.get(n, 0)) for n in ranges)
        before = self.progress
        if final <= max(before.until, BEGINNING):
            self.progress = replace(before, behind=behind, in_doubt=False)
            return self.progress
        self._final = final
        found = self._compared(final)
        self._sink_lags = more and found.comparison.missing > 0
        right = not (found.comparison.wrong or found.undecided or self._is_unlikely(found))
        if right:
            self._doubts = 0
            self._forget(final)
            self.progress = Progress(
                before.rows + found.comparison.equal - found.comparison.early,
                before.late + found.late,
                found.comparison.waiting,
                final,
                behind,
            )
            return self.progress
        if not self._sink_lags:
            self._doubts += 1
        in_doubt = self._doubts > _PATIENCE
        self.progress = replace(before, behind=behind, in_doubt=in_doubt)
        return self.progress

    @property
    def doubted(self) -> bool:
        """Whether rows that are final were not right when it looked last."""
        return self._doubts > 0

    def accept(self) -> None:
        """Take the rows for judged that are in doubt, since all were compared as a whole."""
        self._doubts = 0
        self._forget(self._final)
        self.progress = replace(self.progress, until=self._final, in_doubt=False)

    def _is_lost(self, ranges: Mapping[int, OffsetRange], committed: Mapping[int, int]) -> bool:
        read = self._transactions.read_to
        return any(
            number not in ranges
            or ranges[number].begin > offset
            or committed.get(number, 0) < offset
            for number, offset in read.items()
        )

    def _read(
        self, ranges: Mapping[int, OffsetRange], committed: Mapping[int, int]
    ) -> dict[int, int]:
        """Store the next transactions that the job has read; return the offsets read up to.

        Of a backlog, partitions are read side by side in event time, or those with fewer records
        would be far ahead, and what the others have yet to reach would have to be kept.
        """
        rows = self._transactions
        first = rows.count
        until = {n: max(at.begin, rows.read_to.get(n, 0)) for n, at in ranges.items()}
        for _ in ranges:
            left = {n: committed.get(n, 0) - offset for n, offset in until.items()}
            ahead = {n: rows.newest.get(n, BEGINNING) for n in ranges}
            slowest = min((ahead[n] for n in ranges if left[n] > _STEP), default=END)
            read = {n for n in ranges if left[n] > 0 and ahead[n] <= slowest}
            if not read:
                break
            until |= {n: until[n] + min(left[n], _STEP) for n in read}
            read_transactions(
                rows, self._feature.source, self._kafka, until, until, report=lambda _: None
            )
        if not is_windowed(self._feature) and self.progress.until > BEGINNING:
            # Behind what is proved: Flink has dropped them, or else later rows are in doubt.
            self._connection.execute(
                f"""DELETE FROM {rows.table} WHERE __row >= {first}
                    AND {identifier(rows.time)} < {micros(self.progress.until)}"""
            )
        return until

    def _read_sink(self, final: int) -> bool:
        """Store rows of the sink beyond an event time; return whether there are more.

        Rows are written nearly in the order of event time: those of one advance of the watermark in
        any. So a partition is read further if it has not reached that time, and all of them if
        some rows were not there yet.
        """
        ranges = extent(self._kafka, self._sink_topic)
        rows = self._sink
        ends = {n: max(at.begin, rows.read_to.get(n, 0)) for n, at in ranges.items()}
        wanted = set(ranges) if self._sink_lags else set()
        while True:
            more = {n for n, at in ranges.items() if ends[n] < at.end}
            wanted |= {n for n in ranges if rows.newest.get(n, BEGINNING) < final}
            if not wanted & more:
                return bool(more)
            ends |= {n: min(ranges[n].end, ends[n] + _STEP) for n in wanted & more}
            read_sink(rows, self._kafka, self._sink_topic, lambda _: None, ends=ends)
            wanted = set()

    def _read_until(self, ranges: Mapping[int, OffsetRange], looked: Mapping[int, int]) -> int:
        """Return the watermark of what was read: of the partitions that have more."""
        more = [n for n, offsets in ranges.items() if looked.get(n, 0) < offsets.end]
        newest = self._transactions.newest
        if not more:
            return max(newest.values(), default=BEGINNING)
        return lateness.watermark(
            self._feature.source, {n: newest[n] for n in more if n in newest}, more
        )

    def _compared(self, final: int) -> LateComparison:
        until = self.progress.until
        rows, sink, feature = self._transactions, self._sink, self._feature
        bounds = Bounds(
            final_before=final,
            checked_before=final,
            checked_from=until if until > BEGINNING else checked_from(feature, [rows], sink),
        )
        self._connection.execute("DROP TABLE IF EXISTS dropped")
        found = compare(feature, [rows], sink, bounds)
        return explain_late(feature, [rows], sink, bounds, found, dropped=None)

    def _is_unlikely(self, found: LateComparison) -> bool:
        """Whether more is explained by late records than Flink has dropped."""
        if not found.late:
            return False
        dropped = self._job.dropped_late()
        return dropped is not None and self.progress.late + found.late > dropped

    def _forget(self, final: int) -> None:
        """Delete what no row from this event time on is computed from."""
        connection, rows, sink = self._connection, self._transactions, self._sink
        if connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE table_name = 'dropped'"
        ).fetchone():
            connection.execute(
                f"DELETE FROM {rows.table} WHERE __row IN (SELECT __row FROM dropped WHERE known)"
            )
        reached = final - self._back - lateness.delay(self._feature.source)
        for table, time, before in (
            (rows.table, rows.time, reached),
            (sink.table, sink.time, final),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {identifier(time)} < {micros(before)}")
        connection.execute("CHECKPOINT")
