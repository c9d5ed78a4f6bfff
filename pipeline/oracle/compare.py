"""Expected and found rows held against each other, as multisets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from pipeline.features import Feature

RELATIVE_TOLERANCE: Final = {"float64": 1e-9, "float32": 1e-6}
"""By type: what adding up in another order may change."""
EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is missing, different or not expected.

    Attributes:
        kind: Which of these.
        identity: The columns that say which row it is.
        expected: The measures that batch computes, or none.
        found: The measures in the sink, or none.
    """

    kind: str
    identity: dict[str, Any]
    expected: dict[str, Any] | None
    found: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the rows of one feature compare.

    Attributes:
        expected: Rows that can be judged.
        equal: Of them, those found with equal measures.
        waiting: Of them, those absent whose time the watermark has not passed.
        missing: Of them, those absent that should be there.
        different: Rows found whose measures are wrong, and rows nobody expects.
        duplicates: Rows found more often than expected, all of them right.
        before_history: Rows found or expected from before history begins.
        largest_relative_error: Between the measures of equal rows.
        missing_keys: How many rows of an identity are missing, by identity.
        wrong_keys: The identities of rows that are not as they should be, a column for each.
        examples: A few of the rows that are not as they should be.
    """

    expected: int
    equal: int
    waiting: int
    missing: int
    different: int
    duplicates: int
    before_history: int
    largest_relative_error: float
    missing_keys: Mapping[tuple[Any, ...], int]
    wrong_keys: pa.Table
    examples: tuple[Difference, ...]

    @property
    def wrong(self) -> int:
        """Rows that are not as they should be."""
        return self.missing + self.different


def compare(
    feature: Feature,
    expected: pa.Table,
    found: pa.Table,
    *,
    final_before: int | None,
    judged_before: int | None,
    judged_from: int | None,
) -> Comparison:
    """Compare what batch computes with what the sink holds.

    Rows are matched by identity; among rows of one identity each found row is held against each
    distinct expected one, so that neither order nor redelivery matters.

    Args:
        feature: Whose rows they are.
        expected: From DuckDB.
        found: From the sink.
        final_before: An absent row with an event time before this is missing, otherwise it waits;
            microseconds since the epoch, None for always.
        judged_before: A found row at or after this may depend on transactions not looked at, and is
            only counted if it is right; None for no bound.
        judged_from: Rows before this cannot be judged, since their inputs may be gone; or None.
    """
    connection = duckdb.connect()
    try:
        connection.register("expected_rows", expected)
        connection.register("found_rows", found)
        for statement in _statements(feature, final_before, judged_before, judged_from):
            connection.execute(statement)
        return _collect(connection, feature)
    finally:
        connection.close()


def _statements(
    feature: Feature,
    final_before: int | None,
    judged_before: int | None,
    judged_from: int | None,
) -> tuple[str, ...]:
    identity = ", ".join(map(quoted, feature.identity))
    columns = ", ".join(map(quoted, feature.columns))
    same = same_identity(feature, "e", "f")
    matches = " AND ".join(_matches(feature, name) for name in feature.measures) or "true"
    errors = [
        _error(name) for name in feature.measures if feature.columns[name] in RELATIVE_TOLERANCE
    ]
    error = f"greatest({', '.join(errors)}, 0.0)" if errors else "0.0"
    time = f"epoch_us({quoted(feature.event_time)})"
    since = f"{time} >= {judged_from}" if judged_from is not None else "true"
    final = f"{time} < {final_before}" if final_before is not None else "true"
    judged = f"{time} < {judged_before}" if judged_before is not None else "true"
    # What is ours begins with two underscores: a feature may well call a column `n`.
    return (
        f"""CREATE TABLE e AS SELECT {columns}, count(*) AS __n, {final} AS __final,
            row_number() OVER () AS __id FROM expected_rows WHERE {since} GROUP BY {columns}""",
        f"""CREATE TABLE f AS SELECT {columns}, {judged} AS __judged, row_number() OVER () AS __id
            FROM found_rows WHERE {since}""",
        f"""CREATE TABLE pairs AS SELECT f.__id AS f_id, e.__id AS e_id, {matches} AS matches,
            {error} AS error FROM f JOIN e ON {same}""",
        """CREATE TABLE matched AS SELECT f_id, min(e_id) AS e_id, min(error) AS error
           FROM pairs WHERE matches GROUP BY f_id""",
        """CREATE TABLE wrong AS SELECT f.*, p.e_id AS __e_id FROM f
           LEFT JOIN (SELECT f_id, min(e_id) AS e_id FROM pairs GROUP BY f_id) p
           ON p.f_id = f.__id
           WHERE f.__judged AND f.__id NOT IN (SELECT f_id FROM matched)""",
        f"""CREATE TABLE score AS SELECT e.*, coalesce(m.found, 0) AS __found,
            coalesce(w.__wrong, 0) AS __wrong FROM e
            LEFT JOIN (SELECT e_id, count(*) AS found FROM matched GROUP BY e_id) m
            ON m.e_id = e.__id
            LEFT JOIN (SELECT {identity}, count(*) AS __wrong FROM wrong GROUP BY {identity}) w
            ON {same_identity(feature, "e", "w")}""",
        # A wrong row stands in the place of a right one, which then is not missing as well.
        "ALTER TABLE score ADD COLUMN __absent BIGINT",
        "UPDATE score SET __absent = greatest(__n - __found - __wrong, 0)",
        f"""CREATE VIEW before AS SELECT
            (SELECT count(*) FROM expected_rows WHERE NOT ({since})) AS expected,
            (SELECT count(*) FROM found_rows WHERE NOT ({since})) AS found""",
    )


def _collect(connection: duckdb.DuckDBPyConnection, feature: Feature) -> Comparison:
    def numbers(sql: str) -> tuple[Any, ...]:
        row = connection.execute(sql).fetchone()
        assert row is not None
        return row

    expected, equal, duplicates, waiting, missing = numbers(
        """SELECT coalesce(sum(__n), 0), coalesce(sum(least(__n, __found)), 0),
           coalesce(sum(greatest(__found - __n, 0)), 0),
           coalesce(sum(__absent) FILTER (NOT __final), 0),
           coalesce(sum(__absent) FILTER (__final), 0)
           FROM score"""
    )
    (different,) = numbers("SELECT count(*) FROM wrong")
    (error,) = numbers("SELECT coalesce(max(error), 0) FROM matched")
    (before,) = numbers("SELECT greatest(expected, found) FROM before")
    identity = ", ".join(map(quoted, feature.identity))
    lacking = "__final AND __absent > 0"
    absent = connection.execute(f"SELECT {identity}, __absent FROM score WHERE {lacking}")
    missing_keys = {tuple(key): int(count) for *key, count in absent.fetchall()}
    return Comparison(
        expected=int(expected),
        equal=int(equal),
        waiting=int(waiting),
        missing=int(missing),
        different=int(different),
        duplicates=int(duplicates),
        before_history=int(before),
        largest_relative_error=float(error),
        missing_keys=missing_keys,
        wrong_keys=connection.execute(
            f"SELECT {identity} FROM score WHERE {lacking} UNION SELECT {identity} FROM wrong"
        ).fetch_arrow_table(),
        examples=_examples(connection, feature),
    )


def _examples(connection: duckdb.DuckDBPyConnection, feature: Feature) -> tuple[Difference, ...]:
    def part(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        return {name: row[name] for name in names}

    def rows(sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = connection.execute(sql).fetch_arrow_table().to_pylist()
        return found

    found = []
    for row in rows(f"SELECT * FROM wrong ORDER BY __id LIMIT {EXAMPLES}"):
        expected = rows(f"SELECT * FROM e WHERE __id = {row['__e_id']}") if row["__e_id"] else []
        found.append(
            Difference(
                kind="different" if expected else "not expected",
                identity=part(row, feature.identity),
                expected=part(expected[0], feature.measures) if expected else None,
                found=part(row, feature.measures),
            )
        )
    absent = rows(f"SELECT * FROM score WHERE __final AND __absent > 0 LIMIT {EXAMPLES}")
    found.extend(
        Difference("missing", part(row, feature.identity), part(row, feature.measures), None)
        for row in absent
    )
    return tuple(found)


def same_identity(feature: Feature, left: str, right: str) -> str:
    """The condition, in SQL, that two tables' rows are the same row; nulls are equal."""
    return " AND ".join(
        f"{left}.{quoted(name)} IS NOT DISTINCT FROM {right}.{quoted(name)}"
        for name in feature.identity
    )


def _matches(feature: Feature, name: str) -> str:
    same = f"e.{quoted(name)} IS NOT DISTINCT FROM f.{quoted(name)}"
    tolerance = RELATIVE_TOLERANCE.get(feature.columns[name])
    if tolerance is not None:
        return f"({same} OR coalesce({_error(name)} <= {tolerance}, false))"
    return same


def _error(name: str) -> str:
    e, f = f"e.{quoted(name)}", f"f.{quoted(name)}"
    return f"CASE WHEN {e} = {f} THEN 0 ELSE abs({e} - {f}) / greatest(abs({e}), abs({f})) END"


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'
