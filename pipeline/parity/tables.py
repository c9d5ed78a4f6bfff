"""Stores rows of topics in a DuckDB database on disk, so that topics may exceed the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import duckdb
import ibis
import numpy as np
import pyarrow as pa

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnavailableError
from pipeline.features.validity import ARRIVED, is_valid
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.read_to_end import messages_to_end
from pipeline.scratch_folder import scratch_folder
from pipeline.sources import Source
from pipeline.sources.formats import JSON
from pipeline.sources.masking import without_values

from .decoded import Bools, arrow_type, columns_of, decode_columns, decode_json

_MEMORY: Final = 192
_MEMORY_OF_WINDOW: Final = 32
_THREADS: Final = 2
BEGINNING: Final = -(2**60)
END: Final = 2**60

Int64s = np.ndarray[Any, np.dtype[np.int64]]


@contextmanager
def refused_values_said(sources: Sequence[Source]) -> Iterator[None]:
    """Raise DuckDB's errors about values as one sentence.

    Args:
        sources: Whose records are computed with; if any is sensitive, no values are quoted.

    Raises:
        InputError: DuckDB refuses a value that an expression computes with.
    """
    sensitive = any(source.sensitive for source in sources)
    try:
        yield
    except duckdb.DataError as error:
        reason = str(error).partition("\n")[0].rstrip(". ")
        raise InputError(
            f"DuckDB cannot recompute the rows: {without_values(reason) if sensitive else reason}.",
            "Let the expression avoid such values, as with nullif() or a condition.",
        ) from None if sensitive else error  # A logged cause would quote it, too.


@contextmanager
def workspace(
    sources: Sequence[Source], windows: int = 1, *, memory: int = _MEMORY
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database for one run of `verify`; it spills to a temporary directory.

    Args:
        sources: Whose records are computed with.
        windows: How many windows are computed one over the other: each needs memory of its own.
        memory: What the first needs, in megabytes.

    Raises:
        InputError: DuckDB refuses a value that an expression computes with.
        UnavailableError: What is computed with it needs more memory, or room on the disk.
    """
    with scratch_folder("fraudwatch-verify-") as folder:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory + _MEMORY_OF_WINDOW * max(0, windows - 1)}MB",
            "threads": _THREADS,
            "temp_directory": str(folder),
            "preserve_insertion_order": False,
        }
        connection = duckdb.connect(folder / "rows.duckdb", config=options)
        try:
            with refused_values_said(sources):
                yield connection
        except duckdb.OutOfMemoryException as error:
            raise UnavailableError(
                f"There is not enough memory, or room in {folder}, to compute and compare so many "
                "rows.",
                "Set TMPDIR to a folder with more room, or read fewer records.",
            ) from error
        finally:
            connection.close()


