"""How the texts of a file become the values of a source's columns, as SQL.

Where rows are converted, `raw` has the texts and `value` the values, both by column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.sources.column_types import TIME, digits, element, is_decimal
from pipeline.text.sql import identifier, literal

from .conventions import Conventions

if TYPE_CHECKING:  # A target encodes records by these values.
    from .target import Target

_TYPES: Final = {
    "boolean": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "date": "DATE",
    TIME: "TIMESTAMP",
}


def raw(name: str) -> str:
    """The text of a column."""
    return f"raw.{identifier(name)}"


def value(name: str) -> str:
    """The value of a column."""
    return f"value.{identifier(name)}"


def struct_type(target: Target) -> str:
    """The type of `value`."""
    columns = target.source.columns.items()
    return f"STRUCT({', '.join(f'{identifier(f)} {duckdb_type(kind)}' for f, kind in columns)})"


def struct(target: Target, how: Conventions) -> str:
    """The values of a row, from its texts and `epoch`; null where a text is none.

    Args:
        target: What the rows become.
        how: How dates and numbers are written.
    """
    fields = (f"{literal(f)}: {_converted(target, f, how)}" for f in target.source.columns)
    return f"{{{', '.join(fields)}}}"


def duckdb_type(dtype: str) -> str:
    """DuckDB's name of a column's Ibis type."""
    if is_decimal(dtype):
        return "DECIMAL({}, {})".format(*digits(dtype))
    if inside := element(dtype):
        return f"{duckdb_type(inside)}[]"
    return _TYPES[dtype]


def time(target: Target, name: str, *, day_first: bool) -> str:
    """The time or date of a column."""
    if target.source.columns[name] == "date":
        return f"date_of({raw(name)}, {day_first})"
    read = "exact_time_of" if target.exact_times else "whole_time_of"
    return f"{read}({raw(name)}, {day_first})"


def times(target: Target) -> tuple[str, ...]:
    """The columns with times and dates."""
    return tuple(f for f, dtype in target.source.schema if dtype in (TIME, "date"))


def fractions(target: Target) -> tuple[str, ...]:
    """The columns with numbers that may have a fraction."""
    return tuple(
        f for f, dtype in target.source.schema if is_decimal(dtype) or dtype.startswith("float")
    )


def _converted(target: Target, name: str, how: Conventions) -> str:
    source, text = target.source, raw(name)
    dtype = source.columns[name]
    if name == source.time:
        read = time(target, name, day_first=how.day_first)
        return f"if(lacks_seconds({text}), with_seconds({read}, epoch), {read})"
    if dtype in (TIME, "date"):
        return time(target, name, day_first=how.day_first)
    if name in target.births:
        at = time(target, source.time, day_first=how.day_first)
        return f"birth_of({text}, {how.day_first}, {at})"
    if dtype == "string":
        return text
    if element(dtype):
        found = f"TRY_CAST({text} AS JSON)"
    elif is_decimal(dtype):
        found = f"exact_number({text}, {how.comma})"
    elif dtype.startswith("float"):
        found = f"amount_of({text}, {how.comma})"
    elif dtype == "boolean" or name == source.label:
        found = f"flag_of({text})"
    else:
        found = f"whole_number({text})"
    return f"TRY_CAST({found} AS {duckdb_type(dtype)})"
