"""Compares expected and found rows as multisets, in slices of event time.

A slice is computed from its own transactions and the earlier ones within the lookback, so that
memory depends on the lookback and not on the length of the topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from pipeline.features import Feature
from pipeline.findings import Kind
from pipeline.text.sql import identifier

from . import listing
from .batch import EVERY_RECORD, Reach, query, reaches, view_of
from .sql_names import listed, micros, micros_of, same
from .tables import BEGINNING, END, StoredRows

RELATIVE_TOLERANCE: Final = {"float64": 1e-9, "float32": 1e-6}
"""By type: the error that a different order of summation may cause."""
_STRETCH_ROWS: Final = 40_000
_BINS: Final = 4_096
Stretch = tuple[int, int]
"""A slice of event time, in microseconds since the epoch: its begin, and its end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which rows can be checked; in microseconds since the epoch.

    Attributes:
        final_before: An absent row with an earlier event time is missing, a later one is waiting;
            None if every row is final.
        checked_before: A found row at or after this may depend on transactions that were not read;
            it counts only if it is right.
        checked_from: Earlier rows cannot be checked, since their inputs may be gone; None if all
            can.
    """

    final_before: int | None
    checked_before: int
    checked_from: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison.

    The mismatches are in two tables of the database: `missing` (the columns, and the number of rows
    in `__absent`) and `wrong` (the columns as found, the number of rows in `__n`, whether there
    should be such a row in `__known`, the expected measures as `__expected0` and so on, when the
    last one was written in `__arrived`, in milliseconds since the epoch, and in `__again` whether
    all rows that should be there are found besides). Some of the rows that are delivered twice, or
    are not final, are in the table of `listing`.

    Attributes:
        expected: Rows that can be checked.
        equal: Expected rows found with equal measures.
        waiting: Expected rows that are absent and not final yet.
        missing: Expected rows that are absent and final.
        different: Found rows with wrong measures, and found rows that are not expected.
        duplicates: Right rows found more often than expected.
        before_history: Rows older than `checked_from`, found or expected.
        early: Equal rows that are not final yet, but there already.
        largest_relative_error: Between the measures of equal rows.
    """

    expected: int = 0
    equal: int = 0
    waiting: int = 0
    missing: int = 0
    different: int = 0
    duplicates: int = 0
    before_history: int = 0
    early: int = 0
    largest_relative_error: float = 0.0

    @property
    def wrong(self) -> int:
        """Number of mismatches: missing and different rows."""
        return self.missing + self.different

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            self.expected + other.expected,
            self.equal + other.equal,
            self.waiting + other.waiting,
            self.missing + other.missing,
            self.different + other.different,
            self.duplicates + other.duplicates,
            self.before_history + other.before_history,
            self.early + other.early,
            max(self.largest_relative_error, other.largest_relative_error),
        )


def compare(
    feature: Feature,
    streams: Sequence[StoredRows],
    sink: StoredRows,
    bounds: Bounds,
    *,
    without: Mapping[str, str] = EVERY_RECORD,
) -> Comparison:
    """Compare the rows computed in batch with the rows in the sink.

    Rows are matched by identity; each found row is compared with each distinct expected row of the
    same identity, so that neither order nor redelivery matters.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        sink: The rows that it has written.
        bounds: Which rows can be checked.
        without: By table of records, a table with the `__row` of those to leave out.
    """
    connection = sink.connection
    expected = query(feature.table, feature.sources)
    for statement in _empty_results(feature, sink):
        connection.execute(statement)
    found = Comparison()
    for stretch in stretches(feature, streams):
        for view in views(feature, streams, stretch, without=without):
            connection.execute(view)
        for statement in _statements(feature, sink, expected, bounds, stretch):
            connection.execute(statement)
        found += _counted(connection)
    return found


def views(
    feature: Feature,
    streams: Sequence[StoredRows],
    stretch: Stretch,
    *,
    without: Mapping[str, str] = EVERY_RECORD,
    numbered: bool = False,
) -> Iterator[str]:
    """Yield SQL that creates the views for a feature's query: the records of one slice.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        stretch: The event time of the rows.
        without: By table of records, a table with the `__row` of those to leave out.
        numbered: Whether the views have the `__row` of each record, with the source's number.
    """
    for number, (stream, reach) in enumerate(zip(streams, reaches(feature), strict=True)):
        left_out = without.get(stream.table)
        rest = f" AND __row NOT IN (SELECT __row FROM {left_out})" if left_out else ""
        yield f"""CREATE OR REPLACE TEMP VIEW {view_of(number)} AS
            SELECT {listed(stream.columns)}{f", __row AS __row{number}" if numbered else ""}
            FROM {stream.table} WHERE {within(stream.time, _reached(stretch, reach))}{rest}"""


