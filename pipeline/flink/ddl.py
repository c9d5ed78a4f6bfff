"""The SQL of a feature job: source table, sink table, and the insert that Ibis compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis

from pipeline import schema
from pipeline.features import Feature

# Flink holds watermarks back for a partition without records until it has been silent this long.
IDLE_TIMEOUT_SECONDS = 10

_SQL_TYPES = {
    "boolean": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "STRING",
    "date": "DATE",
    # Flink's event times have milliseconds, whatever precision Ibis infers for a window's bounds.
    "timestamp": "TIMESTAMP(3)",
    "timestamp(3)": "TIMESTAMP(3)",
}


@dataclass(frozen=True, slots=True)
class JobSql:
    """The statements of one job, in the order in which they are executed."""

    source: str
    view: str
    sink: str
    insert: str

    @property
    def statements(self) -> tuple[str, ...]:
        """All of them."""
        return (self.source, self.view, self.sink, self.insert)

    def __str__(self) -> str:
        return ";\n\n".join(self.statements) + ";\n"


def job_sql(feature: Feature, bootstrap: str) -> JobSql:
    """The SQL that runs a feature on Flink.

    Args:
        feature: What to compute.
        bootstrap: Kafka's address as Flink sees it.
    """
    return JobSql(
        source=_source(bootstrap, group=consumer_group(feature)),
        view=_view(),
        sink=_sink(feature, bootstrap),
        insert=f"INSERT INTO {_quoted(sink_table(feature))}\n{compile_query(feature)}",
    )


def compile_query(feature: Feature) -> str:
    """The feature as Flink SQL.

    `ibis.to_sql` is used because ibis 12's `compile` writes an interval's precision twice
    (`MINUTE(3)(3)`) when two columns share a window, which Flink rejects.
    """
    return str(ibis.to_sql(feature.table, dialect="flink"))


def consumer_group(feature: Feature) -> str:
    """The group under which a feature's job commits how far it has read, at each checkpoint."""
    return f"fraudwatch-{feature.name}"


def sink_table(feature: Feature) -> str:
    """The sink's name in Flink's catalog."""
    return f"{feature.name}_sink"


_RAW = f"{schema.TRANSACTION_TOPIC}_raw"


def _source(bootstrap: str, group: str) -> str:
    time = _quoted(schema.TIME_COLUMN)
    seconds = int(schema.WATERMARK_DELAY.total_seconds())
    watermark = f"WATERMARK FOR {time} AS {time} - INTERVAL '{seconds}' SECOND"
    options = {
        "connector": "kafka",
        "topic": schema.TRANSACTION_TOPIC,
        "properties.bootstrap.servers": bootstrap,
        "properties.group.id": group,
        # Once a job has state its savepoint says where to read on; this is for its first start.
        "scan.startup.mode": "earliest-offset",
        "scan.watermark.idle-timeout": f"{IDLE_TIMEOUT_SECONDS} s",
        "format": "json",
        "json.ignore-parse-errors": "true",
        "json.timestamp-format.standard": "SQL",
    }
    return _create_table(_RAW, schema.TRANSACTION_FIELDS, options, extra=(watermark,))


def _view() -> str:
    """Leaves out what could not be parsed: a null event time would end a windowed job."""
    needed = " AND ".join(
        f"{_quoted(column)} IS NOT NULL" for column in (schema.TIME_COLUMN, schema.KEY_COLUMN)
    )
    return (
        f"CREATE TEMPORARY VIEW {_quoted(schema.TRANSACTION_TOPIC)} AS\n"
        f"SELECT * FROM {_quoted(_RAW)}\nWHERE {needed}"
    )


def _sink(feature: Feature, bootstrap: str) -> str:
    options = {
        "connector": "kafka",
        "topic": feature.topic,
        "properties.bootstrap.servers": bootstrap,
        "properties.compression.type": "lz4",
        "sink.delivery-guarantee": "at-least-once",
        "format": "json",
        "json.timestamp-format.standard": "SQL",
    }
    if schema.KEY_COLUMN in feature.columns:
        # The key as plain text, so that a user's rows share a partition with the transactions.
        options |= {"key.format": "csv", "key.fields": schema.KEY_COLUMN}
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
    fields = [f"{_quoted(column)} {_SQL_TYPES[dtype]}" for column, dtype in columns.items()]
    body = ",\n".join(f"  {line}" for line in (*fields, *extra))
    settings = ",\n".join(
        f"  {_literal(key)} = {_literal(value)}" for key, value in options.items()
    )
    return f"CREATE TEMPORARY TABLE {_quoted(name)} (\n{body}\n) WITH (\n{settings}\n)"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
