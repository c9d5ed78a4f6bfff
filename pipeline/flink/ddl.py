"""The SQL of a feature job: source table, sink table, and the query that Ibis compiled."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

import ibis
import ibis.backends.sql.dialects  # registers the dialect that FlinkType writes
import ibis.expr.operations as ops
from ibis.backends.sql.datatypes import FlinkType

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.features import Feature
from pipeline.features.validity import ARRIVED, is_valid
from pipeline.kafka import security
from pipeline.text.sql import literal

from .definition import ANY_BOOTSTRAP, ANY_COMPRESSION, Definition

# A partition without records holds the watermark back for this long, until it counts as idle.
IDLE_TIMEOUT_SECONDS = 10
# Interval at which Flink looks for new partitions.
DISCOVERY_SECONDS = 5

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
"""Ibis types that a JSON topic can hold."""


def job_sql(feature: Feature, kafka: KafkaSettings, group: str) -> str:
    """Return the SQL of a feature's job for display; secrets are masked.

    Args:
        feature: The feature.
        kafka: The Kafka cluster as Flink reaches it.
        group: Consumer group, as for `definition`.
    """
    statements = definition(feature, kafka, group).at(kafka, security.hide)
    return ";\n\n".join(statements) + ";\n"


def definition(feature: Feature, kafka: KafkaSettings, group: str) -> Definition:
    """Return the definition of a feature's job, independent of Kafka's address.

    Args:
        feature: The feature.
        kafka: The Kafka cluster, for the names of the topics.
        group: Consumer group under which the job commits its offsets.
    """
    inputs, query = compile_query(feature)
    insert = f"INSERT INTO {_quoted(sink_table(feature))}\n{query}"
    return Definition((_source(kafka, group), _view(), *inputs, _sink(feature, kafka), insert))


def compile_query(feature: Feature) -> tuple[tuple[str, ...], str]:
    """Compile a feature to Flink SQL: the views that it needs, and the query.

    `ibis.to_sql` is used because the `compile` of Ibis 12 writes an interval's precision twice
    (`MINUTE(3)(3)`) when two columns share a window, which Flink rejects.

    Flink's window functions take a named table, and Ibis 12 writes the input of `window_by` in its
    place without parentheses. So any other input becomes a view.
    """
    table = feature.table.op()
    views: list[str] = []
    while (input_ := _unnamed_input(table)) is not None:
        name = f"{feature.name}_input" + (str(len(views) + 1) if views else "")
        views.append(f"CREATE TEMPORARY VIEW {_quoted(name)} AS\n{_to_sql(input_)}")
        table = table.replace({input_: ops.UnboundTable(name, input_.schema)})
    return tuple(views), _to_sql(table)


def _unnamed_input(table: ops.Relation) -> ops.Relation | None:
    """Return an innermost input of a window that is not a named table; None if all are."""
    for window in table.find(ops.WindowAggregate):
        if not isinstance(window.parent, ops.PhysicalTable):
            return _unnamed_input(window.parent) or window.parent
    return None


def _to_sql(table: ops.Relation) -> str:
    return str(ibis.to_sql(table.to_expr(), dialect="flink"))


def sink_table(feature: Feature) -> str:
    """Return the name of the sink in Flink's catalog."""
    return f"{feature.name}_sink"


_RAW = f"{contract.TRANSACTION_TOPIC}_raw"
_VALID = "sound"
_KAFKA_TIME = "kafka_time"


def _source(kafka: KafkaSettings, group: str) -> str:
    time = _quoted(contract.TIME_COLUMN)
    seconds = int(contract.WATERMARK_DELAY.total_seconds())
    extra = (
        f"{_quoted(_KAFKA_TIME)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL",
        f"{_quoted(_VALID)} AS {_validity()}",
        # A null watermark does not advance it.
        f"WATERMARK FOR {time} AS CASE WHEN {_quoted(_VALID)} "
        f"THEN {time} - INTERVAL '{seconds}' SECOND END",
    )
    options = {
        "connector": "kafka",
        "topic": kafka.topic(contract.TRANSACTION_TOPIC),
        "properties.bootstrap.servers": ANY_BOOTSTRAP,
        "properties.group.id": group,
        # Kafka's default would also read records of open and aborted transactions.
        "properties.isolation.level": "read_committed",
        # For the first start; after that, the offsets come from the restored state.
        "scan.startup.mode": "earliest-offset",
        "scan.watermark.idle-timeout": f"{IDLE_TIMEOUT_SECONDS} s",
        # The default is five minutes, after which the records of a new partition would be late.
        "scan.topic-partition-discovery.interval": f"{DISCOVERY_SECONDS} s",
        "format": "json",
        "json.ignore-parse-errors": "true",
        "json.timestamp-format.standard": "SQL",
    }
    return _create_table(_RAW, contract.TRANSACTION_FIELDS, options, extra)


def _view() -> str:
    """The view of valid transactions, which features read."""
    columns = ", ".join(map(_quoted, contract.TRANSACTION_FIELDS))
    return (
        f"CREATE TEMPORARY VIEW {_quoted(contract.TRANSACTION_TOPIC)} AS\n"
        f"SELECT {columns}\nFROM {_quoted(_RAW)}\nWHERE {_quoted(_VALID)}"
    )


def _validity() -> str:
    """The condition of `features.validity` for a computed column, with unqualified column names."""
    raw = ibis.table(contract.TRANSACTION_FIELDS | {ARRIVED: "timestamp(3)"}, name=_RAW)
    _, condition = str(ibis.to_sql(raw.filter(is_valid(raw)), dialect="flink")).split("WHERE\n")
    arrived = f"CAST({_quoted(_KAFKA_TIME)} AS TIMESTAMP(3))"
    named = condition.replace("`t0`.", "").replace(_quoted(ARRIVED), arrived)
    return "(\n" + indent(named.strip("\n"), "  ") + "\n  )"


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
    if contract.KEY_COLUMN in feature.columns:
        # The key as plain text, so that a user's rows and transactions share a partition number.
        options |= {"key.format": "csv", "key.fields": contract.KEY_COLUMN}
        options |= {"value.format": options.pop("format"), "value.fields-include": "ALL"}
        options["value.json.timestamp-format.standard"] = options.pop(
            "json.timestamp-format.standard"
        )
    return _create_table(sink_table(feature), feature.columns, options)


def _create_table(
    name: str,
    columns: Mapping[str, str],
    options: Mapping[str, str],
    extra: tuple[str, ...] = (),
) -> str:
    fields = [f"{_quoted(column)} {_sql_type(dtype)}" for column, dtype in columns.items()]
    body = ",\n".join(f"  {line}" for line in (*fields, *extra))
    settings = ",\n".join(f"  {literal(key)} = {literal(value)}" for key, value in options.items())
    return f"CREATE TEMPORARY TABLE {_quoted(name)} (\n{body}\n) WITH (\n{settings}\n)"


def _sql_type(dtype: str) -> str:
    # Ibis omits the precision. Flink's event times have milliseconds, whatever Ibis infers for a
    # window's bounds.
    kind = ibis.dtype(dtype)
    return "TIMESTAMP(3)" if kind.is_timestamp() else FlinkType.to_string(kind)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
