"""Lists the rows of a comparison that are not the same, each with its reason and its inputs.

While rows are compared and explained, some of each kind go into the table `listed`: the columns as
found, whether they were (`__is_found`), the expected measures as `__expected0` and so on, whether
there are any (`__is_expected`), the kind and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from pipeline.features import Feature
from pipeline.findings import Input, Kind, Mismatch, as_value
from pipeline.sources import Source
from pipeline.text.sql import identifier, literal

from . import lateness
from .batch import lookback, query, use_groups
from .chosen import condition
from .origins import WINDOW, copied, is_windowed, keys
from .sql_names import joined, listed, micros_of, same
from .tables import StoredRows

_MOST_WRONG: Final = 60
_MOST_OTHERS: Final = 20
_MOST_INPUTS: Final = 30
# Bounding the watermarks takes memory for all transactions, for which these kinds are no reason.
_ON_TIME: Final = frozenset({Kind.DUPLICATE, Kind.WAITING, Kind.EQUAL})
_NOTHING_LATE: Final = "CREATE OR REPLACE TABLE {} AS SELECT 0 AS __row, 0 AS known LIMIT 0"


def empty(feature: Feature, sink: str) -> str:
    """Return SQL that empties the list; `sink` is the table of found rows."""
    return f"""CREATE OR REPLACE TABLE listed AS SELECT {listed(feature.columns)}
        {_expected(feature)}, true AS __is_found, true AS __is_expected,
        '' AS __kind, '' AS __reason FROM {sink} LIMIT 0"""


def of_wrong(feature: Feature, condition: str, kind: Kind, reason: str) -> str:
    """Return SQL that lists rows of `wrong`, which are in the sink."""
    return f"""INSERT INTO listed SELECT {listed(feature.columns)}
        {"".join(f", __expected{number}" for number in range(len(feature.measures)))},
        true, __known, {literal(kind)}, {literal(reason)} FROM wrong WHERE {condition}"""


def of_expected(
    feature: Feature, table: str, condition: str, kind: Kind, reason: str, *, found: bool = False
) -> str:
    """Return SQL that lists rows of a table of expected rows.

    Args:
        feature: The feature.
        table: The table.
        condition: Which of them.
        kind: What they are.
        reason: Why.
        found: Whether they are in the sink, too.
    """
    as_found = ", ".join(
        identifier(name) if found or name in feature.identity else "NULL"
        for name in feature.columns
    )
    return f"""INSERT INTO listed SELECT {as_found}{_expected(feature)},
        {found}, true, {literal(kind)}, {literal(reason)} FROM {table} WHERE {condition}"""


def mismatches(
    feature: Feature,
    streams: Sequence[StoredRows],
    sink: StoredRows,
    only: Mapping[str, str],
) -> tuple[Mismatch, ...]:
    """Return the mismatches of the last comparison, the wrong ones first.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        sink: The rows that it has written.
        only: List the rows with these values, by identity column, also if they are equal.
    """
    connection = sink.connection
    chosen = condition(feature, only)
    connection.execute(
        of_wrong(feature, f"__known AND {chosen}", Kind.DIFFERENT, "its inputs give another result")
    )
    connection.execute(
        of_wrong(feature, f"NOT __known AND {chosen}", Kind.UNEXPECTED, "no inputs give such a row")
    )
    connection.execute(
        of_expected(
            feature, "missing", chosen, Kind.MISSING,
            "the watermark has passed it, and it is not in the sink",
        )
    )  # fmt: skip
    if only:
        connection.execute(f"DELETE FROM listed WHERE NOT ({chosen})")
        _add_equal(feature, streams, sink, chosen)
    row = connection.execute("SELECT count(*) FROM listed").fetchone()
    if not row or not row[0]:
        return ()
    wrong = ", ".join(literal(kind) for kind in Kind if kind.wrong)
    connection.execute(
        f"""CREATE OR REPLACE TABLE numbered AS SELECT row_number() OVER () AS __id, * FROM listed
            QUALIFY row_number() OVER (
                PARTITION BY __kind ORDER BY {identifier(feature.event_time)}
            ) <= CASE WHEN __kind IN ({wrong}) THEN {_MOST_WRONG} ELSE {_MOST_OTHERS} END"""
    )
    rows = _rows(connection, "SELECT * FROM numbered")
    if any(Kind(row["__kind"]) not in _ON_TIME for row in rows):
        lateness.bound_watermarks(streams, feature.sources)
    else:
        for stream in streams:
            connection.execute(_NOTHING_LATE.format(stream.ahead))
    inputs = _inputs(feature, streams)
    found = [_mismatch(feature, row, *inputs.get(row["__id"], (0, ()))) for row in rows]
    order = list(Kind)
    return tuple(sorted(found, key=lambda each: (order.index(each.kind), each.at)))


def _expected(feature: Feature, table: str = "") -> str:
    of = f"{table}." if table else ""
    return "".join(
        f", {of}{identifier(name)} AS __expected{number}"
        for number, name in enumerate(feature.measures)
    )


def _add_equal(
    feature: Feature, streams: Sequence[StoredRows], sink: StoredRows, chosen: str
) -> None:
    """List the chosen rows of the sink that are not listed yet, with what is expected of them."""
    connection = sink.connection
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE others AS SELECT DISTINCT {listed(feature.columns)}
            FROM {sink.table} f WHERE {chosen}
            AND NOT EXISTS (SELECT 1 FROM listed l WHERE {same(feature.identity, "l", "f")})"""
    )
    use_groups(feature, streams, "others")
    connection.execute(
        f"""INSERT INTO listed SELECT {listed(feature.columns, "f")}{_expected(feature, "e")},
            true, true, {literal(Kind.EQUAL)}, 'both engines give the same'
            FROM others f JOIN ({query(feature.table, feature.sources)}) e
            ON {same(feature.identity, "e", "f")} LIMIT {_MOST_OTHERS}"""
    )


