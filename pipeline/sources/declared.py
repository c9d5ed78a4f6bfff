"""`source`, by which a stream is declared."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta
from os import PathLike
from pathlib import Path as FilePath
from typing import Final

from pipeline.errors import InputError
from pipeline.text.sanitise import sanitised

from .arguments import by_name, text, texts
from .column_types import canonical
from .declaration import Source
from .durations import duration
from .file_mapping import FileMapping
from .formats import JSON
from .paths import Path, parsed
from .time_format import TimeFormat

_COLUMNS: Final = "{'amount': 'Betrag'}"
_LAYOUTS: Final = f"{{'bank export': {_COLUMNS}}}"


def source(
    *,
    topic: str,
    schema: Mapping[str, str],
    time: str,
    watermark: str | timedelta = "30s",
    idle: str | timedelta = "10s",
    time_format: str | None = None,
    format: str = JSON,
    user: str | None = None,
    amount: str | None = None,
    label: str | None = None,
    identity: str | None = None,
    required: Iterable[str] = (),
    sensitive: Iterable[str] = (),
    paths: Mapping[str, str] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
    message: str = "",
    proto: str | PathLike[str] = "",
    separator: str = ",",
) -> Source:
    """Declare a stream that features can read.

    Args:
        topic: Its topic, without the profile's prefix.
        schema: Ibis type by column, such as `string`, `int64`, `decimal(12, 2)`, `timestamp(3)`.
        time: The time column, of type `timestamp(3)`.
        watermark: How far out of order a record may be before it is late.
        idle: How long a partition without records holds the watermark back.
        time_format: How times are written: `sql`, as without it, `iso`, `epoch-s`, `epoch-ms`,
            `epoch-us` or `epoch-ns`.
            In Avro, `sql` is its logical type `timestamp-millis`, in Protobuf the message
            `google.protobuf.Timestamp`.
        format: How records are written: `json`, `csv`, `avro`, `avro-confluent` or `protobuf`. In
            CSV, the columns are fields by their order.
        user: The column with the user.
        amount: The column with an amount.
        label: The column that says whether a record is fraud.
        identity: The column that names a record, such as its number, by which labels and verdicts
            that come later find it.
        required: Columns without which a record is invalid; any other but `time` may be null.
        sensitive: Columns whose values are not shown, such as a card number or a name.
        paths: Where columns are in the record that are not fields of their own name:
            `merchant.address.country`, `items[0].sku`, `card-number`.
        files: Layouts of files for `replay`, by name: the file's column, or a DuckDB expression
            over its columns, for each column that has another name there.
        message: In Protobuf, the message that records hold: `payments.v1.Payment`.
        proto: In Protobuf, the .proto file with the message; a relative path begins at the folder
            of the file that declares the source.
        separator: In CSV, the character between fields: a comma, a semicolon, `|` or a tab.

    Raises:
        InputError: The declaration is invalid.
    """
    at = f"source {sanitised(topic)!r}" if isinstance(topic, str) else "source"
    topic = text(at, "topic", topic, "payments")
    dtypes = by_name(at, "schema", schema, "{'booked_at': 'timestamp(3)', 'account': 'string'}")
    roles = {"user": user, "amount": amount, "label": label, "identity": identity}
    for role, named in {"time": time, **roles}.items():
        if named is not None or role == "time":
            text(at, role, named, next(iter(dtypes), "booked_at"))
    missing = {time, *texts(at, "required", required, "account")}
    in_order = [name for name in dtypes if name in missing]
    unknown = sorted(missing - {*in_order, time})
    places = by_name(at, "paths", {} if paths is None else paths, "{'country': 'shop.country'}")
    layouts = by_name(at, "files", {} if files is None else files, _LAYOUTS)
    return Source(
        topic=topic,
        schema=tuple((name, _type(at, name, dtype)) for name, dtype in dtypes.items()),
        time=time,
        watermark=_length(at, "watermark", watermark),
        idle=_length(at, "idle", idle),
        time_format=_time_format(at, time_format),
        format=text(at, "format", format, JSON),
        user=user,
        amount=amount,
        label=label,
        required=(*in_order, *unknown),
        identity=identity,
        sensitive=texts(at, "sensitive", sensitive, "account"),
        paths=tuple((name, _path(at, name, path)) for name, path in places.items()),
        files=tuple(_mapping(at, name, fields) for name, fields in layouts.items()),
        message=text(at, "message", message, "payments.v1.Payment"),
        proto=_proto(at, proto, _folder_of_caller()),
        separator=text(at, "separator", separator, ","),
    )


def _proto(at: str, proto: object, folder: FilePath) -> str:
    path = text(at, "proto", str(proto) if isinstance(proto, PathLike) else proto, "payment.proto")
    return str(folder / path) if path else ""


def _folder_of_caller() -> FilePath:
    """The folder of the file that calls `source`; the current one in a notebook, which is none."""
    declaring = sys._getframe(2).f_globals.get("__file__")
    return FilePath(declaring).absolute().parent if declaring else FilePath.cwd()


def _type(at: str, name: str, written: object) -> str:
    try:
        return canonical(str(written))
    except InputError as error:
        raise InputError(f"{at}: column {name!r}: {error.message}.", error.hint) from error


def _path(at: str, name: str, written: object) -> Path:
    path = text(at, f"paths[{name!r}]", written, "merchant.address.country")
    try:
        return parsed(path)
    except InputError as error:
        raise InputError(f"{at}: column {name!r}: {error.message}", error.hint) from error


def _mapping(at: str, name: str, fields: object) -> FileMapping:
    said = sanitised(name)
    if not isinstance(fields, Mapping):
        raise InputError(f"{at}: files has no columns for {said!r}.", f"Write files={_LAYOUTS}.")
    where = f"files[{said!r}]"
    columns = by_name(at, where, fields, _COLUMNS)
    written = (
        (column, text(at, f"{where}[{column!r}]", each, "Betrag").strip())
        for column, each in columns.items()
    )
    return FileMapping(said, tuple(written))


def _length(at: str, what: str, written: object) -> timedelta:
    length = duration(written)
    if length is None:
        raise InputError(
            f"{at}: {what} is {sanitised(str(written))!r}, which is no length of time.",
            "Write a whole number and ms, s, min, h or d, such as '30s'.",
        )
    return length


def _time_format(at: str, written: str | None) -> TimeFormat:
    try:
        return TimeFormat.SQL if written is None else TimeFormat(written)
    except ValueError:
        raise InputError(
            f"{at}: {sanitised(str(written))!r} is not a format of times.",
            f"Use one of {', '.join(TimeFormat)}.",
        ) from None
