"""The values by which rows of a feature are chosen, as their columns have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.text.sql import identifier, literal

# DuckDB would round others.
_WHOLE: Final = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


def typed(feature: Feature, only: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of columns that identify rows, with the types of the columns.

    Args:
        feature: The feature.
        only: The values as text, by column.

    Raises:
        InputError: A column does not identify the feature's rows, or a value is not of its type.
    """
    if unknown := sorted(only.keys() - set(feature.identity)):
        raise InputError(
            f"{unknown[0]} is no column that identifies the rows of {feature.name}.",
            f"Such columns: {', '.join(feature.identity)}.",
        )
    with duckdb.connect() as connection:
        return {
            name: _typed(connection, name, text, feature.columns[name])
            for name, text in only.items()
        }


def condition(feature: Feature, only: Mapping[str, str]) -> str:
    """Return the SQL condition that a row of a feature has these values.

    Raises:
        InputError: As for `typed`.
    """
    values = typed(feature, only).items() if only else ()
    conditions = (
        f"{identifier(name)} = CAST({literal(str(value))} AS {_type(feature.columns[name])})"
        for name, value in values
    )
    return " AND ".join(conditions) or "true"


def _type(dtype: str) -> str:
    """Return DuckDB's type of a column, given Ibis's."""
    return str(DuckDBType.to_string(ibis.dtype(dtype)))


def _typed(connection: duckdb.DuckDBPyConnection, name: str, text: str, dtype: str) -> Any:
    kind = ibis.dtype(dtype)
    value = None
    if kind.is_timestamp():
        value = _time(text)
    elif _WHOLE.fullmatch(text) or not kind.is_integer():
        row = connection.execute(f"SELECT TRY_CAST(? AS {_type(dtype)})", [text]).fetchone()
        (value,) = row or (None,)
    if value is None:
        like = ", as 2024-03-01 12:00:00" if kind.is_timestamp() else ""
        raise InputError(
            f"{text!r} is no value of {name}, which is of type {dtype}.",
            f"Give a value of that type{like}.",
        )
    return value


def _time(text: str) -> datetime | None:
    """Return a time in UTC, which is what a time without a zone is."""
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text.strip())
        return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    return None