@dataclass
class StoredRows:
    """The rows of a topic in a table, with statistics.

    Besides its columns, the table has `__row`, `__partition`, `__offset`, `__arrived` (Kafka's
    timestamp in milliseconds) and `__ahead`: the newest event time in the row's partition so far,
    in microseconds since the epoch.

    Attributes:
        connection: Connection to the database.
        table: Name of the table.
        columns: Ibis type names by column.
        time: Name of the time column.
        count: Number of rows.
        bad: Number of invalid records.
        newest: The newest event time by partition, in microseconds since the epoch.
        oldest: The oldest event time, likewise.
        earliest: The earliest offset by partition; if it is not 0, the oldest records are gone.
        gaps: Offsets without a record: transaction markers, aborted or compacted records.
        read_to: The offset after the last record read, by partition.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    columns: Mapping[str, str]
    time: str
    count: int = 0
    bad: int = 0
    newest: dict[int, int] = field(default_factory=dict)
    oldest: dict[int, int] = field(default_factory=dict)
    earliest: Mapping[int, int] = field(default_factory=dict)
    gaps: int = 0
    read_to: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection.register("__empty", self._with_meta(_no_rows(self.columns), *[[]] * 4))
        self.connection.execute(f"CREATE OR REPLACE TABLE {self.table} AS SELECT * FROM __empty")
        self.connection.unregister("__empty")

    @property
    def ahead(self) -> str:
        """Name of the table with bounds of the watermarks that they met, as `lateness` makes it."""
        return f"ahead_of_{self.table}"

    @property
    def history_begins(self) -> int | None:
        """Event time from which no record is missing, in microseconds; None if all are there."""
        cut = [number for number, offset in self.earliest.items() if offset > 0]
        return max((self.oldest.get(number, END) for number in cut), default=None)

    def append(self, rows: pa.Table, partition: Int64s, offset: Int64s, arrived: Int64s) -> None:
        """Append rows; those of a partition in the order of offsets.

        Args:
            rows: The columns of the table.
            partition: Partition of each row.
            offset: Its offset there.
            arrived: Kafka's timestamp of each row, in milliseconds since the epoch.
        """
        if not rows.num_rows:
            return
        time = np.asarray(rows[self.time].cast(pa.timestamp("us")).cast(pa.int64()), np.int64)
        ahead = np.empty(len(time), np.int64)
        for number in map(int, np.unique(partition)):
            mine = np.flatnonzero(partition == number)
            before = self.newest.get(number, BEGINNING)
            ahead[mine] = np.maximum(np.maximum.accumulate(time[mine]), before)
            self.newest[number] = int(ahead[mine[-1]])
            first = int(time[mine].min())
            self.oldest[number] = min(self.oldest.get(number, first), first)
        batch = self._with_meta(rows, partition, offset, arrived, ahead)
        self.connection.register("__batch", batch)
        self.connection.execute(f"INSERT INTO {self.table} SELECT * FROM __batch")
        self.connection.unregister("__batch")
        self.count += rows.num_rows

    def _with_meta(
        self, rows: pa.Table, partition: Any, offset: Any, arrived: Any, ahead: Any
    ) -> pa.Table:
        numbers = np.arange(self.count, self.count + rows.num_rows, dtype=np.int64)
        return (
            rows.select(list(self.columns))
            .append_column("__row", pa.array(numbers, pa.int64()))
            .append_column("__partition", pa.array(partition, pa.int32()))
            .append_column("__offset", pa.array(offset, pa.int64()))
            .append_column("__arrived", pa.array(arrived, pa.int64()))
            .append_column("__ahead", pa.array(ahead, pa.int64()))
        )


def _no_rows(columns: Mapping[str, str]) -> pa.Table:
    return pa.table({name: pa.array([], arrow_type(dtype)) for name, dtype in columns.items()})


@dataclass(frozen=True, slots=True)
class Unread:
    """The transactions that a job has not read: their number and partitions."""

    count: int
    partitions: frozenset[int]


def read_transactions(
    rows: StoredRows,
    source: Source,
    kafka: KafkaSettings,
    ends: Mapping[int, int],
    read: Mapping[int, int],
    *,
    report: Callable[[int], None],
) -> Unread:
    """Store the valid records of a source, its transactions, that a job has read.

    Args:
        rows: The table to append to.
        source: The source.
        kafka: The cluster and its credentials.
        ends: End offset by partition.
        read: The offset up to which the job has read, by partition.
        report: Called with the number of records read so far.

    Returns:
        The valid transactions between `read` and `ends`, which are not stored.
    """
    unread, where = 0, set[int]()
    topic = kafka.topic(source.topic)
    limits = np.zeros(max(ends, default=0) + 1, np.int64)
    for number, offset in read.items():
        if number < len(limits):
            limits[number] = offset
    with closing(_Validity(source)) as validity:
        for batch in _batches(kafka, topic, rows, dict(ends), _decode(source, kafka)):
            good = validity.of(batch)
            rows.bad += len(good) - int(good.sum())
            ahead = good & (batch.offset >= limits[batch.partition])
            unread += int(ahead.sum())
            where |= set(map(int, np.unique(batch.partition[ahead])))
            _append(rows, batch, good & ~ahead)
            report(rows.count)
    return Unread(unread, frozenset(where))


def read_sink(
    rows: StoredRows,
    kafka: KafkaSettings,
    topic: str,
    report: Callable[[int], None],
    *,
    ends: Mapping[int, int] | None = None,
) -> int:
    """Store the rows that a feature has written since the last call.

    Args:
        rows: The table to append to.
        kafka: The cluster and its credentials.
        topic: The topic.
        report: Called with the number of records read so far.
        ends: End offset by partition; the current ones when None.

    Returns:
        Their number.
    """
    before = rows.count
    decode = partial(decode_columns, columns=rows.columns)
    for batch in _batches(kafka, topic, rows, None if ends is None else dict(ends), decode):
        mask = ~np.asarray(batch.table[rows.time].is_null(), np.bool_)
        rows.bad += len(mask) - int(mask.sum())
        _append(rows, batch, mask)
        report(rows.count)
    return rows.count - before


@dataclass(frozen=True, slots=True)
class _Batch:
    table: pa.Table
    partition: Int64s
    offset: Int64s
    arrived: Int64s


def _append(rows: StoredRows, batch: _Batch, mask: Bools) -> None:
    rows.append(
        batch.table.filter(pa.array(mask)),
        batch.partition[mask],
        batch.offset[mask],
        batch.arrived[mask],
    )


_Decode = Callable[[Sequence[bytes | None]], tuple[pa.Table, Bools]]


def _decode(source: Source, kafka: KafkaSettings) -> _Decode:
    """Return what decodes many records of a source at once."""
    if source.format == JSON:
        return partial(decode_json, source=source)
    return partial(columns_of, columns=source.columns, read=decoder_of(source, kafka).usual)


def _batches(
    kafka: KafkaSettings,
    topic: str,
    rows: StoredRows,
    ends: dict[int, int] | None,
    decode: _Decode,
) -> Iterator[_Batch]:
    for messages in messages_to_end(kafka, topic, begins=rows.read_to, ends=ends):
        numbers = np.array([message.partition() for message in messages], np.int64)
        offsets = np.array([message.offset() for message in messages], np.int64)
        for number in map(int, np.unique(numbers)):
            mine = offsets[numbers == number]
            before = rows.read_to.get(number, rows.earliest.get(number, int(mine[0])))
            rows.read_to[number] = int(mine[-1]) + 1
            rows.gaps += int(mine[-1]) + 1 - before - len(mine)
        values = [message.value() for message in messages]
        table, decoded = decode(values)
        rows.bad += len(decoded) - int(decoded.sum())
        arrived = np.array([message.timestamp()[1] for message in messages], np.int64)
        yield _Batch(table, numbers[decoded], offsets[decoded], arrived[decoded])


class _Validity:
    """Evaluates `features.validity` on DuckDB, the same expression that runs on Flink.

    Args:
        source: The source whose records are looked at.
    """

    def __init__(self, source: Source) -> None:
        raw = ibis.table(source.columns | {ARRIVED: "timestamp(3)"}, name="raw")
        verdict = raw.select(is_valid=is_valid(raw, source).fill_null(False))
        self._sql = str(ibis.to_sql(verdict, dialect="duckdb"))
        self._connection = duckdb.connect()

    def close(self) -> None:
        self._connection.close()

    def of(self, batch: _Batch) -> Bools:
        """Return a mask of the valid rows of a batch."""
        arrived = pa.array(batch.arrived, pa.int64()).cast(pa.timestamp("ms"))
        self._connection.register("raw", batch.table.append_column(ARRIVED, arrived))
        return np.asarray(
            self._connection.execute(self._sql).fetch_arrow_table()["is_valid"], np.bool_
        )
