"""Scores transactions with a signal on DuckDB: the expression that runs on Flink."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import duckdb
from duckdb.sqltypes import VARCHAR

from pipeline.parity.batch import query
from pipeline.signals import Signal
from pipeline.signals.signal import SCORE
from pipeline.sources import Source
from pipeline.sources.labels import NO, YES
from pipeline.sources.masking import masked
from pipeline.text.sql import identifier, literal

TIME: Final = "__time"
USER: Final = "__user"
AMOUNT: Final = "__amount"
FRAUD: Final = "__fraud"


@dataclass(frozen=True, slots=True)
class Scored:
    """Transactions with their scores, in a table.

    Besides the columns of the signal, the table has `__time`; `__user`, `__amount` and `__fraud`,
    which are null where they are unknown.

    Attributes:
        connection: To the database.
        table: The table.
        signal: The signal.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    signal: Signal


def score(connection: duckdb.DuckDBPyConnection, signal: Signal, number: int) -> Scored:
    """Compute the scores of all transactions in the view `parity.batch.INPUT`.

    Args:
        connection: To the database.
        signal: The signal.
        number: Distinguishes the table from those of other signals.
    """
    source, table = signal.source, f"scored_{number}"
    user, amount = (
        f"CAST({identifier(name)} AS {kind})" if name else "NULL"
        for name, kind in ((source.user, "VARCHAR"), (source.amount, "DOUBLE"))
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE {table} AS
            SELECT *, {identifier(source.time)} AS {TIME}, {user} AS {USER}, {amount} AS {AMOUNT},
            {_fraud(source)} AS {FRAUD} FROM ({query(signal.table)})"""
    )
    return Scored(connection, table, signal)


def write_rows(scored: Scored, threshold: float, path: str, hidden: Collection[str]) -> None:
    """Write each transaction with its score, its reasons and what became of it.

    Args:
        scored: The transactions.
        threshold: The score from which a transaction is an alert.
        path: A file whose name ends in .csv or .parquet.
        hidden: Columns whose values are written as they are shown.
    """
    if hidden:
        scored.connection.create_function("masked", masked, [VARCHAR], VARCHAR)
    outcome = (
        f"CASE WHEN {SCORE} >= {threshold!r} THEN "
        f"CASE WHEN {FRAUD} IS NULL THEN 'alert, unlabelled' "
        f"WHEN {FRAUD} THEN 'caught' ELSE 'false alert' END "
        f"WHEN {FRAUD} IS NULL THEN 'unlabelled' WHEN {FRAUD} THEN 'missed' ELSE 'passed' END"
    )
    kind = "PARQUET" if path.endswith(".parquet") else "CSV, HEADER"
    columns = ", ".join(
        f"masked(CAST({identifier(name)} AS VARCHAR)) AS {identifier(name)}"
        if name in hidden
        else identifier(name)
        for name in scored.signal.columns
    )
    scored.connection.execute(
        f"COPY (SELECT {columns}, {outcome} AS outcome FROM {scored.table} "
        f"ORDER BY {SCORE} DESC, {TIME}) TO {literal(path)} (FORMAT {kind})"
    )


def _fraud(source: Source) -> str:
    """The label as a boolean, as SQL; null where a record has no label."""
    if source.label is None:
        return "CAST(NULL AS BOOLEAN)"
    column, dtype = identifier(source.label), source.columns[source.label]
    if dtype == "boolean":
        return column
    if dtype != "string":
        return f"{column} <> 0"
    yes, no = (", ".join(map(literal, words)) for words in (YES, NO))
    return (
        f"CASE WHEN lower({column}) IN ({yes}) THEN true WHEN lower({column}) IN ({no}) "
        "THEN false END"
    )
