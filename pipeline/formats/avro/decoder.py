"""Decodes records that are written in Avro as Flink does, and says which ones it cannot read.

Flink's Avro formats have no option to skip what they cannot read: such a record ends every job that
comes to it, until it is gone from the topic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.errors import InputError
from pipeline.formats.json.flink_json import row_type
from pipeline.formats.kinds import Fault, Kind
from pipeline.formats.schemas import Schemas
from pipeline.formats.undecodable import UndecodableError
from pipeline.sources import Source
from pipeline.sources.paths import Path, inner, written_path
from pipeline.text.sanitise import sanitised

from .columns import as_stored, misread, readers, schema, unreadable
from .paths import expanded, place_of
from .plain_avro import reader

_STOPS: Final = "every job that reads the topic fails at it"


class AvroDecoder:
    """Decodes Avro as Flink's formats `avro` and `avro-confluent` do.

    Args:
        source: The source.
        schemas: The schema registry; None for records without the id of a schema.
    """

    def __init__(self, source: Source, schemas: Schemas | None) -> None:
        self.source = source
        paths = source.record_paths
        self._readers = [(name, _at(paths[name]), read) for name, read in readers(source).items()]
        self._row_of = row_type(source.columns, source.time_format)
        self._faults: dict[int, Fault | None] = {}
        self._schemas = schemas
        self._values = reader(as_stored(schema(source))) if schemas is None else schemas.stored

    def usual(self, value: bytes | None) -> Any:
        """Return the row of a value; None if there is none.

        Raises:
            UnavailableError: The schema registry does not answer.
        """
        row = self.closely(value) if value else None
        return None if isinstance(row, tuple) else row

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of a value, or why there is none, or none without nulls where required.

        Args:
            value: The record's value, which is not empty.

        Raises:
            UnavailableError: The schema registry does not answer.
        """
        try:
            if self._schemas is not None and (fault := self._fault(self._schemas, value)):
                return fault
            values = self._values(value)
        except UndecodableError as error:
            return Kind.NOT_AVRO, f"{error}; {_STOPS}"
        try:
            row = {
                name: None if (found := at(values)) is None else read(found)
                for name, at, read in self._readers
            }
        except ValueError as error:
            return Kind.NOT_AVRO, f"it holds {error}; {_STOPS}"
        for name in self.source.required:
            if row[name] is None:
                said, path = _said(self.source, name), self.source.record_paths[name]
                if inner(values, path) is not None:
                    return Kind.WRONG_TYPE, f"{said} cannot be a {self.source.columns[name]}"
                outside = inner(values, path[:-1])
                there = isinstance(outside, Mapping) and path[-1] in outside
                return Kind.MISSING, f"{said} {'is null' if there else 'is missing'}"
        return self._row_of(**row)

    def _fault(self, schemas: Schemas, value: bytes) -> Fault | None:
        """Say why Flink cannot read what was written with the schema of a value, or misreads it."""
        number, written = schemas.written_with(value)
        if number not in self._faults:
            found = fault_of(self.source, written)
            self._faults[number] = found and (found[0], f"{found[1]} (schema {number})")
        return self._faults[number]


def _at(path: Path) -> Callable[[Mapping[str, Any]], Any]:
    """Return what finds the value at a path of a record; most are fields of the record itself."""
    first, *deeper = path
    if not deeper:
        return lambda values: values.get(str(first))
    return lambda values: inner(values, path)


def fault_of(source: Source, written: Any) -> Fault | None:
    """Say why Flink cannot read what is written with a schema, or misreads it; None if it can.

    Args:
        source: The source.
        written: The schema, as parsed JSON.
    """
    if not isinstance(written, Mapping) or written.get("type") != "record":
        return Kind.UNREADABLE, f"it is not written as a record; {_STOPS}"
    whole = expanded(written)
    places = {name: place_of(whole, path) for name, path in source.record_paths.items()}
    types = {name: place.type for name, place in places.items() if place.type is not None}
    for name, place in places.items():
        why = place.why
        if not why and name in types:
            why = unreadable(types[name], source.written[name])
        if why:
            return Kind.UNREADABLE, f"{_said(source, name)} is {why}; {_STOPS}"
    for name, found in types.items():
        if why := misread(found, source.columns[name], source.time_format):
            return Kind.WRONG_TYPE, f"{_said(source, name)} is {why}"
    return None


def _said(source: Source, name: str) -> str:
    """A column, with where it is if that is no field of its own name."""
    path = written_path(source.record_paths[name])
    return name if path == name else f"{name} ({sanitised(path)})"


def require_fit(source: Source, topic: str, newest: Any) -> None:
    """Return if Flink reads what is written with the newest schema of a topic.

    Args:
        source: The source.
        topic: Name of its topic in Kafka.
        newest: The schema, as parsed JSON.

    Raises:
        InputError: It does not.
    """
    if fault := fault_of(source, newest):
        raise InputError(
            f"The newest schema of {topic} in the registry does not fit its source: {fault[1]}.",
            "Correct the column in the source, or leave it out.",
        )
