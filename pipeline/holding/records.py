"""The records that a row of a feature is computed from, as they stand in Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import pyarrow as pa

from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.findings import as_value
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.batch import evaluate, lookback
from pipeline.parity.decoded import decode_columns
from pipeline.parity.origins import keys
from pipeline.sources import Source
from pipeline.sources.formats import JSON
from pipeline.sources.time_format import TimeFormat

MOST: Final = 1_000
Rows = list[dict[str, Any]]


def records_of(
    feature: Feature, kafka: KafkaSettings, row: Mapping[str, str], report: Callable[[str], None]
) -> list[str]:
    """Return the records in the groups of a row, in the order of their times.

    Values that are sensitive have stand-ins: equal ones stay equal.

    Args:
        feature: The feature.
        kafka: The cluster and its credentials.
        row: Values of columns that identify the row; with its event time, only what the row
            reaches back to counts.
        report: Called with what is being done.

    Raises:
        InputError: There are no such records, too many, or they are not in JSON.
        UnavailableError: Kafka cannot be read.
    """
    source = feature.source
    require_json(source)
    grouped = keys(feature)
    wanted = {column: row[name] for name, column in grouped.items() if name in row}
    if not wanted and grouped:
        raise InputError(
            f"It is not said which rows of {feature.name}.",
            f"Name a value of {' or '.join(grouped)}, as --only {next(iter(grouped))}=7.",
        )
    since, until = _reach(feature, row)
    found: list[tuple[datetime, str]] = []
    read = 0
    for batch in read_to_end(kafka, kafka.topic(source.topic)):
        read += len(batch)
        report(f"reading {source.topic}: {read:,}")
        values = [record.value for record in batch]
        for at, value in _with_columns(source, values):
            time = at[source.time]
            mine = all(str(as_value(at[name])) == text for name, text in wanted.items())
            if mine and time is not None and since <= time <= until:
                found.append((time, value))
    if not found:
        raise InputError(f"No record of {source.topic} belongs to such a row.")
    if len(found) > MOST:
        raise InputError(
            f"{len(found):,} records belong to such rows, and at most {MOST:,} can be held.",
            f"Name the row's {feature.event_time}, too.",
        )
    ordered = [value for _, value in sorted(found, key=lambda each: each[0])]
    return _with_stand_ins(source, ordered)


def require_json(source: Source) -> None:
    """Return if records of this source can be held in a test.

    Raises:
        InputError: They are not in JSON.
    """
    if source.format != JSON:
        raise InputError(
            f"Records of {source.topic} are in {source.format}; only JSON can be held in a test."
        )


def on_duckdb(feature: Feature, records: Iterable[str]) -> Rows:
    """Return the rows that DuckDB computes from records."""
    return as_rows(evaluate(feature, decoded(feature, records)))


def decoded(feature: Feature, records: Iterable[str]) -> pa.Table:
    """Return the columns of records of a feature's source.

    Raises:
        InputError: A record is not as the source is declared.
    """
    source = feature.source
    values = [record.encode() for record in records]
    table, good = decode_columns(values, source.columns, source.time_format)
    if not all(good):
        raise InputError(f"A record of {feature.name} is not as {source.topic} is declared.")
    return table


def as_rows(table: pa.Table) -> Rows:
    """Return the rows of a table, with values as JSON has them."""
    return [{name: as_value(row[name]) for name in row} for row in table.to_pylist()]


def written(source: Source, time: datetime) -> str | int:
    """Return a time as records of a source have it."""
    milliseconds = round((time - datetime(1970, 1, 1)).total_seconds() * 1000)
    match source.time_format:
        case TimeFormat.EPOCH_S:
            return milliseconds // 1000
        case TimeFormat.EPOCH_MS:
            return milliseconds
        case TimeFormat.ISO:
            return time.isoformat("T", "milliseconds")
    return time.isoformat(" ", "milliseconds")


def _reach(feature: Feature, row: Mapping[str, str]) -> tuple[datetime, datetime]:
    given = row.get(feature.event_time)
    if given is None:
        return datetime.min, datetime.max
    try:
        until = datetime.fromisoformat(given)
    except ValueError:
        raise InputError(f"{given!r} is no time.", "Give it as 2024-03-01 12:00:00.") from None
    back = lookback(feature.table)
    return (datetime.min if back is None else until - back), until


def _with_columns(
    source: Source, values: list[bytes | None]
) -> Iterable[tuple[dict[str, Any], str]]:
    table, good = decode_columns(values, source.columns, source.time_format)
    texts = [(value or b"").decode() for value, read in zip(values, good, strict=True) if read]
    yield from zip(table.to_pylist(), texts, strict=True)


def _with_stand_ins(source: Source, records: list[str]) -> list[str]:
    known: dict[str, dict[Any, Any]] = {name: {} for name in source.sensitive}
    changed = []
    for record in records:
        fields = msgspec.json.decode(record)
        for name, seen in known.items():
            value = fields.get(name)
            if value is not None:
                number = len(seen) + 1
                stand_in = f"{name}-{number}" if isinstance(value, str) else number
                fields[name] = seen.setdefault(value, stand_in)
        changed.append(msgspec.json.encode(fields).decode())
    return changed
