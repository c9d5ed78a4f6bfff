"""Values in Avro or Protobuf that refer to a schema registry, by the official libraries.

Such a value begins with a zero byte and four bytes of the id of the schema that it was written
with. Source: confluent-kafka 2.16, `SchemaRegistryClient`, `AvroDeserializer`, `AvroSerializer`;
its deserializer for Protobuf needs the message as a class.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

import fastavro
import httpx
import msgspec
from confluent_kafka.schema_registry import (
    Schema,
    SchemaRegistryClient,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext
from fastavro.schema import UnknownType

from pipeline.config import RegistrySettings
from pipeline.errors import ConfigError, InputError, PipelineError, UnavailableError
from pipeline.formats.avro.columns import as_stored
from pipeline.sources.formats import NO_PROTOBUF_CONFLUENT
from pipeline.text.ready_type import ready
from pipeline.text.sanitise import sanitised

from .registry_client import python
from .undecodable import UndecodableError

_HEAD: Final = 5
_MISSING: Final = (40401, 40402, 40403)
"""A registry's own codes for a subject, a version and a schema that it does not have.

HTTP 404 alone may come from any other server.
"""
_REFUSED: Final = (401, 403)
_AVRO: Final = "Avro"
_PROTOBUF: Final = "Protobuf"

_CHECK_URL: Final = "Check url in the profile's table kafka.registry, with the path of its API."
_NO_ANSWERS_OF_ONE: Final = (
    *(httpx.RemoteProtocolError, httpx.DecodingError, httpx.InvalidURL, msgspec.ValidationError),
    # What the client runs into if an answer is no JSON, or has other fields.
    *(ValueError, TypeError, LookupError, AttributeError, RecursionError),
)

Reader = Callable[[bytes], Any]
Found = TypeVar("Found")


class _Reference(msgspec.Struct, frozen=True):
    """A schema that another one refers to."""

    name: str
    subject: str
    version: int


class _Answer(msgspec.Struct, frozen=True):
    """The fields of a registry's answer that are used, which the client does not check."""

    schema: str
    schema_type: str = msgspec.field(name="schemaType", default=_AVRO)
    references: tuple[_Reference, ...] = ()


