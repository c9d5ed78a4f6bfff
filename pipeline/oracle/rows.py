"""Topics read into columns: transactions, and whatever rows a feature's sink holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Final

import ibis
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import schema
from pipeline.config import KafkaSettings
from pipeline.features.sound import ARRIVED, sound
from pipeline.kafka.consumer import read_to_end
from pipeline.kafka.lenient import INTEGER_BITS, read_leniently
from pipeline.kafka.records import MALFORMED, Record

_LocalTime = Annotated[datetime, msgspec.Meta(tz=False)]
# Another form of time that msgspec reads and Flink does not.
_ISO_TIME: Final = re.compile(rb"-[0-9]{2}[Tt_][0-9]{2}:")


def _python_type(dtype: str) -> Any:
    if dtype.startswith("timestamp"):
        return _LocalTime
    if dtype in INTEGER_BITS:
        bound = 2 ** (INTEGER_BITS[dtype] - 1)
        return Annotated[int, msgspec.Meta(ge=-bound, le=bound - 1)]
    return {"float32": float, "float64": float, "boolean": bool, "date": date}.get(dtype, str)


def _arrow_type(dtype: str) -> pa.DataType:
    if dtype.startswith("timestamp"):
        return pa.timestamp("us")
    if dtype.startswith("int"):
        return pa.int64()
    return {
        "float32": pa.float32(),
        "float64": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }.get(dtype, pa.string())


@cache
def _row_type(columns: tuple[tuple[str, str], ...]) -> type[msgspec.Struct]:
    """A record type with these columns, each of which may be absent."""
    fields = [(name, _python_type(dtype) | None, None) for name, dtype in columns]
    return msgspec.defstruct("Row", fields, gc=False)


def row_reader(columns: Mapping[str, str]) -> Callable[[bytes | None], Any]:
    """Reads the value of a record into an object with these columns, as Flink does, or into None.

    Args:
        columns: Ibis type names by column.
    """
    row_type = _row_type(tuple(columns.items()))
    decoder = msgspec.json.Decoder(row_type)

    def read(value: bytes | None) -> Any:
        if value is None:
            return None
        if not _ISO_TIME.search(value):
            try:
                return decoder.decode(value)
            except MALFORMED:
                pass
        fields = read_leniently(value, columns)
        return None if fields is None else row_type(**fields)

    return read


def _column(values: list[Any], dtype: pa.DataType) -> pa.Array:
    """The values as Flink's event times have them: in whole milliseconds, cut off."""
    array = pa.array(values, dtype)
    return pc.floor_temporal(array, unit="millisecond") if pa.types.is_timestamp(dtype) else array


@dataclass(frozen=True)
class TopicRows:
    """What a topic holds, in columns.

    Attributes:
        table: One row per record that could be decoded.
        partition: Of each row.
        event_time: Of each row, in microseconds since the epoch.
        arrived: Kafka's timestamp of each row, in milliseconds since the epoch.
        truncated: The partitions that have lost their oldest records.
        bad: How many records could not be decoded.
    """

    table: pa.Table
    partition: np.ndarray[Any, np.dtype[np.int32]]
    event_time: np.ndarray[Any, np.dtype[np.int64]]
    arrived: np.ndarray[Any, np.dtype[np.int64]]
    truncated: frozenset[int]
    bad: int

    @property
    def history_begins(self) -> int | None:
        """From when on no record is missing at the beginning, in microseconds; None for always."""
        firsts = [
            self.event_time[self.partition == number].min(initial=np.iinfo(np.int64).max)
            for number in self.truncated
        ]
        return int(max(firsts)) if firsts else None


def read_transactions(
    kafka: KafkaSettings, ends: Mapping[int, int] | None, tell: Callable[[int], None]
) -> TopicRows:
    """The transactions that features see: those that are sound.

    Args:
        kafka: Where Kafka is, and how to get in.
        ends: Offset by partition at which to end; those of this moment when None.
        tell: Told how many records have been read.
    """
    return _only_sound(
        _read(
            kafka,
            kafka.topic(schema.TRANSACTION_TOPIC),
            schema.TRANSACTION_FIELDS,
            schema.TIME_COLUMN,
            needed=(schema.TIME_COLUMN, schema.KEY_COLUMN),
            ends=ends,
            tell=tell,
        )
    )


def _only_sound(rows: TopicRows) -> TopicRows:
    """Leaves out what is quarantined, by the very expression that runs on Flink."""
    arrived = pa.array(rows.arrived, pa.int64()).cast(pa.timestamp("ms"))
    connection = ibis.duckdb.connect()
    try:
        table = connection.create_table("rows", rows.table.append_column(ARRIVED, arrived))
        verdict = connection.to_pyarrow(sound(table).fill_null(False).name("sound"))
    finally:
        connection.disconnect()
    mask = np.asarray(verdict, np.bool_)
    return replace(
        rows,
        table=rows.table.filter(pa.array(mask)),
        partition=rows.partition[mask],
        event_time=rows.event_time[mask],
        arrived=rows.arrived[mask],
        bad=rows.bad + int((~mask).sum()),
    )


def read_sink(
    kafka: KafkaSettings,
    topic: str,
    columns: Mapping[str, str],
    event_time: str,
    tell: Callable[[int], None],
) -> TopicRows:
    """The rows that a feature has written."""
    return _read(kafka, topic, columns, event_time, needed=(event_time,), ends=None, tell=tell)


def _read(
    kafka: KafkaSettings,
    topic: str,
    columns: Mapping[str, str],
    event_time: str,
    *,
    needed: Iterable[str],
    ends: Mapping[int, int] | None,
    tell: Callable[[int], None],
) -> TopicRows:
    read = row_reader(columns)
    rows: list[Any] = []
    partitions: list[int] = []
    arrived: list[int] = []
    first_offsets: dict[int, int] = {}
    bad = 0

    def take(records: list[Record]) -> None:
        nonlocal bad
        for record in records:
            first_offsets.setdefault(record.partition, record.offset)
        for record in records:
            row = read(record.value)
            if row is None or any(getattr(row, name) is None for name in needed):
                bad += 1
                continue
            rows.append(row)
            partitions.append(record.partition)
            arrived.append(record.timestamp_ms)
        tell(len(rows))

    for batch in read_to_end(kafka, topic, ends=dict(ends) if ends is not None else None):
        take(batch)
    table = pa.table(
        {
            name: _column([getattr(row, name) for row in rows], _arrow_type(dtype))
            for name, dtype in columns.items()
        }
    )
    return TopicRows(
        table=table,
        partition=np.array(partitions, np.int32),
        event_time=np.asarray(table[event_time].cast(pa.int64()), np.int64),
        arrived=np.array(arrived, np.int64),
        truncated=frozenset(number for number, offset in first_offsets.items() if offset > 0),
        bad=bad,
    )
