"""One record as it is shown and filtered: frozen, and never larger than a screen needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from pipeline.kafka.records import Header, Record
from pipeline.text.malformed import MALFORMED

LONGEST_VALUE: Final = 64 * 1024
_LONGEST_KEY: Final = 1024
_MOST_HEADERS: Final = 100
_HEADER: Final = "header."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record and its place in Kafka.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset in the partition.
        timestamp_ms: Kafka's, in milliseconds since the epoch.
        key: As it lies in Kafka.
        value: The bytes in Kafka, or at least how they begin; None for a tombstone; anything else
            is shown as the JSON that it would be.
        size: Bytes of the value in Kafka; None when `value` is the whole of it.
        headers: Names and values in their order, at least the first of them.
        headers_left: How many more the record has.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: object
    size: int | None = None
    headers: tuple[Header, ...] = ()
    headers_left: int = 0

    @classmethod
    def of(cls, record: Record) -> RecordView:
        """A record that was read; a long one is cut, so that many can be kept."""
        key = record.key if record.key is None else record.key[:_LONGEST_KEY]
        headers = record.headers
        whole = cls(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp_ms,
            key,
            record.value,
            headers=tuple(_shortened(header) for header in headers[:_MOST_HEADERS]),
            headers_left=max(0, len(headers) - _MOST_HEADERS),
        )
        return whole.shortened(LONGEST_VALUE)

    def shortened(self, most: int) -> RecordView:
        """With so many bytes of the value at most."""
        value = self.value
        if not isinstance(value, bytes) or len(value) <= most:
            return self
        return replace(self, value=value[:most], size=self.size or len(value))

    @property
    def data(self) -> bytes | None:
        """The value as bytes; None for a tombstone."""
        if self.value is None or isinstance(self.value, bytes):
            return self.value
        return msgspec.json.encode(self.value)

    @property
    def cut(self) -> bool:
        """Whether the value is longer than what is kept of it."""
        return self.size is not None

    @property
    def time(self) -> datetime | None:
        """Kafka's timestamp, in UTC; None when it is not set or is no time."""
        return moment(self.timestamp_ms)


class RecordFields:
    """What a filter may ask of a record.

    These are `key`, `partition`, `offset`, `time`, `header.NAME`, and the fields of its JSON.

    Args:
        record: Of which the JSON is decoded only when it is asked for.
    """

    __slots__ = ("_decoded", "_object", "_record")

    def __init__(self, record: RecordView) -> None:
        self._record = record
        self._decoded = False
        self._object: object = None

    def __call__(self, name: str) -> object:
        """A field's value, or None; for `""` the texts in which words are looked for."""
        record = self._record
        if name == "":
            headers = (f"{name} {as_text(value)}" for name, value in record.headers)
            return (as_text(record.key), *self._texts(), *headers)
        if name == "key":
            return None if record.key is None else as_text(record.key)
        if name in ("partition", "offset"):
            return record.partition if name == "partition" else record.offset
        if name.startswith(_HEADER):
            wanted = name.removeprefix(_HEADER)
            # The last of a name counts, as Kafka's own clients have it.
            found = [value for header, value in record.headers if header == wanted]
            return as_text(found[-1]) if found and found[-1] is not None else None
        value = self._look(name)
        if value is None and name == "time" and (time := record.time) is not None:
            return time.replace(tzinfo=None)
        return value

    def _texts(self) -> tuple[str, ...]:
        written = as_text(self._record.data)
        if "\\u" not in written or self._value is None:
            return (written,)
        # A letter that was written as an escape is looked for as what it stands for.
        return (written, msgspec.json.encode(self._value).decode())

    @property
    def _value(self) -> object:
        if not self._decoded:
            self._decoded = True
            self._object = _decode(self._record)
        return self._object

    def _look(self, name: str) -> object:
        found = self._value
        if isinstance(found, Mapping) and name in found:
            return _plain(found[name])
        for part in name.split("."):
            if not isinstance(found, Mapping):
                return None
            found = found.get(part)
        return _plain(found)


def _shortened(header: Header) -> Header:
    name, value = header
    return name[:_LONGEST_KEY], value if value is None else value[:_LONGEST_KEY]


def as_text(data: bytes | None) -> str:
    """Bytes as text that may still hold anything; invalid UTF-8 is escaped."""
    return "" if data is None else data.decode(errors="backslashreplace")


def moment(timestamp_ms: int) -> datetime | None:
    """Milliseconds since the epoch as a time in UTC; None when they are no time."""
    if timestamp_ms < 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        # A producer may set any number.
        return None


def _decode(record: RecordView) -> object:
    data = record.data
    if data is None or record.cut:
        return None
    try:
        return msgspec.json.decode(data)
    except MALFORMED:
        return None


def _plain(value: object) -> object:
    """What a filter can compare; true and false are written as in JSON, 1 and 0 stay numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
