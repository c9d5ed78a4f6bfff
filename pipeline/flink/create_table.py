"""CREATE TABLE statements of Flink."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import ibis
import ibis.backends.sql.dialects  # registers the dialect that FlinkType writes
from ibis.backends.sql.datatypes import FlinkType

from pipeline.sources.paths import Shape
from pipeline.text.sql import literal


def create_table(
    name: str,
    columns: Mapping[str, Shape],
    options: Mapping[str, str],
    extra: Iterable[str] = (),
    *,
    never_null: Collection[str] = (),
) -> str:
    """Return the statement that creates a table.

    Args:
        name: Name of the table.
        columns: By column the name of its Ibis type, or what is read of an object or an array.
        options: The table's options.
        extra: Definitions of further columns and of the watermark, as SQL.
        never_null: Columns that cannot be null.
    """
    fields = [
        f"{quoted(column)} {_sql_type(dtype)}{' NOT NULL' if column in never_null else ''}"
        for column, dtype in columns.items()
    ]
    body = ",\n".join(f"  {line}" for line in (*fields, *extra))
    settings = ",\n".join(f"  {literal(key)} = {literal(value)}" for key, value in options.items())
    return f"CREATE TEMPORARY TABLE {quoted(name)} (\n{body}\n) WITH (\n{settings}\n)"


def _sql_type(shape: Shape) -> str:
    if isinstance(shape, dict):
        fields = ", ".join(f"{quoted(name)} {_sql_type(field)}" for name, field in shape.items())
        return f"ROW<{fields}>"
    if isinstance(shape, list):
        return f"ARRAY<{_sql_type(shape[0])}>"
    # Ibis omits the precision. Flink's event times have milliseconds, whatever Ibis infers for a
    # window's bounds.
    kind = ibis.dtype(shape)
    return "TIMESTAMP(3)" if kind.is_timestamp() else FlinkType.to_string(kind)


def quoted(name: str) -> str:
    """Quote the name of a table or column."""
    return "`" + name.replace("`", "``") + "`"