def _reached(stretch: Stretch, reach: Reach) -> Stretch:
    """Return the event time of the records of which the rows of a slice are made."""
    begin, end = stretch
    if reach.before is not None and begin > BEGINNING:
        begin -= micros_of(reach.before)
    return begin, end + micros_of(reach.after) if end < END else end


def within(column: str, stretch: Stretch) -> str:
    """Return the SQL condition that a time is in a slice."""
    begin, end = stretch
    conditions = [f"{identifier(column)} >= {micros(begin)}"] if begin > BEGINNING else []
    conditions += [f"{identifier(column)} < {micros(end)}"] if end < END else []
    return " AND ".join(conditions) or "true"


def stretches(feature: Feature, streams: Sequence[StoredRows]) -> Iterator[Stretch]:
    """Slice event time: some ten thousand records each, and no slice below what rows reach over."""
    begin = BEGINNING
    reached = [
        micros_of(reach.before + reach.after)
        for reach in reaches(feature)
        if reach.before is not None
    ]
    bounded = len(reached) == len(streams)
    if bounded and sum(stream.count for stream in streams) > _STRETCH_ROWS:
        least = max(reached)
        oldest = min(time for stream in streams for time in stream.oldest.values())
        newest = max(time for stream in streams for time in stream.newest.values())
        width = max((newest - oldest) // _BINS, 60_000_000)
        times = " UNION ALL ".join(
            f"SELECT epoch_us({identifier(stream.time)}) AS __time FROM {stream.table}"
            for stream in streams
        )
        connection = streams[0].connection
        bins = connection.execute(
            f"""SELECT __time // {width} AS bin, count(*) FROM ({times})
                GROUP BY bin ORDER BY bin"""
        ).fetchall()
        rows, since = 0, oldest
        for number, count in bins:
            start = int(number) * width
            if rows + count > _STRETCH_ROWS and start - since >= least and rows:
                yield begin, start
                begin = since = start
                rows = 0
            rows += count
    yield begin, END


def _empty_results(feature: Feature, sink: StoredRows) -> tuple[str, ...]:
    columns = listed(feature.columns)
    expected = "".join(
        f", {identifier(name)} AS __expected{number}"
        for number, name in enumerate(feature.measures)
    )
    return (
        listing.empty(feature, sink.table),
        f"""CREATE OR REPLACE TABLE missing AS
            SELECT {columns}, 0::BIGINT AS __absent FROM {sink.table} LIMIT 0""",
        f"""CREATE OR REPLACE TABLE wrong AS
            SELECT {columns}, 0::BIGINT AS __n, false AS __known{expected}, 0::BIGINT AS __arrived,
            false AS __again
            FROM {sink.table} LIMIT 0""",
    )


def _statements(
    feature: Feature, sink: StoredRows, expected: str, bounds: Bounds, stretch: Stretch
) -> Iterator[str]:
    identity, columns = listed(feature.identity), listed(feature.columns)
    together = same(feature.identity, "e", "f")
    matches = " AND ".join(matching(feature, name, "e", "f") for name in feature.measures)
    errors = [
        relative_error(name, "e", "f")
        for name in feature.measures
        if feature.columns[name] in RELATIVE_TOLERANCE
    ]
    error = f"greatest({', '.join(errors)}, 0.0)" if errors else "0.0"
    time = f"{identifier(feature.event_time)}"

    def before(bound: int | None) -> str:
        return "true" if bound is None else f"{time} < {micros(bound)}"

    since = (
        f"{time} >= {micros(bounds.checked_from)}" if bounds.checked_from is not None else "true"
    )
    inside = within(feature.event_time, stretch)
    measures = "".join(
        f", any_value(e.{identifier(name)}) AS __expected{number}"
        for number, name in enumerate(feature.measures)
    )
    # Our own columns start with two underscores, since a feature may call a column `n`.
    yield f"""CREATE OR REPLACE TEMP TABLE all_e AS
        SELECT {columns}, count(*) AS __n FROM ({expected}) WHERE {inside} GROUP BY ALL"""
    yield f"""CREATE OR REPLACE TEMP TABLE all_f AS
        SELECT {columns}, count(*) AS __n, max(__arrived) AS __arrived FROM {sink.table}
        WHERE {inside} GROUP BY ALL"""
    yield f"""CREATE OR REPLACE TEMP TABLE e AS SELECT *, {before(bounds.final_before)} AS __final,
        row_number() OVER () AS __id FROM all_e WHERE {since}"""
    yield f"""CREATE OR REPLACE TEMP TABLE f AS
        SELECT *, {before(bounds.checked_before)} AS __checked, row_number() OVER () AS __id
        FROM all_f WHERE {since}"""
    yield f"""CREATE OR REPLACE TEMP TABLE matched AS
        SELECT f.__id AS f_id, arg_min(e.__id, {error}) AS e_id, min({error}) AS error,
        any_value(f.__n) AS __n FROM f JOIN e ON {together} AND {matches or "true"}
        GROUP BY f.__id"""
    yield """CREATE OR REPLACE TEMP TABLE unmatched AS SELECT * FROM f
        WHERE __checked AND __id NOT IN (SELECT f_id FROM matched)"""
    grouped = ", ".join(
        f"any_value(f.{identifier(name)}) AS {identifier(name)}" for name in feature.columns
    )
    yield f"""CREATE OR REPLACE TEMP TABLE wrong_here AS
        SELECT {grouped}, any_value(f.__n) AS __n, count(e.__id) > 0 AS __known{measures},
        any_value(f.__arrived) AS __arrived
        FROM unmatched f LEFT JOIN e ON {together} GROUP BY f.__id"""
    # A wrong row takes the place of a right one, which then does not count as missing, too.
    yield f"""CREATE OR REPLACE TEMP TABLE score AS SELECT e.*, coalesce(m.found, 0) AS __found,
        greatest(e.__n - coalesce(m.found, 0) - coalesce(w.wrong, 0), 0) AS __absent FROM e
        LEFT JOIN (SELECT e_id, sum(__n) AS found FROM matched GROUP BY e_id) m ON m.e_id = e.__id
        LEFT JOIN (SELECT {identity}, sum(__n) AS wrong FROM unmatched GROUP BY ALL) w
        ON {same(feature.identity, "e", "w")}"""
    yield f"""INSERT INTO wrong SELECT w.*, coalesce(a.there, false) FROM wrong_here w
        LEFT JOIN (SELECT {identity}, bool_and(__found >= __n) AS there FROM score GROUP BY ALL) a
        ON {same(feature.identity, "a", "w")}"""
    yield f"""INSERT INTO missing SELECT {columns}, __absent FROM score
        WHERE __final AND __absent > 0"""
    yield listing.of_expected(
        feature, "score", "NOT __final AND __absent > 0", Kind.WAITING,
        "it is not final before the watermark has passed it",
    )  # fmt: skip
    yield listing.of_expected(
        feature, "score", "__found > __n", Kind.DUPLICATE,
        "it is in the sink more often than expected, as after a restart", found=True,
    )  # fmt: skip
    yield f"""CREATE OR REPLACE TEMP VIEW before AS SELECT
        (SELECT coalesce(sum(__n), 0) FROM all_e WHERE NOT ({since})) AS expected,
        (SELECT coalesce(sum(__n), 0) FROM all_f WHERE NOT ({since})) AS found"""


def _counted(connection: duckdb.DuckDBPyConnection) -> Comparison:
    row = connection.execute(
        """SELECT coalesce(sum(__n), 0), coalesce(sum(least(__n, __found)), 0),
           coalesce(sum(__absent) FILTER (NOT __final), 0),
           coalesce(sum(__absent) FILTER (__final), 0),
           (SELECT coalesce(sum(__n), 0) FROM unmatched),
           coalesce(sum(greatest(__found - __n, 0)), 0),
           (SELECT greatest(expected, found) FROM before),
           coalesce(sum(least(__n, __found)) FILTER (NOT __final), 0),
           (SELECT coalesce(max(error), 0) FROM matched)
           FROM score"""
    ).fetchone()
    assert row is not None
    *counts, error = row
    return replace(Comparison(*map(int, counts)), largest_relative_error=float(error))


def matching(feature: Feature, name: str, left: str, right: str, more: str = "") -> str:
    """Return the SQL condition that a measure matches.

    Args:
        feature: The feature.
        name: Name of the measure.
        left: Table of expected rows.
        right: Table of found rows.
        more: Tolerance beyond that for the order of summation, as SQL.
    """
    equal = same([name], left, right)
    tolerance = RELATIVE_TOLERANCE.get(feature.columns[name])
    if tolerance is None:
        return equal
    one, other = f"{left}.{identifier(name)}", f"{right}.{identifier(name)}"
    allowed = f"{tolerance} * greatest(abs({one}), abs({other}))" + (f" + {more}" if more else "")
    # DuckDB orders infinity and NaN as the greatest numbers: what is allowed of them is anything.
    finite = f"isfinite({one}) AND isfinite({other}) AND isfinite({allowed})"
    return f"({equal} OR coalesce({finite} AND abs({one} - {other}) <= {allowed}, false))"


def relative_error(name: str, left: str, right: str) -> str:
    """Return SQL for the difference of a measure, relative to the larger value.

    It is at most 2, and null if one of the values is null, infinite or NaN, and the other is not.
    """
    one, other = (f"{table}.{identifier(name)}::DOUBLE" for table in (left, right))
    larger = f"greatest(abs({one}), abs({other}))"
    return f"""CASE WHEN {one} = {other} THEN 0.0
        WHEN isfinite({one}) AND isfinite({other}) THEN abs({one} / {larger} - {other} / {larger})
        END"""
