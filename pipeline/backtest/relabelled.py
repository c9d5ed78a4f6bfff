"""Transactions with the labels that came later, and without those that may still change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import duckdb
import pyarrow as pa

from pipeline.parity.batch import INPUT
from pipeline.sources import Source
from pipeline.sources.labels import NO, YES
from pipeline.text.sql import identifier, literal

_AS_WRITTEN = "__as_written"
_LATER = "__later"


def relabel(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    later: Mapping[str, bool],
    maturity: timedelta,
    *,
    own: bool = True,
) -> int:
    """Put later labels in place of the records' own, in the view `parity.batch.INPUT`.

    A record that is younger than the maturity, counted from the newest one, has no label.

    Args:
        connection: To the database.
        source: The source of the records, with an identity and a label.
        later: Whether a record is fraud, by its identity.
        maturity: How long its label may be on its way.
        own: Whether a record's own label counts.

    Returns:
        The number of records with a later label.
    """
    assert source.label is not None
    assert source.identity is not None
    table = pa.table(
        {
            "identity": pa.array(later.keys(), pa.string()),
            "fraud": pa.array(later.values(), pa.bool_()),
        }
    )
    connection.register(f"{_LATER}_rows", table)
    connection.execute(f"CREATE TABLE {_LATER} AS SELECT * FROM {_LATER}_rows")
    connection.unregister(f"{_LATER}_rows")
    connection.execute(f"ALTER VIEW {INPUT} RENAME TO {_AS_WRITTEN}")
    label, time = identifier(source.label), identifier(source.time)
    dtype = source.columns[source.label]
    yes, no = (f"CAST({literal(word)} AS {_SQL.get(dtype, dtype)})" for word in _words(dtype))
    named = f"CAST(w.{identifier(source.identity)} AS VARCHAR)"
    seconds = int(maturity.total_seconds())
    newest = f"(SELECT max({time}) FROM {_AS_WRITTEN})"
    young = f"w.{time} > {newest} - INTERVAL {seconds} SECOND" if seconds else "false"
    connection.execute(
        f"""CREATE VIEW {INPUT} AS SELECT w.* REPLACE (
                CASE WHEN {young} THEN NULL WHEN l.fraud THEN {yes} WHEN NOT l.fraud THEN {no}
                ELSE {f"w.{label}" if own else "NULL"} END AS {label})
            FROM {_AS_WRITTEN} w LEFT JOIN {_LATER} l ON l.identity = {named}"""
    )
    row = connection.execute(
        f"SELECT count(*) FROM {_AS_WRITTEN} w SEMI JOIN {_LATER} l ON l.identity = {named}"
    ).fetchone()
    assert row is not None
    return int(row[0])


_SQL = {"string": "VARCHAR", "boolean": "BOOLEAN"}


def _words(dtype: str) -> tuple[str, str]:
    """Return the first words for fraud and for its absence that fit the label's type."""
    return (YES[0], NO[0]) if dtype == "string" else ("1", "0")
