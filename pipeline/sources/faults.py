"""Finds what is wrong with the declaration of a stream, in one sentence, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.errors import InputError
from pipeline.text.sanitise import sanitised

from .column_types import TIME, element, is_number, is_whole
from .formats import (
    CSV,
    FORMATS,
    JSON,
    NO_PROTOBUF_CONFLUENT,
    PROTOBUF,
    PROTOBUF_CONFLUENT,
    SEPARATORS,
    WITH_PATHS,
)
from .paths import shape_of
from .topic_names import ALLOWED, is_topic_name

if TYPE_CHECKING:
    from .declaration import Source

_MOST_WATERMARK: Final = timedelta(days=100)
_RESERVED: Final = ("window_start", "window_end")

Fault = tuple[str, str]


def first_fault(source: Source) -> Fault | None:
    """Return the first fault of a declaration and what to do; None if there is none."""
    if not is_topic_name(source.topic):
        return f"{sanitised(source.topic)!r} cannot be the name of a topic.", ALLOWED
    at = f"source {source.topic!r}"
    checks: tuple[Callable[[Source], Iterator[Fault]], ...] = (
        _format,
        _columns,
        _time,
        _roles,
        _arrays,
        _paths,
        _protobuf,
        _csv,
        _files,
        _lengths,
    )
    found = next((fault for check in checks for fault in check(source)), None)
    return found and (f"{at}: {found[0]}.", found[1])


def can_be_column(name: str) -> bool:
    """Whether a column can have this name."""
    return _is_plain(name) and name not in _RESERVED


def _is_plain(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not name.startswith("__")


def _format(source: Source) -> Iterator[Fault]:
    known = f"Use one of {', '.join(FORMATS)}."
    if source.format == PROTOBUF_CONFLUENT:
        yield NO_PROTOBUF_CONFLUENT, known
    elif source.format not in FORMATS:
        yield f"{sanitised(source.format)!r} is not a format", known


def _columns(source: Source) -> Iterator[Fault]:
    twins = dict(differing_in_case(name for name, _ in source.schema))
    for name, _ in source.schema:
        if not _is_plain(name):
            yield (
                f"column {sanitised(name)!r} cannot be the name of a column",
                "Names are of letters, digits and underscores, and do not begin with two of them. "
                f"{_named(source, name)}",
            )
        if name in _RESERVED:
            yield f"a column cannot be called {name!r}", "Windows have a column of that name."
        if name in twins:
            yield (
                f"columns {twins[name]!r} and {name!r} differ in capital letters alone",
                "Leave one of them out of the schema.",
            )


def differing_in_case(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that differs from an earlier one in capital letters alone, and that one."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.lower(), name)) != name:
            yield name, other


def _named(source: Source, name: str) -> str:
    """Say how a column is called otherwise than the field in the record."""
    if source.format == CSV:
        return "Give it such a name: in CSV, the order of the columns counts."
    return f"Give it such a name, and add paths={{name: {sanitised(name)!r}}}."


def _time(source: Source) -> Iterator[Fault]:
    columns = source.columns
    times = [name for name, dtype in source.schema if dtype == TIME]
    if source.time not in columns:
        yield (
            f"there is no time column, since {sanitised(source.time)!r} is not in the schema",
            f"Name one of {', '.join(times)}." if times else f"Add a column of type {TIME!r}.",
        )
    elif columns[source.time] != TIME:
        yield (
            f"the time column {source.time!r} is of type {columns[source.time]}",
            f"Write {TIME!r}; time_format says how it is written in the records.",
        )


def _absent(source: Source, named: str) -> Fault:
    return f"{named}, which is not in the schema", f"Columns: {', '.join(source.columns)}."


def _roles(source: Source) -> Iterator[Fault]:
    columns = source.columns
    named = {
        "user": source.user,
        "amount": source.amount,
        "label": source.label,
        "identity": source.identity,
    }
    roles = [(role, name) for role, name in named.items() if name is not None]
    lists = {"required": source.required, "sensitive": source.sensitive}
    listed = [(what, name) for what, names in lists.items() for name in names]
    for role, name in (*roles, *listed):
        if name not in columns:
            yield _absent(source, f"{role} names {sanitised(name)!r}")
    names = (lambda dtype: dtype == "string" or is_whole(dtype), "string or a whole number")
    wanted: dict[str, tuple[Callable[[str], bool], str]] = {
        "user": names,
        "identity": names,
        "amount": (is_number, "a number"),
        "label": (
            lambda dtype: dtype in ("boolean", "string") or is_whole(dtype),
            "boolean, string or a whole number",
        ),
    }
    for role, name in roles:
        fits, kinds = wanted[role]
        if not fits(columns[name]):
            yield f"{role} {name!r} is of type {columns[name]}", f"It has to be {kinds}."
    if source.time in source.sensitive:
        yield (
            f"the time column {source.time!r} is sensitive",
            "Lists, windows and event time show when a record happened; hide who it is of instead.",
        )
    if source.time not in source.required:
        yield f"{source.time!r} is not required", "A record without a time has no place in time."


def _arrays(source: Source) -> Iterator[Fault]:
    if source.format == JSON:
        return
    for name, dtype in source.schema:
        if element(dtype):
            yield (
                f"column {name!r} is of type {dtype}, which is for json, and its format is "
                f"{source.format}",
                "Leave it out.",
            )


def _paths(source: Source) -> Iterator[Fault]:
    columns, written = source.columns, source.written
    for name, _ in source.paths:
        if name not in columns:
            yield _absent(source, f"paths names {sanitised(name)!r}")
    if source.paths and source.format not in WITH_PATHS:
        yield (
            f"paths are for JSON, Protobuf and Avro with a schema registry, and its format is "
            f"{source.format}",
            "Declare all columns in their order.",
        )
    try:
        shape_of((path, written[name]) for name, path in source.record_paths.items())
    except InputError as error:
        yield error.message, error.hint


def _protobuf(source: Source) -> Iterator[Fault]:
    named = {"message": source.message, "proto": source.proto}
    given = [what for what, name in named.items() if name]
    if source.format == PROTOBUF and len(given) < len(named):
        yield (
            "a source in protobuf needs a message and a proto",
            "Write message='payments.v1.Payment', proto='payment.proto', a file beside this one.",
        )
    if source.format != PROTOBUF and given:
        yield (
            f"{given[0]} is for protobuf, and its format is {source.format}",
            f"Leave it out, or write format={PROTOBUF!r}.",
        )
    if source.proto and not Path(source.proto).is_file():
        yield f"there is no file {sanitised(source.proto)}", "proto is the path of a .proto file."


def _csv(source: Source) -> Iterator[Fault]:
    if source.separator not in SEPARATORS:
        known = ", ".join(map(repr, SEPARATORS))
        yield f"the separator is {sanitised(source.separator)!r}", f"Use one of {known}."
    elif source.separator != SEPARATORS[0] and source.format != CSV:
        yield (
            f"separator is for csv, and its format is {source.format}",
            f"Leave it out, or write format={CSV!r}.",
        )


def _files(source: Source) -> Iterator[Fault]:
    columns = source.columns
    for layout in source.files:
        for name, text in layout.fields:
            if name not in columns:
                yield _absent(source, f"files names {sanitised(name)!r} in {layout.name!r}")
            if not text:
                yield (
                    f"files says nothing for {name!r} in {layout.name!r}",
                    "Write the file's column, or a DuckDB expression.",
                )
        if not layout.fields:
            yield (
                f"files names no column in {layout.name!r}",
                "Leave it out: columns of the source's names are found without it.",
            )


def _lengths(source: Source) -> Iterator[Fault]:
    if source.watermark < timedelta():
        yield "the watermark is negative", "Write how late a record may be, such as '30s'."
    if source.watermark >= _MOST_WATERMARK:
        yield "the watermark is longer than 99 days", "Nothing would be final before that."
    if source.idle < timedelta(milliseconds=1):
        yield "idle is not a length of time", "Write for how long, such as '10s'."
