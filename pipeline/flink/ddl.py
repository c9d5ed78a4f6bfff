"""The SQL of a feature job: source table, sink table, and the query that Ibis compiled."""

from __future__ import annotations

from itertools import chain
from textwrap import indent
from typing import Final

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from pipeline.config import KafkaSettings
from pipeline.config.secret import hide
from pipeline.features import Feature
from pipeline.features.compiled import to_sql
from pipeline.features.lineage import origin

from . import source_table
from .create_table import create_table, quoted
from .definition import ANY_BOOTSTRAP, ANY_COMPRESSION, Definition

SINK_TYPES = (
    "boolean",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "string",
    "date",
    "timestamp",
    "timestamp(3)",
)
"""Ibis types that a JSON topic can hold, besides decimals."""


_PARTS_OF_TIME: Final = (ops.ExtractTemporalField, ops.DayOfWeekIndex)
_NARROWER_THAN_INT: Final = (dt.int8, dt.int16)


def job_sql(feature: Feature, kafka: KafkaSettings, group: str) -> str:
    """Return the SQL of a feature's job for display; secrets are masked.

    Args:
        feature: The feature.
        kafka: The Kafka cluster as Flink reaches it.
        group: Consumer group, as for `definition`.
    """
    statements = definition(feature, kafka, group).at(kafka, hide)
    return ";\n\n".join(statements) + ";\n"


def definition(feature: Feature, kafka: KafkaSettings, group: str) -> Definition:
    """Return the definition of a feature's job, independent of Kafka's address.

    Args:
        feature: The feature.
        kafka: The Kafka cluster, for the names of the topics.
        group: Consumer group under which the job commits its offsets.
    """
    inputs, query = compile_query(feature)
    insert = f"INSERT INTO {quoted(sink_table(feature))}\n{query}"
    reads = (source_table.statements(source, kafka, group) for source in feature.sources)
    return Definition((*chain.from_iterable(reads), *inputs, _sink(feature, kafka), insert))


def compile_query(feature: Feature) -> tuple[tuple[str, ...], str]:
    """Compile a feature to Flink SQL: the views that it needs, and the query.

    Flink's window functions take a named table, and Ibis 12 writes the input of `window_by` in its
    place without parentheses. So any other input becomes a view.
    """
    table = _with_types_of_sink(feature.table).op()
    views: list[str] = []
    while (input_ := _unnamed_input(table)) is not None:
        name = f"{feature.name}_input" + (str(len(views) + 1) if views else "")
        views.append(
            f"CREATE TEMPORARY VIEW {quoted(name)} AS\n{to_sql(input_.to_expr(), 'flink')}"
        )
        table = table.replace({input_: ops.UnboundTable(name, input_.schema)})
    return tuple(views), _with_one_rowtime(feature, to_sql(table.to_expr(), "flink"))


def _with_one_rowtime(feature: Feature, query: str) -> str:
    """Cast all time columns of sources but that of the rows: a sink takes one with a watermark.

    Ibis leaves a cast to the same type out.
    """
    op, times = feature.table.op(), {source.name: source.time for source in feature.sources}

    def has_watermark(name: str) -> bool:
        relation, at = origin(op, name)
        return isinstance(relation, ops.UnboundTable) and times.get(relation.name) == at

    others = {name for name in feature.columns if has_watermark(name)} - {feature.event_time}
    if not others:
        return query
    columns = ",\n".join(
        f"  CAST({quoted(name)} AS TIMESTAMP(3)) AS {quoted(name)}"
        if name in others
        else f"  {quoted(name)}"
        for name in feature.columns
    )
    return f"SELECT\n{columns}\nFROM (\n{indent(query, '  ')}\n)"


def _with_types_of_sink(table: ir.Table) -> ir.Table:
    """Cast columns that are narrower in Ibis than in Flink.

    Flink takes a literal 1 for an INT, and its EXTRACT returns a BIGINT; neither goes into a
    smaller column of a sink by itself.
    """
    narrow: tuple[dt.DataType, ...] = _NARROWER_THAN_INT
    if table.op().find(_PARTS_OF_TIME):
        narrow = (*narrow, dt.int32)

    def cast(name: str) -> ir.Value:
        column = table[name]
        relation, at = origin(table.op(), name)
        copied = isinstance(relation, ops.PhysicalTable)
        if copied or isinstance(relation.values.get(at), ops.Cast) or column.type() not in narrow:
            return column
        # By way of an int64, since Ibis leaves a cast to the same type out.
        return column.cast("int64").cast(column.type())

    columns = [cast(name).name(name) for name in table.columns]
    return table.select(*columns) if any(isinstance(c.op(), ops.Alias) for c in columns) else table


def _unnamed_input(table: ops.Relation) -> ops.Relation | None:
    """Return an innermost input of a window that is not a named table; None if all are."""
    for window in table.find(ops.WindowAggregate):
        if not isinstance(window.parent, ops.PhysicalTable):
            return _unnamed_input(window.parent) or window.parent
    return None


def sink_table(feature: Feature) -> str:
    """Return the name of the sink in Flink's catalog."""
    return f"{feature.name}_sink"


def _sink(feature: Feature, kafka: KafkaSettings) -> str:
    options = {
        "connector": "kafka",
        "topic": kafka.topic(feature.topic),
        "properties.bootstrap.servers": ANY_BOOTSTRAP,
        "properties.compression.type": ANY_COMPRESSION,
        "sink.delivery-guarantee": "at-least-once",
        "format": "json",
        "json.timestamp-format.standard": "SQL",
    }
    if (user := feature.source.user) is not None and user in feature.columns:
        # The key as plain text, so that a user's rows and records share a partition number. CSV
        # would put some texts in quotes.
        is_text = feature.columns[user] == feature.source.columns[user] == "string"
        options |= {"key.format": "raw" if is_text else "csv", "key.fields": user}
        options |= {"value.format": options.pop("format"), "value.fields-include": "ALL"}
        options["value.json.timestamp-format.standard"] = options.pop(
            "json.timestamp-format.standard"
        )
    return create_table(sink_table(feature), feature.columns, options)
