"""Avro values that refer to a schema registry, decoded and encoded by the official client.

Such a value begins with a zero byte and four bytes of the id of the schema that it was written
with. Source: confluent-kafka 2.16, `SchemaRegistryClient`, `AvroDeserializer`, `AvroSerializer`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka.schema_registry import (
    Schema,
    SchemaRegistryClient,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from pipeline.config import RegistrySettings
from pipeline.errors import ConfigError, InputError, PipelineError, UnavailableError

from .avro_types import as_stored
from .registry_client import python

_HEAD: Final = 5
_AVRO: Final = "AVRO"
_NOT_FOUND: Final = 404
_REFUSED: Final = (401, 403)


class NotAvroError(Exception):
    """A value that is not Avro, or that nobody can decode; its text says why."""


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
        # By id: the parsed schema, or why there is none.
        self._known: dict[int, Any] = {}

    def written_with(self, value: bytes) -> tuple[int, Any]:
        """Return the id of the schema of a value, and the schema as parsed JSON.

        Raises:
            NotAvroError: It has none.
            UnavailableError: The registry does not answer.
            ConfigError: The registry refuses access.
        """
        if len(value) <= _HEAD or value[0]:
            raise NotAvroError("it does not begin with the id of a schema")
        number = int.from_bytes(value[1:_HEAD], "big", signed=True)
        if number not in self._known:
            self._known[number] = self._ask(number)
        found = self._known[number]
        if isinstance(found, NotAvroError):
            raise NotAvroError(*found.args)
        return number, found

    def newest(self, topic: str) -> Any:
        """Return the newest schema of a topic's values as parsed JSON; None if there is none.

        It is looked for under the name that Confluent's clients give it unless told otherwise.

        Raises:
            InputError: It is not of Avro.
            UnavailableError: The registry does not answer.
            ConfigError: The registry refuses access.
        """
        with self._asking():
            try:
                schema = self._client.get_latest_version(subject_of(topic)).schema
            except SchemaRegistryError as error:
                if error.http_status_code == _NOT_FOUND:
                    return None
                raise
        if (kind := _kind(schema)) != _AVRO:
            raise InputError(
                f"The newest schema of {topic} in the registry is of {kind.capitalize()}.",
                "Other schemas than those of Avro are not supported yet.",
            )
        return _parsed(schema)

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
            self._client.get_subjects(limit=1)

    def values(self, value: bytes) -> Any:
        """Return what a value holds, with times, dates and decimals; raises as `written_with`."""
        return self._decoded(self._values, value)

    def stored(self, value: bytes) -> Mapping[str, Any]:
        """Return the fields of a record as `as_stored` has them; raises as `written_with`."""
        found = self._decoded(self._stored, value)
        if not isinstance(found, Mapping):
            raise NotAvroError("it is Avro, but not a record")
        return found

    def _decoded(self, decode: Callable[[bytes], Any], value: bytes) -> Any:
        number, _ = self.written_with(value)
        try:
            return decode(value)
        except Exception as error:  # The library raises whatever the bytes lead it to.
            raise NotAvroError(f"it is not what its schema {number} says") from error

    def _ask(self, number: int) -> Any:
        with self._asking():
            try:
                schema = self._client.get_schema(number)
            except SchemaRegistryError as error:
                if error.http_status_code != _NOT_FOUND:
                    raise
                return NotAvroError(f"its schema {number} is not in the registry")
        if (kind := _kind(schema)) != _AVRO:
            return NotAvroError(f"its schema {number} is of {kind.capitalize()}")
        with self._asking():
            # Here, since a failed request while decoding would look like a bad record.
            self._as_stored.get_schema(number)
        return _parsed(schema)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Also those of the HTTP library that the client happens to use.
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> PipelineError:
        where = f"The schema registry at {self._url}"
        if isinstance(error, SchemaRegistryError):
            if error.http_status_code in _REFUSED:
                return ConfigError(
                    f"{where} refuses access (HTTP {error.http_status_code}).",
                    "Check username, password and token in the profile's table kafka.registry.",
                )
            return UnavailableError(
                f"{where} answers with an error (HTTP {error.http_status_code}).",
                "Check url in the profile's table kafka.registry, with the path of its API.",
            )
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


def _kind(schema: Schema) -> str:
    """The language of a schema."""
    return str(schema.schema_type or _AVRO)


def _parsed(schema: Schema) -> Any:
    return json.loads(schema.schema_str or "null")
