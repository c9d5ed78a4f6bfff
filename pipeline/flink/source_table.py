"""The SQL of a source: the table of its topic, and the view of its valid records."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from textwrap import indent
from typing import Final

import ibis

from pipeline.config import KafkaSettings
from pipeline.features.validity import ARRIVED, is_valid
from pipeline.formats import registry_client
from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import TIME
from pipeline.sources.durations import in_words
from pipeline.sources.formats import AVRO, AVRO_CONFLUENT, CSV, PROTOBUF
from pipeline.sources.paths import Path, Shape, shape_of

from .create_table import create_table, quoted
from .definition import ANY_BOOTSTRAP, ANY_REGISTRY
from .time_sql import read_time

# Interval at which Flink looks for new partitions.
DISCOVERY_SECONDS = 5
_TWO_DIGITS: Final = 99
"""An interval in seconds has two digits, if nothing else is said, and three at most."""


def statements(source: Source, kafka: KafkaSettings, group: str) -> tuple[str, str]:
    """Return the statements that create a source's table and the view that features read.

    Args:
        source: The source.
        kafka: The Kafka cluster, for the name of the topic.
        group: Consumer group under which the job commits its offsets.

    Raises:
        ConfigError: Its records refer to a schema registry, and the profile has none.
    """
    return _table(source, kafka, group), _view(source)


def table_names(source: Source) -> tuple[str, str]:
    """Return the names of a source's table and of its view in Flink's catalog."""
    return f"{source.name}_raw", source.name


def _table(source: Source, kafka: KafkaSettings, group: str) -> str:
    raw, _ = table_names(source)
    read = _read_columns(source)
    time = quoted(read.get(source.time, source.time))
    extra = [f"{_kafka_time(source)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL"]
    extra += [f"{quoted(name)} AS {_expression(source, column)}" for column, name in read.items()]
    if not read:
        extra.append(f"{_valid(source)} AS (\n{indent(_validity(source), '  ')}\n  )")
    delayed = f"{time} - {_interval(source.watermark)}"
    # A null watermark does not advance it.
    extra.append(f"WATERMARK FOR {time} AS CASE WHEN {_condition(source)} THEN {delayed} END")
    options = {
        "connector": "kafka",
        "topic": kafka.topic(source.topic),
        "properties.bootstrap.servers": ANY_BOOTSTRAP,
        "properties.group.id": group,
        # Kafka's default would also read records of open and aborted transactions.
        "properties.isolation.level": "read_committed",
        # For the first start; after that, the offsets come from the restored state.
        "scan.startup.mode": "earliest-offset",
        "scan.watermark.idle-timeout": in_words(source.idle),
        # The default is five minutes, after which the records of a new partition would be late.
        "scan.topic-partition-discovery.interval": f"{DISCOVERY_SECONDS} s",
        **_format(source, kafka),
    }
    # Plain Avro is read with the schema that Flink makes of the table, so a required column is
    # written as its type, and any other as the union of null and its type.
    never_null = source.required if source.format == AVRO else ()
    return create_table(raw, _written(source), options, extra, never_null=never_null)


def _format(source: Source, kafka: KafkaSettings) -> dict[str, str]:
    """The options of Flink's format, which is called as the source's."""
    if source.format == AVRO_CONFLUENT:
        registry_client.required(kafka, source)  # The definition itself does not name it.
        return {"format": AVRO_CONFLUENT, f"{AVRO_CONFLUENT}.url": ANY_REGISTRY}
    if source.format == AVRO:
        return {"format": AVRO}
    if source.format == CSV:
        # An empty field is null, as in files, since nothing else can be written for it.
        between = {} if source.separator == "," else {"csv.field-delimiter": source.separator}
        return {
            "format": CSV,
            "csv.ignore-parse-errors": "true",
            "csv.null-literal": "",
            **between,
        }
    if source.format == PROTOBUF:
        # Compiles the .proto file, whose libraries other sources need not load.
        from pipeline.formats.protobuf.message import java_class, message_of

        return {
            "format": PROTOBUF,
            "protobuf.message-class-name": java_class(message_of(source)),
            "protobuf.ignore-parse-errors": "true",
        }
    # Flink's faster parser reads what follows an object that does not fit as a part of it.
    as_tree = {"json.decode.json-parser.enabled": "false"} if source.reads_trees else {}
    return {
        "format": source.format,
        **as_tree,
        "json.ignore-parse-errors": "true",
        "json.timestamp-format.standard": "SQL",
    }


def _view(source: Source) -> str:
    """The view of valid records, which features read."""
    raw, name = table_names(source)
    read = _read_columns(source)
    columns = ", ".join(
        f"{quoted(read[column])} AS {quoted(column)}" if column in read else quoted(column)
        for column in source.columns
    )
    return (
        f"CREATE TEMPORARY VIEW {quoted(name)} AS\n"
        f"SELECT {columns}\nFROM {quoted(raw)}\nWHERE {_condition(source)}"
    )


def _condition(source: Source) -> str:
    """The condition of a valid record: a column, or written out where times are computed.

    A computed column cannot refer to another one.
    """
    if not _read_columns(source):
        return _valid(source)
    return f"(\n{indent(_validity(source), '  ')}\n  )"


def _validity(source: Source) -> str:
    """The condition of `features.validity`, with unqualified names of columns."""
    raw = ibis.table(source.columns | {ARRIVED: "timestamp(3)"}, name=table_names(source)[0])
    valid = raw.filter(is_valid(raw, source))
    _, condition = str(ibis.to_sql(valid, dialect="flink")).split("WHERE\n")
    for column, name in _read_columns(source).items():
        condition = condition.replace(f"`t0`.{quoted(column)}", quoted(name))
    arrived = f"CAST({_kafka_time(source)} AS TIMESTAMP(3))"
    return condition.replace("`t0`.", "").replace(quoted(ARRIVED), arrived).strip("\n")


def _kafka_time(source: Source) -> str:
    return quoted(_free("kafka_time", _taken(source)))


def _valid(source: Source) -> str:
    return quoted(_free("sound", _taken(source)))


def _read_columns(source: Source) -> dict[str, str]:
    """The columns that are computed from what is written, with the name of the computed ones."""
    columns, paths, taken = source.columns, dict(source.paths), _taken(source)
    changed = [
        name
        for name, dtype in source.written.items()
        if dtype != columns[name] or name in paths or _is_message(source, name)
    ]
    return {name: _free(f"{name}_read", taken) for name in changed}


def _expression(source: Source, column: str) -> str:
    """What computes a column from the record."""
    first, *others = source.record_paths[column]
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{quoted(step)}" for step in others)
    written = f"{quoted(str(first))}{''.join(steps)}"
    if _is_message(source, column):
        since = f"({written}.`seconds` * 1000 + {written}.`nanos` / 1000000)"
        return read_time(since, TimeFormat.EPOCH_MS)
    if source.written[column] == source.columns[column]:
        return written
    return read_time(written, source.time_format)


def _written(source: Source) -> dict[str, Shape]:
    """The fields of a record, as far as they are read."""
    paths = source.record_paths
    columns: list[tuple[Path, str]] = []
    for name, dtype in source.written.items():
        if _is_message(source, name):
            columns += [((*paths[name], "seconds"), "int64"), ((*paths[name], "nanos"), "int32")]
        else:
            columns.append((paths[name], dtype))
    return shape_of(columns)


def _is_message(source: Source, column: str) -> bool:
    """Whether a column is a message `google.protobuf.Timestamp`, of which Flink knows nothing."""
    return source.format == PROTOBUF and source.written[column] == TIME


def _taken(source: Source) -> set[str]:
    return {*source.columns, *_written(source)}


def _free(name: str, taken: Collection[str]) -> str:
    """Return the name, with underscores behind it until no column is called so."""
    lower = {each.lower() for each in taken}
    while name.lower() in lower:
        name += "_"
    return name


def _interval(length: timedelta) -> str:
    seconds, rest = divmod(length // timedelta(milliseconds=1), 1_000)
    fraction = f".{rest:03}" if rest else ""
    if seconds <= _TWO_DIGITS:
        return f"INTERVAL '{seconds}{fraction}' SECOND"
    clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
    return f"INTERVAL '{seconds // 86_400} {clock}' DAY TO SECOND"
