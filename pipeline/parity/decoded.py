"""Decodes records to columns, as Flink's formats do."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import ibis
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from ibis.formats.pyarrow import PyArrowType

from pipeline.formats.json.flink_json import row_reader
from pipeline.formats.json.limits import check_limits
from pipeline.formats.json.nested import NestedReader
from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import is_decimal
from pipeline.sources.time_patterns import epoch_bounds

Bools = np.ndarray[Any, np.dtype[np.bool_]]

_SQL_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?$"
_ISO_TIME: Final = (
    "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?"
    "(Z|[+-][01][0-9]:[0-5][0-9])?$"
)
_ZONE: Final = "(Z|[+-][0-9]{2}:[0-9]{2})$"
_SQL_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# Arrow accepts these as numbers, but JSON has no such literals.
_NO_NUMBER: Final = re.compile(rb":\s*[-+]?(NaN|Inf)")
_MILLISECONDS: Final = 1_000
_MICROSECONDS: Final = 1_000_000
_BLOCK_BYTES: Final = 1 << 24
_OTHERWISE_WRITTEN: Final = (
    pa.ArrowInvalid,
    pa.ArrowNotImplementedError,
    UnicodeDecodeError,
    msgspec.DecodeError,
)


@cache
def arrow_type(dtype: str) -> pa.DataType:
    """Return the Arrow type that a column is compared in.

    Args:
        dtype: Name of its Ibis type.
    """
    kind = ibis.dtype(dtype)
    if kind.is_timestamp():
        return pa.timestamp("us")
    return pa.int64() if kind.is_integer() else PyArrowType.from_ibis(kind)


@cache
def _written_type(dtype: str) -> pa.DataType:
    """Return the Arrow type that a column has in JSON, by the name of its Ibis type."""
    kind = ibis.dtype(dtype)
    if kind.is_floating():
        return pa.float64()
    if kind.is_integer() or kind.is_boolean():
        return PyArrowType.from_ibis(kind)
    return pa.string()


def decode_columns(
    values: Sequence[bytes | None],
    columns: Mapping[str, str],
    written: TimeFormat = TimeFormat.SQL,
) -> tuple[pa.Table, Bools]:
    """Decode many values at once.

    Args:
        values: Values of the records; None for a tombstone.
        columns: Ibis type names by column.
        written: How times are written.

    Returns:
        A table with a row for each value that is a JSON object, and a mask of those values.
    """
    table = _as_written(values, columns, written)
    if table is not None:
        return table, np.ones(len(values), np.bool_)
    return columns_of(values, columns, row_reader(columns, written))


def decode_json(values: Sequence[bytes | None], source: Source) -> tuple[pa.Table, Bools]:
    """Decode many records of a source in JSON at once, as `decode_columns` does.

    Args:
        values: Values of the records; None for a tombstone.
        source: The source.
    """
    if source.reads_trees:
        return columns_of(values, source.columns, NestedReader(source).read)
    return decode_columns(values, source.columns, source.time_format)


def columns_of(
    values: Sequence[bytes | None],
    columns: Mapping[str, str],
    read: Callable[[bytes | None], Any],
) -> tuple[pa.Table, Bools]:
    """Decode values one by one, as `decode_columns` does.

    Args:
        values: Values of the records; None for a tombstone.
        columns: Ibis type names by column.
        read: Returns the row of a value, with an attribute for each column; None if it has none.
    """
    rows = [read(value) for value in values]
    found = [row for row in rows if row is not None]
    table = pa.table(
        {
            name: _column([getattr(row, name) for row in found], arrow_type(dtype))
            for name, dtype in columns.items()
        }
    )
    return table, np.fromiter((row is not None for row in rows), np.bool_, len(rows))


def _column(values: list[Any], dtype: pa.DataType) -> pa.Array:
    """Build a column; timestamps are truncated to milliseconds, as in Flink."""
    array = pa.array(values, dtype)
    return pc.floor_temporal(array, unit="millisecond") if pa.types.is_timestamp(dtype) else array


def _as_written(
    values: Sequence[bytes | None], columns: Mapping[str, str], written: TimeFormat
) -> pa.Table | None:
    """Decode all values at once if each has the form that Flink and our producers write, else None.

    Arrow's reader is strict about types, but does not check where a record ends, and accepts other
    formats of time. Both are checked here.
    """
    present = [value for value in values if value is not None]
    if not values or len(present) < len(values) or any(map(is_decimal, columns.values())):
        # Arrow reads decimals in quotes only.
        return None
    text = b"\n".join(present)
    separated = text.count(b"\n") == text.count(b"}\n{") == len(values) - 1
    if not (separated and text.startswith(b"{") and text.endswith(b"}")):
        return None
    if (b"NaN" in text or b"Inf" in text) and _NO_NUMBER.search(text):
        return None
    in_json = {name: written.written_type(dtype) for name, dtype in columns.items()}
    schema = pa.schema([(name, _written_type(dtype)) for name, dtype in in_json.items()])
    try:
        for value in present:
            check_limits(value)
        text.decode()
        table = pj.read_json(
            io.BytesIO(text),
            read_options=pj.ReadOptions(block_size=max(_BLOCK_BYTES, len(text) + 1)),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        )
        if table.num_rows != len(values):
            return None
        return pa.table(
            {name: _typed(table[name], dtype, written) for name, dtype in columns.items()}
        )
    except _OTHERWISE_WRITTEN:
        return None


def _typed(column: pa.ChunkedArray, dtype: str, written: TimeFormat) -> pa.ChunkedArray:
    """Cast a column from its JSON type to its own.

    Raises:
        ArrowInvalid: A time or a date is not in Flink's format.
    """
    if written.written_type(dtype) != dtype:
        return _written_time(column, written)
    form = _SQL_DATE if dtype == "date" else _SQL_TIME if dtype.startswith("timestamp") else None
    if form is not None and not pc.all(pc.match_substring_regex(column, form)).as_py():
        raise pa.ArrowInvalid("not Flink's format of time")
    return column.cast(arrow_type(dtype))


def _written_time(column: pa.ChunkedArray, written: TimeFormat) -> pa.ChunkedArray:
    """Read times that are not in Flink's own format, as `pipeline.formats.event_times` does.

    Raises:
        ArrowInvalid: One needs a closer look.
    """
    if written is TimeFormat.ISO:
        if not pc.all(pc.match_substring_regex(column, _ISO_TIME)).as_py():
            raise pa.ArrowInvalid("not a plain ISO time")
        zoned = pc.match_substring_regex(column, _ZONE)
        in_utc = pc.if_else(zoned, column, pc.binary_join_element_wise(column, "Z", ""))
        return in_utc.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    first, last = epoch_bounds(written.per_second)
    within = pc.and_(pc.greater_equal(column, first), pc.less_equal(column, last))
    if not pc.all(within).as_py():
        raise pa.ArrowInvalid("not in the years 1 to 9999")
    if written.per_second <= _MILLISECONDS:
        return pc.multiply(column, _MICROSECONDS // written.per_second).cast(pa.timestamp("us"))
    times = column.cast(pa.timestamp("us" if written is TimeFormat.EPOCH_US else "ns"))
    return pc.floor_temporal(times, unit="millisecond").cast(pa.timestamp("us"))