def _inputs(feature: Feature, streams: Sequence[StoredRows]) -> dict[int, tuple[int, list[Input]]]:
    """Return the number of inputs of each numbered row, and the newest of them, by `__id`."""
    found: dict[int, tuple[int, list[Input]]] = {}
    for source, stream in zip(feature.sources, streams, strict=True):
        for number, (total, inputs) in _inputs_of(feature, source, stream).items():
            before, others = found.get(number, (0, []))
            found[number] = before + total, others + inputs
    return found


def _inputs_of(
    feature: Feature, source: Source, stream: StoredRows
) -> dict[int, tuple[int, list[Input]]]:
    time = f"t.{identifier(source.time)}"
    late = f"(a.known - epoch_us({time})) / 1e6"
    columns = ", ".join(f"t.{identifier(name)} AS s_{n}" for n, name in enumerate(source.columns))
    topic = source.topic if len(feature.sources) > 1 else ""
    rows = _rows(
        stream.connection,
        f"""SELECT n.__id, count(*) OVER (PARTITION BY n.__id) AS __total, t.__partition,
            t.__offset, t.__arrived, greatest(coalesce({late}, 0), 0) AS __late,
            {columns}
            FROM numbered n JOIN {stream.table} t ON {_reached(feature, source, time)}
            LEFT JOIN {stream.ahead} a ON a.__row = t.__row
            QUALIFY row_number() OVER (PARTITION BY n.__id ORDER BY {time} DESC, t.__row DESC)
                <= {_MOST_INPUTS}
            ORDER BY n.__id, {time} DESC, t.__row DESC""",
    )
    found: dict[int, tuple[int, list[Input]]] = {}
    for row in rows:
        _, inputs = found.setdefault(row["__id"], (row["__total"], []))
        inputs.append(
            Input(
                partition=row["__partition"],
                offset=row["__offset"],
                arrived_ms=row["__arrived"],
                late_seconds=row["__late"],
                values={
                    name: as_value(row[f"s_{number}"]) for number, name in enumerate(source.columns)
                },
                topic=topic,
            )
        )
    return found


def _reached(feature: Feature, source: Source, time: str) -> str:
    """Return the SQL condition that a record `t` of a source goes into a row `n`."""
    conditions = [joined(keys(feature), "n")]
    at = f"n.{identifier(feature.event_time)}"
    back = lookback(feature.table)
    if feature.join is not None:
        conditions.append(joined(copied(feature, source), "n"))
        if source != feature.source:
            apart = f"epoch_us({time}) - epoch_us({at})"
            first, last = micros_of(feature.join.earliest), micros_of(feature.join.latest)
            conditions.append(f"{apart} BETWEEN {first} AND {last}")
    elif is_windowed(feature):
        start, end = (f"n.{identifier(name)}" for name in WINDOW)
        conditions += [f"{time} >= {start}", f"{time} < {end}"]
    elif back is None:
        conditions.append(f"{time} <= {at}")
    elif not back:
        conditions.append(joined(copied(feature), "n"))
    else:
        microseconds = int(back.total_seconds() * 1_000_000)
        conditions += [f"{time} <= {at}", f"{time} >= {at} - to_microseconds({microseconds})"]
    return " AND ".join(conditions)


def _mismatch(
    feature: Feature, row: Mapping[str, Any], total: int, newest: Iterable[Input]
) -> Mismatch:
    expected = {name: row[f"__expected{number}"] for number, name in enumerate(feature.measures)}
    found = {name: row[name] for name in feature.measures}
    both = row["__is_expected"] and row["__is_found"]
    return Mismatch(
        kind=Kind(row["__kind"]),
        reason=row["__reason"],
        at=row[feature.event_time],
        identity=_values(row, feature.identity),
        expected=_values(expected, expected) if row["__is_expected"] else None,
        found=_values(found, found) if row["__is_found"] else None,
        errors=dict(_errors(expected, found)) if both else {},
        inputs=tuple(newest),
        inputs_total=total,
    )


def _values(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: as_value(row[name]) for name in names}


def _errors(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, one in expected.items():
        other = found[name]
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        if numbers and one != other and isfinite(one) and isfinite(other):
            larger = max(abs(one), abs(other))
            yield name, abs(one / larger - other / larger)


def _rows(connection: Any, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.execute(sql).fetch_arrow_table().to_pylist()
    return rows
