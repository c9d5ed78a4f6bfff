"""The records that a row of a feature is computed from, as they stand in Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa

from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.findings import as_value
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.batch import evaluate, lookback
from pipeline.parity.chosen import typed
from pipeline.parity.decoded import decode_json
from pipeline.parity.origins import WINDOW, copied, keys
from pipeline.sources import Source
from pipeline.sources.formats import JSON
from pipeline.sources.paths import field_name
from pipeline.sources.time_format import TimeFormat
from pipeline.text.words import counted

# A double has not all digits of a decimal.
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
MOST: Final = 1_000
Rows = list[dict[str, Any]]


def records_of(
    feature: Feature, kafka: KafkaSettings, only: Mapping[str, str], report: Callable[[str], None]
) -> list[str]:
    """Return the records that rows are computed from, in the order of their times.

    Values that are sensitive have stand-ins: equal ones stay equal.

    Args:
        feature: The feature.
        kafka: The cluster and its credentials.
        only: Values of columns that identify the rows; with the event time, only what a row
            reaches back to counts.
        report: Called with what is being done.

    Raises:
        InputError: There are no such rows, too many records, or they are not in JSON.
        UnavailableError: Kafka cannot be read.
    """
    require_held(feature)
    source = feature.source

    def read() -> Iterator[tuple[dict[str, Any], str]]:
        count = 0
        for batch in read_to_end(kafka, kafka.topic(source.topic)):
            count += len(batch)
            report(f"reading {source.topic}: {count:,}")
            yield from _with_columns(source, [record.value for record in batch])

    belongs = _belonging(feature, typed(feature, only), read)
    found: list[tuple[datetime, str]] = []
    count = 0
    for at, value in read():
        if belongs(at):
            count += 1
            # One more than can be held is enough to count the others.
            found += [(at[source.time], value)] if count <= MOST else []
    if not found:
        raise InputError(
            f"No record of {source.topic} belongs to such a row.",
            f"If {feature.topic} has the row, something else than the job has written it.",
        )
    if count > MOST:
        raise InputError(
            f"{counted(count, 'record')} belong to such rows, and at most {MOST:,} can be held.",
            f"Name the row's {feature.event_time}, too.",
        )
    ordered = [value for _, value in sorted(found, key=lambda each: each[0])]
    return _with_stand_ins(source, ordered)


def require_held(feature: Feature) -> None:
    """Return if the records of a feature can be held in a test.

    Raises:
        InputError: They are not in JSON, or of two sources.
    """
    source = feature.source
    if feature.join is not None:
        raise InputError(
            f"{feature.name} joins two sources; only records of one can be held in a test.",
            "Look at the records of a row with `fraudwatch verify --only`.",
        )
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
    table, good = decode_json(values, source)
    if not all(good):
        raise InputError(f"A record of {feature.name} is not as {source.topic} is declared.")
    return table


def as_rows(table: pa.Table) -> Rows:
    """Return the rows of a table, with values as JSON has them."""
    return [{name: as_value(row[name]) for name in row} for row in table.to_pylist()]


def opened(record: str) -> Any:
    """Return a record in JSON as objects, with numbers as they are written."""
    return _DECODER.decode(record)


def closed(fields: Any) -> str:
    """Return what `opened` returns as JSON again."""
    return _ENCODER.encode(fields).decode()


def written(source: Source, time: datetime) -> str | int:
    """Return a time as records of a source have it."""
    milliseconds = round((time - datetime(1970, 1, 1)).total_seconds() * 1000)
    if source.time_format.is_number:
        return milliseconds * source.time_format.per_second // 1_000
    if source.time_format is TimeFormat.ISO:
        return time.isoformat("T", "milliseconds")
    return time.isoformat(" ", "milliseconds")


def _belonging(
    feature: Feature,
    row: Mapping[str, Any],
    read: Callable[[], Iterable[tuple[dict[str, Any], str]]],
) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether a record, given its columns, belongs to rows with these values."""
    time, back = feature.source.time, lookback(feature.table)
    copies, grouped = copied(feature), keys(feature)
    own = {copies[name]: value for name, value in row.items() if name in copies}
    if not own and grouped:
        raise InputError(
            f"It is not said which rows of {feature.name}.",
            f"Name a value of {' or '.join(grouped)}, as --only {next(iter(grouped))}=7.",
        )

    def reached(at: Mapping[str, Any], first: datetime, last: datetime) -> bool:
        since = datetime.min if back is None or first - datetime.min < back else first - back
        return at[time] is not None and since <= at[time] <= last

    def is_own(at: Mapping[str, Any]) -> bool:
        return at[time] is not None and all(at[name] == value for name, value in own.items())

    if back == timedelta():
        return is_own
    groups = {name: value for name, value in own.items() if name != time}
    if groups.keys() <= set(grouped.values()) and (groups or not grouped):
        until = _until(feature, row)
        first, last = (until, until) if until is not None else (datetime.min, datetime.max)
        return lambda at: (
            reached(at, first, last) and all(at[name] == value for name, value in groups.items())
        )
    # The values are those of a row's own record, and others of its group belong to it as well.
    spans: dict[tuple[Any, ...], tuple[datetime, datetime]] = {}
    for at, _ in read():
        if is_own(at):
            group = tuple(at[name] for name in grouped.values())
            first, last = spans.get(group, (at[time], at[time]))
            spans[group] = min(first, at[time]), max(last, at[time])

    def belongs(at: Mapping[str, Any]) -> bool:
        span = spans.get(tuple(at[name] for name in grouped.values()))
        return span is not None and reached(at, *span)

    return belongs


def _until(feature: Feature, row: Mapping[str, Any]) -> datetime | None:
    """Return the time of the newest record of a row; None if its values do not tell."""
    start, back = row.get(WINDOW[0]), lookback(feature.table)
    if start is not None and back is not None and feature.event_time not in row:
        until: datetime = start + back
        return until
    return row.get(feature.event_time)


def _with_columns(
    source: Source, values: list[bytes | None]
) -> Iterable[tuple[dict[str, Any], str]]:
    table, good = decode_json(values, source)
    texts = [(value or b"").decode() for value, read in zip(values, good, strict=True) if read]
    yield from zip(table.to_pylist(), texts, strict=True)


def _with_stand_ins(source: Source, records: list[str]) -> list[str]:
    """Return records with stand-ins wherever they have a field of a sensitive name."""
    paths = source.record_paths
    fields = {field_name(paths[name]): _StandIns(name) for name in source.sensitive}

    def changed(value: Any) -> Any:
        match value:
            case dict():
                return {
                    name: fields[name].of(inside)
                    if name in fields and inside is not None
                    else changed(inside)
                    for name, inside in value.items()
                }
            case list():
                return [changed(each) for each in value]
        return value

    return [closed(changed(opened(record))) for record in records]


class _StandIns:
    """The stand-ins of a column's values: equal ones have the same.

    Args:
        column: The column.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._seen: dict[str, str | int] = {}

    def of(self, value: object) -> str | int:
        number = len(self._seen) + 1
        stand_in = f"{self._column}-{number}" if isinstance(value, str) else number
        return self._seen.setdefault(str(value), stand_in)
