"""Measures how long after a transaction its value was there, and what was known before that.

A service that scores a transaction reads the newest row of its user. Kafka's timestamps tell when
each transaction and each row was written; so for any delay after a transaction it is known which
row the service would have read, and how far that was from the row that counts the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipeline.features import Feature
from pipeline.findings import DELAYS, ERRORS, MOMENTS, Known, Timeliness
from pipeline.text.sql import identifier

from .compare import RELATIVE_TOLERANCE, relative_error
from .origins import WINDOW, copied, is_windowed, keys
from .sql_names import joined, listed, same
from .tables import StoredRows

_MOST: Final = 50_000
_DIFFERENT: Final = 1e300


def timeliness(
    feature: Feature, streams: Sequence[StoredRows], sink: StoredRows
) -> Timeliness | None:
    """Measure it for the newest transactions; None if none of them has a row.

    None of a join, too: a pair has two beginnings, and no value of a user.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        sink: The rows that it has written.
    """
    if feature.join is not None:
        return None
    (transactions,) = streams
    connection = transactions.connection
    connection.execute(_with_rows(feature, transactions, sink))
    row = connection.execute(
        f"""SELECT count(*), coalesce(quantile_cont(delay, 0.5), 0),
            coalesce(quantile_cont(delay, 0.99), 0), coalesce(max(delay), 0),
            {_steps("delay", DELAYS)}
            FROM (SELECT greatest(__written - __began, 0) / 1000 AS delay FROM timely)"""
    ).fetchone()
    assert row is not None
    count, median, most, longest, *found = row
    if not count:
        return None
    connection.execute(_readable(feature, sink))
    return Timeliness(
        rows=count,
        median=median,
        most=most,
        longest=longest,
        delays=tuple(found),
        known=tuple(_known(feature, transactions, after) for after in MOMENTS),
    )


def _with_rows(feature: Feature, transactions: StoredRows, sink: StoredRows) -> str:
    """Create `timely`: the newest transactions with the first row that counts each."""
    time, at = identifier(feature.source.time), identifier(feature.event_time)
    counts = joined(copied(feature), "f")
    if is_windowed(feature):
        start, end = (f"f.{identifier(name)}" for name in WINDOW)
        counts += f" AND t.{time} >= {start} AND t.{time} < {end}"
    return f"""CREATE OR REPLACE TEMP TABLE timely AS
        SELECT t.__row AS __transaction, t.__arrived AS __began, f.__arrived AS __written,
        {listed(feature.columns, "f")} FROM (
            SELECT * FROM {transactions.table} WHERE __arrived > 0
            ORDER BY __arrived DESC, __row DESC LIMIT {_MOST}
        ) t JOIN {sink.table} f ON {counts} AND f.__arrived > 0
        QUALIFY row_number() OVER (
            PARTITION BY t.__row ORDER BY f.{at}, f.__arrived, f.__row
        ) = 1"""


def _readable(feature: Feature, sink: StoredRows) -> str:
    """Create `readable`: by group and moment, the newest row that was there.

    Of the rows before the first transaction that is looked at, only the last of each group counts.
    """
    groups = [identifier(name) for name in keys(feature)]
    order = f"(__arrived, epoch_us({identifier(feature.event_time)}), __row)"
    newest = [f"arg_max({name}, {order}) AS {name}" for name in map(identifier, feature.measures)]

    def rows(there: str, condition: str, by: list[str]) -> str:
        columns = ", ".join([*groups, f"{there} AS __there", *newest, "1 AS __all"])
        grouped = f"GROUP BY {', '.join(by)}" if by else "HAVING count(*) > 0"
        return f"SELECT {columns} FROM {sink.table} WHERE __arrived > 0 AND {condition} {grouped}"

    since = "(SELECT min(__began) FROM timely)"
    return f"""CREATE OR REPLACE TEMP TABLE readable AS
        {rows("max(__arrived)", f"__arrived < {since}", groups)}
        UNION ALL {rows("__arrived", f"__arrived >= {since}", [*groups, "__arrived"])}"""


def _known(feature: Feature, transactions: StoredRows, after: float) -> Known:
    asked = f"o.__began + {round(after * 1000)}"
    own = f"o.__written <= {asked}"
    grouped = list(keys(feature))
    in_group = "".join(f" AND o.{identifier(name)} = k.{identifier(name)}" for name in grouped)
    # Without measures, the transaction's own row is all there is to know.
    there = f"({own} OR k.__there IS NOT NULL)" if feature.measures else own
    errors = ", ".join(["0.0", *(_error(feature, name) for name in feature.measures)])
    row = transactions.connection.execute(
        f"""SELECT count(*) FILTER (NOT there), {_steps("error", ERRORS, "there")} FROM (
            SELECT {there} AS there, CASE WHEN {own} THEN 0.0 ELSE greatest({errors}) END AS error
            FROM (SELECT *, 1 AS __all FROM timely) o ASOF LEFT JOIN readable k
            ON o.__all = k.__all {in_group} AND {asked} >= k.__there)"""
    ).fetchone()
    assert row is not None
    none, *within = row
    return Known(after=after, none=none, within=tuple(within))


def _error(feature: Feature, name: str) -> str:
    """Return SQL for how far the value known was from the final one, relative to the larger."""
    numeric = feature.columns[name] in {*RELATIVE_TOLERANCE, "int64", "int32", "int16", "int8"}
    share = f"coalesce({relative_error(name, 'o', 'k')}, {_DIFFERENT})" if numeric else _DIFFERENT
    return f"CASE WHEN {same([name], 'o', 'k')} THEN 0.0 ELSE {share} END"


def _steps(column: str, bounds: Sequence[float], condition: str = "true") -> str:
    """Return SQL for the number of rows in each step, of which the last has no upper bound."""
    return ", ".join(
        f"count(*) FILTER ({condition} AND {column} > {low} AND {column} <= {high})"
        for low, high in pairwise((-1.0, *bounds, 2 * _DIFFERENT))
    )
