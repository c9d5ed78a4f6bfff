"""One record as it is shown and filtered: frozen and of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from pipeline.kafka.records import Header, Record
from pipeline.sources.masking import HIDDEN, OPEN, Mask
from pipeline.text.malformed import MALFORMED

LONGEST_VALUE: Final = 64 * 1024
_LONGEST_KEY: Final = 1024
_MOST_HEADERS: Final = 100
_HEADER: Final = "header."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record with its topic, partition and offset.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset in the partition.
        timestamp_ms: Kafka's timestamp, in milliseconds since the epoch.
        key: The key in Kafka.
        value: The bytes in Kafka, possibly truncated; None for a tombstone; any other object is
            shown as JSON.
        size: Bytes of the whole value in Kafka; None when `value` is not truncated.
        headers: The first names and values, in their order.
        headers_left: Number of further headers of the record.
        mask: What of it is hidden; filters look at all of it.
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
    mask: Mask = OPEN

    @classmethod
    def of(cls, record: Record, mask: Mask = OPEN) -> RecordView:
        """Create a view of a record; a long one is truncated, so that many fit in memory.

        Args:
            record: The record.
            mask: What of it is hidden.
        """
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
            mask=mask,
        )
        return whole.shortened(LONGEST_VALUE)

    def shortened(self, most: int) -> RecordView:
        """Return a copy with at most `most` bytes of the value."""
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
    def shown(self) -> bytes | None:
        """The value as it is shown, copied and exported."""
        return _masked(self.mask, self.data) if self.mask else self.data

    @property
    def shown_key(self) -> bytes | None:
        """The key as it is shown, copied and exported."""
        return self.mask.shown_key(self.key, self.data) if self.mask else self.key

    @property
    def shown_headers(self) -> tuple[Header, ...]:
        """The headers as they are shown and exported."""
        return tuple((name, self.mask.header(name, value)) for name, value in self.headers)

    @property
    def withheld(self) -> bool:
        """Whether all of the value is hidden, since its fields cannot be told apart."""
        return bool(self.mask) and self.shown == HIDDEN.encode()

    @property
    def cut(self) -> bool:
        """Whether the value is truncated."""
        return self.size is not None

    @property
    def time(self) -> datetime | None:
        """Kafka's timestamp in UTC; None when it is not set or not valid."""
        return moment(self.timestamp_ms)


class RecordFields:
    """Looks up the fields of a record for a filter.

    These are `key`, `partition`, `offset`, `time`, `header.NAME`, and the fields of its JSON.

    Args:
        record: The record; its JSON is decoded only when needed.
    """

    __slots__ = ("_decoded", "_object", "_record")

    def __init__(self, record: RecordView) -> None:
        self._record = record
        self._decoded = False
        self._object: object = None

    def __call__(self, name: str) -> object:
        """Return a field's value, or None; for `""`, the texts that are searched for words."""
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
            # The last header of a name counts, as in Kafka's own clients.
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
        # A letter that is escaped in the JSON is found as the letter itself.
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


@lru_cache(maxsize=128)
def _masked(mask: Mask, data: bytes | None) -> bytes | None:
    """Hide values once, not in each frame."""
    return mask.json(data)


def _shortened(header: Header) -> Header:
    name, value = header
    return name[:_LONGEST_KEY], value if value is None else value[:_LONGEST_KEY]


def as_text(data: bytes | None) -> str:
    """Decode bytes, escaping invalid UTF-8; the text is not clean."""
    return "" if data is None else data.decode(errors="backslashreplace")


def moment(timestamp_ms: int) -> datetime | None:
    """Convert milliseconds since the epoch to a time in UTC; None when out of range."""
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
    """Convert a value for comparison: `true` and `false` become text as in JSON, numbers stay."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
