"""Which late transactions Flink has dropped, told from what is wrong without them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from pipeline import schema
from pipeline.features import Feature

from .batch import evaluate
from .compare import Comparison, quoted, same_identity
from .lateness import Bools
from .rows import TopicRows

_WINDOW = ("window_start", "window_end")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would be expected had these transactions been dropped.

    Attributes:
        expected: The rows of the feature then.
        dropped: Which of the transactions.
    """

    expected: pa.Table
    dropped: Bools


def explain(
    feature: Feature,
    transactions: TopicRows,
    candidates: Bools,
    comparison: Comparison,
    expected: pa.Table,
) -> Explanation:
    """Drop the candidates that may explain what is wrong.

    Where a transaction has a row of its own, as many are taken as rows are missing, the last to
    arrive first. Where rows are windows, only the windows that are wrong are looked at without
    their candidates: a late transaction is dropped from a window that has closed, and counts in one
    that is still open.

    Args:
        feature: Whose rows they are.
        transactions: What the job has read.
        candidates: Those that may have been late.
        comparison: Of the sink with what is expected if nothing was dropped.
        expected: Those rows.
    """
    if set(feature.identity) <= set(schema.TRANSACTION_FIELDS):
        dropped = _without_row(feature, transactions, candidates, comparison)
    elif set(_WINDOW) <= set(feature.identity):
        dropped = _in_wrong_windows(feature, transactions, candidates, comparison)
    else:
        dropped = candidates
    kept = evaluate(feature, transactions.table.filter(pa.array(~dropped)))
    if set(_WINDOW) <= set(feature.identity):
        kept = _exchanged(feature, expected, kept, comparison.wrong_keys)
    return Explanation(kept, dropped)


def _without_row(
    feature: Feature, transactions: TopicRows, candidates: Bools, comparison: Comparison
) -> Bools:
    absent = dict(comparison.missing_keys)
    columns = [transactions.table[name] for name in feature.identity]
    dropped = np.zeros(len(candidates), np.bool_)
    indexes = np.flatnonzero(candidates)
    for index in indexes[np.argsort(-transactions.arrived[indexes], kind="stable")]:
        key = tuple(column[int(index)].as_py() for column in columns)
        if absent.get(key, 0) > 0:
            absent[key] -= 1
            dropped[index] = True
    return dropped


def _in_wrong_windows(
    feature: Feature, transactions: TopicRows, candidates: Bools, comparison: Comparison
) -> Bools:
    """The candidates whose time and groups are those of a window that is wrong."""
    time = quoted(schema.TIME_COLUMN)
    groups = [name for name in feature.identity if name in schema.TRANSACTION_FIELDS]
    inside = " AND ".join(
        [
            f"t.{time} >= k.window_start AND t.{time} < k.window_end",
            *(f"t.{quoted(name)} IS NOT DISTINCT FROM k.{quoted(name)}" for name in groups),
        ]
    )
    names = list(dict.fromkeys([schema.TIME_COLUMN, *groups]))
    late = transactions.table.select(names).filter(pa.array(candidates))
    late = late.append_column("row_number", pa.array(np.flatnonzero(candidates), pa.int64()))
    connection = duckdb.connect()
    try:
        connection.register("late", late)
        connection.register("wrong_keys", comparison.wrong_keys)
        found = connection.execute(
            f"SELECT DISTINCT t.row_number FROM late t JOIN wrong_keys k ON {inside}"
        ).fetchnumpy()["row_number"]
    finally:
        connection.close()
    dropped = np.zeros(len(candidates), np.bool_)
    dropped[np.asarray(found, np.int64)] = True
    return dropped


def _exchanged(feature: Feature, rows: pa.Table, others: pa.Table, keys: pa.Table) -> pa.Table:
    """The rows, but those of these identities as they are among the others."""
    connection = duckdb.connect()
    try:
        connection.register("r", rows)
        connection.register("o", others)
        connection.register("k", keys)
        return connection.execute(
            f"SELECT * FROM r ANTI JOIN k ON {same_identity(feature, 'r', 'k')} UNION ALL "
            f"SELECT * FROM o SEMI JOIN k ON {same_identity(feature, 'o', 'k')}"
        ).fetch_arrow_table()
    finally:
        connection.close()
