"""Records as they come from a topic, and decoding that survives any content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pipeline.formats.jackson_text import json_of
from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready

if TYPE_CHECKING:  # keeps confluent_kafka out of the console's first paint
    from confluent_kafka import Message

T = TypeVar("T")

Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic.

    Attributes:
        topic: Name of the topic in Kafka.
        partition: Number of the partition.
        offset: Offset in the partition.
        timestamp_ms: Kafka's timestamp, in milliseconds since the epoch.
        key: None when the record has no key.
        value: None for a tombstone.
        headers: Names and values, in order; names may repeat.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()

    @classmethod
    def of(cls, message: Message) -> Record:
        """Convert a message that was delivered without an error."""
        _, timestamp = message.timestamp()
        return cls(
            message.topic() or "",
            message.partition() or 0,
            message.offset() or 0,
            timestamp,
            message.key(),
            message.value(),
            _headers(message),
        )


def _headers(message: Message) -> tuple[Header, ...]:
    headers = message.headers()
    if not headers:
        return ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return tuple(
        (name, value.encode() if isinstance(value, str) else value) for name, value in pairs
    )


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be decoded, and why."""

    record: Record
    reason: str


def decode(kind: type[T], records: Iterable[Record]) -> tuple[list[T], list[BadRecord]]:
    """Decode the values of records.

    Args:
        kind: A record type of `pipeline.model`.
        records: All of one topic.

    Returns:
        The decoded values, in order, and the records that could not be decoded.
    """
    good, bad = decode_with_records(kind, records)
    return [row for _, row in good], bad


def decode_with_records(
    kind: type[T], records: Iterable[Record]
) -> tuple[list[tuple[Record, T]], list[BadRecord]]:
    """Like `decode`, but return each value with its record."""
    decoder = msgspec.json.Decoder(ready(kind))
    good: list[tuple[Record, T]] = []
    bad: list[BadRecord] = []
    for record in records:
        if record.value is None:
            bad.append(BadRecord(record, "no value (a tombstone)"))
            continue
        try:
            good.append((record, _decoded(decoder, record.value)))
        except MALFORMED as error:
            bad.append(BadRecord(record, str(error)))
    return good, bad


def _decoded(decoder: msgspec.json.Decoder[T], value: bytes) -> T:
    try:
        return decoder.decode(value)
    except MALFORMED:
        # As in a text that a program has cut between the halves of a character.
        return decoder.decode(json_of(value))