class Schemas:
    """The schemas of a registry, and values that were written with them.

    Args:
        registry: The registry and its credentials.

    Raises:
        ConfigError: A certificate or a secret cannot be read.
    """

    def __init__(self, registry: RegistrySettings) -> None:
        self._url = registry.url
        options = python(registry)
        self._client = SchemaRegistryClient(options)
        self._values = AvroDeserializer(self._client)
        self._as_stored = _AsStored(options)
        self._stored = AvroDeserializer(self._as_stored)
        # By id; an error says why there is none.
        self._known: dict[int, Schema | UndecodableError] = {}
        self._avro: dict[int, Any] = {}
        self._readers: dict[int, Reader | UndecodableError] = {}

    def written_with(self, value: bytes) -> tuple[int, Any]:
        """Return the id of the schema of a value in Avro, and the schema as parsed JSON.

        Raises:
            UndecodableError: It has none, or one that is not of Avro.
            UnavailableError: The registry does not answer.
            ConfigError: The registry refuses access.
        """
        number, schema = self._of(value)
        if number not in self._avro:
            if (kind := _type(schema)) != _AVRO:
                raise UndecodableError(f"its schema {number} is of {kind}")
            try:
                written = _avro(schema)
            except ValueError as error:
                raise UndecodableError(f"its schema {number} is not valid Avro") from error
            with self._asking():
                # Here, since a failed request while decoding would look like a bad record.
                self._as_stored.get_schema(number)
            self._avro[number] = written
        return number, self._avro[number]

    def reader(self, value: bytes) -> Reader:
        """Return what decodes values with the schema of this one, for people to read.

        Avro has times, dates and decimals, Protobuf the fields of `protobuf_values`. What is
        returned raises UndecodableError where a value is not what the schema says.

        Raises:
            UndecodableError: It has no schema, or one that cannot be used.
            UnavailableError: The registry does not answer.
            ConfigError: The registry refuses access.
        """
        number, schema = self._of(value)
        if number not in self._readers:
            self._readers[number] = self._reader(number, schema, value)
        found = self._readers[number]
        if isinstance(found, UndecodableError):
            raise UndecodableError(*found.args)
        return found

    def newest(self, topic: str) -> Any:
        """Return the newest schema of a topic's values as parsed JSON; None if there is none.

        It is looked for under the name that Confluent's clients give it unless told otherwise.

        Raises:
            InputError: It is not of Avro.
            UnavailableError: The registry does not answer.
            ConfigError: The registry refuses access.
        """
        newest = self._ask(
            lambda: _usable(self._client.get_latest_version(subject_of(topic)).schema)
        )
        if newest is None:
            return None
        if (kind := _type(newest)) != _AVRO:
            raise InputError(
                f"The newest schema of {topic} in the registry is of {kind}.",
                f"{NO_PROTOBUF_CONFLUENT}."
                if kind == _PROTOBUF
                else "Other schemas than those of Avro are not supported yet.",
            )
        try:
            return _avro(newest)
        except ValueError as error:
            raise InputError(
                f"The newest schema of {topic} in the registry is not valid Avro.",
                f"Register another one as {subject_of(topic)}.",
            ) from error

    def encoder(self, topic: str) -> Callable[[Mapping[str, Any]], bytes]:
        """Return what makes a value of its fields, with what `newest` returned for the topic.

        It registers no schema. It raises whatever the library does if the fields do not fit.
        """
        # The client asks for the newest schema once.
        serializer = AvroSerializer(
            self._client,
            conf={
                "auto.register.schemas": False,
                "use.latest.version": True,
                "subject.name.strategy": topic_subject_name_strategy,
            },
        )
        context = SerializationContext(topic, MessageField.VALUE)

        def encode(fields: Mapping[str, Any]) -> bytes:
            value: bytes = serializer(fields, context)
            return value

        return encode

    def ask(self) -> None:
        """Return once the registry has answered.

        Raises:
            UnavailableError: It does not answer.
            ConfigError: It refuses access.
        """
        with self._asking():
            msgspec.convert(self._client.get_subjects(limit=1), list[str])

    def values(self, value: bytes) -> Any:
        """Return what a value holds, as `reader` decodes it, and raise as that does."""
        return self.reader(value)(value)

    def stored(self, value: bytes) -> Mapping[str, Any]:
        """Return the fields of an Avro record as `as_stored` has them; raises as `written_with`."""
        number, _ = self.written_with(value)
        found = _decoded(number, self._stored, value)
        if not isinstance(found, Mapping):
            raise UndecodableError("it is Avro, but not a record")
        return found

    def _of(self, value: bytes) -> tuple[int, Schema]:
        if len(value) <= _HEAD or value[0]:
            raise UndecodableError("it does not begin with the id of a schema")
        number = int.from_bytes(value[1:_HEAD], "big", signed=True)
        if number not in self._known:
            found = self._ask(lambda: _usable(self._client.get_schema(number)))
            missing = UndecodableError(f"its schema {number} is not in the registry")
            self._known[number] = missing if found is None else found
        schema = self._known[number]
        if isinstance(schema, UndecodableError):
            raise UndecodableError(*schema.args)
        return number, schema

    def _reader(self, number: int, schema: Schema, value: bytes) -> Reader | UndecodableError:
        if _type(schema) != _PROTOBUF:
            self.written_with(value)
            return partial(_decoded, number, self._values)
        # Its libraries are for topics that need them.
        from pipeline.formats.protobuf.compiler import compiled
        from pipeline.formats.protobuf.values import reader

        try:
            files = compiled(schema.schema_str or "", self._imported(schema))
            return partial(_decoded, number, reader(files))
        except UndecodableError as error:
            return UndecodableError(f"its schema {number} {error}")

    def _imported(self, schema: Schema) -> dict[str, str]:
        """Return the files that a schema imports, and those that they import, by name."""
        found: dict[str, str] = {}
        references = list(schema.references or ())
        for each in references:  # It grows meanwhile.
            name, subject, version = each.name or "", each.subject or "", each.version or 0
            if name in found:
                continue
            there = self._ask(partial(self._version, subject, version))
            if there is None:
                shown = sanitised(f"version {version} of {subject}")
                raise UndecodableError(f"refers to {shown}, which is not in the registry")
            found[name] = there.schema_str or ""
            references += there.references or ()
        return found

    def _newest(self, subject: str) -> Schema:
        return _usable(self._client.get_latest_version(subject).schema)

    def _version(self, subject: str, version: int) -> Schema:
        return _usable(self._client.get_version(subject, version, True).schema)

    def _ask(self, ask: Callable[[], Found]) -> Found | None:
        """Return what the registry has; None if it does not have it."""
        with self._asking():
            try:
                return ask()
            except SchemaRegistryError as error:
                if error.error_code not in _MISSING:
                    raise
                return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Also those of the HTTP library that the client happens to use.
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> PipelineError:
        where = f"The schema registry at {self._url}"
        if isinstance(error, SchemaRegistryError):
            code = error.http_status_code
            if code in _REFUSED:
                return ConfigError(
                    f"{where} refuses access (HTTP {code}).",
                    "Check username, password and token in the profile's table kafka.registry.",
                )
            what = "a redirect" if 300 <= code < 400 else "an error"
            return UnavailableError(f"{where} answers with {what} (HTTP {code}).", _CHECK_URL)
        if isinstance(error, _NO_ANSWERS_OF_ONE):
            return UnavailableError(f"{self._url} answers, but is no schema registry.", _CHECK_URL)
        return UnavailableError(
            f"{where} does not answer.",
            "Check that it runs, and url and ca_file in the profile's table kafka.registry.",
        )


