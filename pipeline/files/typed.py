"""The rows of a file as JSON objects, with the types that their texts look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import duckdb

from pipeline.text.sql import identifier, literal

_TABLE: Final = "texts"
# A few texts among numbers are errors of a number; more of them are the values of a text.
_NEARLY_ALL: Final = 0.95
_TRUE: Final = "('true', 'True', 'TRUE')"
_BOOLEAN: Final = "('true', 'True', 'TRUE', 'false', 'False', 'FALSE')"
_MACROS: Final = r"""
CREATE OR REPLACE TEMP MACRO whole_of(t) AS
    CASE WHEN CAST(TRY_CAST(t AS BIGINT) AS VARCHAR) = t THEN TRY_CAST(t AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO number_of(t) AS
    CASE WHEN isfinite(TRY_CAST(t AS DOUBLE)) AND NOT contains(t, '_')
         THEN TRY_CAST(t AS DOUBLE) END;
-- A number with zeros in front is rather a code: 02150.
CREATE OR REPLACE TEMP MACRO is_code(t) AS
    t[1] = '0' AND length(t) > 1 AND NOT contains(t, '.') AND TRY_CAST(t AS BIGINT) IS NOT NULL;
"""


def as_objects(texts: str, columns: Sequence[str], connection: duckdb.DuckDBPyConnection) -> str:
    """Return a query for `__place` and `object`; an empty text is null.

    Args:
        texts: A query for `__place` and the columns as texts, which is executed once.
        columns: Its columns.
        connection: The database.
    """
    connection.execute(_MACROS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS {texts}")

    def count(names: Sequence[str], *of: Callable[[str], str]) -> list[tuple[int, ...]]:
        """Counts of each column."""
        counts = [f"count(CASE WHEN {test(name)} THEN 1 END)" for name in names for test in of]
        query = f"SELECT {', '.join(counts) or 'NULL'} FROM {_TABLE}"
        found = connection.execute(query).fetchone() or ()
        return [found[at : at + len(of)] for at in range(0, len(counts), len(of))]

    names = [identifier(name) for name in columns]
    values = {name: f"nullif({name}, '')" for name in names}
    looked = count(
        names,
        lambda name: f"{name} <> ''",
        lambda name: f"TRY_CAST({name} AS DOUBLE) IS NOT NULL",
        lambda name: f"{name} IN {_BOOLEAN}",
    )
    there = {}
    for name, (known, numbers, booleans) in zip(names, looked, strict=True):
        if known and booleans == known:
            values[name] = f"CASE WHEN {name} <> '' THEN {name} IN {_TRUE} END"
        elif known and numbers >= known * _NEARLY_ALL:
            there[name] = known
    # Most columns are texts, so this is asked of the others alone.
    looked = count(
        list(there),
        lambda name: f"whole_of({name}) IS NOT NULL",
        lambda name: f"number_of({name}) IS NOT NULL",
        lambda name: f"is_code({name})",
    )
    for (name, known), (whole, numbers, codes) in zip(there.items(), looked, strict=True):
        if not codes:
            values[name] = _number(name, known, whole, numbers)
    fields = (f"{literal(name)}, {values[identifier(name)]}" for name in columns)
    return f"SELECT __place, json_object({', '.join(fields)}) AS object FROM {_TABLE}"


def in_json(name: str, dtype: str) -> str:
    """Return the SQL of a column's value as JSON, for what JSON or its readers do not know.

    Args:
        name: The column.
        dtype: Its type in DuckDB.
    """
    column = identifier(name)
    if dtype in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({column}) THEN {column} END"
    if dtype == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    return column


def _number(name: str, known: int, whole: int, numbers: int) -> str:
    number = f"whole_of({name})" if whole == numbers else f"number_of({name})"
    if numbers == known:
        return number
    return f"coalesce(to_json({number}), to_json(nullif({name}, '')))"
