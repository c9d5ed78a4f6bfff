"""Explains rows of a join that are missing since a record of the pair may have been late.

Flink keeps a record until the watermark has passed the last time at which a partner may come, and a
late record that arrives after that finds it no more. Until then, late or not, it is joined. So a
pair is sure if neither record can have met a watermark that had come so far; of any other, nothing
tells whether it was joined, since that depends on which of the two was read first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from pipeline.features import Feature
from pipeline.features.rewriting import rewritten
from pipeline.findings import Kind
from pipeline.text.sql import identifier

from . import listing
from .batch import query
from .compare import stretches, views, within
from .sql_names import listed, micros_of, same
from .tables import StoredRows

_ROWS: Final = ("__row0", "__row1")
_LATE: Final = (
    "one of its records may have come after the other was given up, which depends on the order in "
    "which Flink read the topics"
)


def explain(feature: Feature, streams: Sequence[StoredRows]) -> int:
    """Remove rows from `missing` whose pairs are not sure; list them, and return their number.

    Args:
        feature: A feature that joins two sources.
        streams: The records of both that the job has read, each with its table `ahead`.
    """
    connection = streams[0].connection
    columns = listed(feature.columns)
    connection.execute(
        f"CREATE OR REPLACE TABLE unsure AS SELECT {columns}, 0::BIGINT AS __n FROM missing LIMIT 0"
    )
    pairs = query(_with_rows(feature), feature.sources)
    for stretch in stretches(feature, streams):
        for view in views(feature, streams, stretch, numbered=True):
            connection.execute(view)
        connection.execute(
            f"""INSERT INTO unsure SELECT {listed(feature.columns, "p")}, count(*)
                FROM (FROM ({pairs}) WHERE {within(feature.event_time, stretch)}) p
                {_records(streams)} WHERE ({_is_unsure(feature, streams)})
                AND EXISTS (SELECT 1 FROM missing m WHERE {same(feature.columns, "m", "p")})
                GROUP BY ALL"""
        )
    is_one = f"EXISTS (SELECT 1 FROM unsure u WHERE {same(feature.columns, 'u', 'missing')})"
    connection.execute(listing.of_expected(feature, "missing", is_one, Kind.UNDECIDED, _LATE))
    row = connection.execute(
        f"""SELECT coalesce(sum(least(m.__absent, u.__n)), 0) FROM missing m
            JOIN unsure u ON {same(feature.columns, "m", "u")}"""
    ).fetchone()
    assert row is not None
    connection.execute(
        f"""UPDATE missing SET __absent = __absent - u.__n FROM unsure u
            WHERE {same(feature.columns, "missing", "u")}"""
    )
    connection.execute("DELETE FROM missing WHERE __absent <= 0")
    return int(row[0])


def _records(streams: Sequence[StoredRows]) -> str:
    """Return SQL that joins the records of each pair, and what bounds their watermarks."""
    return " ".join(
        f"""JOIN {stream.table} t{number} ON t{number}.__row = p.{row}
            JOIN {stream.ahead} a{number} ON a{number}.__row = p.{row}"""
        for number, (stream, row) in enumerate(zip(streams, _ROWS, strict=True))
    )


def _is_unsure(feature: Feature, streams: Sequence[StoredRows]) -> str:
    """Return the SQL condition that one record of a pair may have found the other given up."""
    join = feature.join
    assert join is not None
    first, second = (
        f"epoch_us(t{number}.{identifier(stream.time)})" for number, stream in enumerate(streams)
    )
    given_up = (
        f"{second} - ({micros_of(join.earliest)})",
        f"{first} + ({micros_of(join.latest)})",
    )
    # Before the first watermark, and for a negative one, Flink takes 1970.
    return " OR ".join(
        f"greatest(a{number}.possible, 0) >= {time}" for number, time in enumerate(given_up)
    )


def _with_rows(feature: Feature) -> ir.Table:
    """Return the expression with the `__row` of both records of each pair beside its columns."""
    numbers = dict(zip((source.name for source in feature.sources), _ROWS, strict=True))

    def rewrite(node: Any) -> Any:
        if isinstance(node, ops.UnboundTable):
            columns = dict(node.schema.items()) | {numbers[node.name]: dt.int64}
            return node.copy(schema=columns)
        if isinstance(node, ops.Project):
            return _with_columns(node, [node.parent])
        return _with_columns(node, node.tables) if isinstance(node, ops.JoinChain) else node

    return rewritten(feature.table, rewrite)


def _with_columns(node: Any, inputs: Sequence[Any]) -> Any:
    added = {
        row: ops.Field(relation, row)
        for relation in inputs
        for row in _ROWS
        if row in relation.schema
    }
    return node.copy(values=dict(node.values) | added)