class _AsStored(SchemaRegistryClient):
    """Schemas with which values are read as `as_stored` has them."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self._stored: dict[int, Schema] = {}

    def get_schema(self, schema_id: int, *more: Any, **options: Any) -> Schema:
        """Return a schema; it is asked for with each record."""
        stored = self._stored.get(schema_id)
        if stored is None:
            found = super().get_schema(schema_id, *more, **options)
            text = json.dumps(as_stored(_parsed(found)))
            stored = Schema(text, found.schema_type, found.references)
            self._stored[schema_id] = stored
        return stored


def subject_of(topic: str) -> str:
    """Return the name under which the registry has the schema of a topic's values."""
    return f"{topic}-value"


def _type(schema: Schema) -> str:
    """What a schema is written in: Avro, Protobuf or Json."""
    return (schema.schema_type or _AVRO).capitalize()


def _usable(schema: Schema) -> Schema:
    """Return a schema once its fields are known to be what they should."""
    msgspec.convert(schema.to_dict(), ready(_Answer))
    return schema


def _avro(schema: Schema) -> Any:
    """Return a schema of Avro as parsed JSON.

    Raises:
        ValueError: It is none.
    """
    parsed = _parsed(schema)
    try:
        fastavro.parse_schema(parsed)
    except UnknownType as error:
        # It may be in a schema that this one refers to.
        if not schema.references:
            raise ValueError(f"{error.name} is unknown") from error
    except ValueError:
        raise
    except Exception as error:  # The library raises whatever an odd schema leads it to.
        raise ValueError(str(error)) from error
    return parsed


def _decoded(number: int, decode: Reader, value: bytes) -> Any:
    try:
        return decode(value)
    except Exception as error:  # The libraries raise whatever the bytes lead them to.
        raise UndecodableError(f"it is not what its schema {number} says") from error


def _parsed(schema: Schema) -> Any:
    return json.loads(schema.schema_str or "null")
