"""The answers of an old Kafka broker, byte by byte; some of them invalid on request.

It supports only the requests that the commands send, each in one version.

Source: Apache Kafka 4.1, "Protocol Guide".
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from pipeline.contract import (
    FLAGGED_TOPIC,
    LABEL_TOPIC,
    ROLLING_TOPIC,
    TRANSACTION_TOPIC,
    TUMBLING_TOPIC,
    VERDICT_TOPIC,
)

from .hostile import texts
from .mutation import mutated
from .registry import PAYMENT_TOPIC, PAYMENT_VALUE, SPEND_TOPIC, TRANSFER_TOPIC, TRANSFER_VALUE

API_VERSIONS: Final = 18
PARTITIONS: Final = 2
ROWS: Final = 3
_PRODUCE, _FETCH, LIST_OFFSETS, _METADATA = 0, 1, 2, 3
_OFFSET_FETCH, _FIND_COORDINATOR, _CREATE_TOPICS, _INIT_PRODUCER = 9, 10, 19, 22
_DELETE_TOPICS: Final = 20
APIS: Final = (
    *(_PRODUCE, _FETCH, LIST_OFFSETS, _METADATA, _OFFSET_FETCH, _FIND_COORDINATOR),
    *(_CREATE_TOPICS, _DELETE_TOPICS, _INIT_PRODUCER),
)
_VERSIONS: Final = {
    _PRODUCE: 3,
    _FETCH: 4,
    LIST_OFFSETS: 7,
    _METADATA: 4,
    _OFFSET_FETCH: 1,
    _FIND_COORDINATOR: 0,
    _CREATE_TOPICS: 2,
    _DELETE_TOPICS: 1,
    _INIT_PRODUCER: 0,
    API_VERSIONS: 3,
}
_HOST: Final = b"127.0.0.1"
_AT: Final = 1_767_600_000_000
_EARLIEST: Final = -2
_ROW: Final = {
    "trans_date_trans_time": "2026-01-05 08:00:00",
    "cc_num": 4_613_314_721_966,
    "merchant": "fraud_Rutherford-Mertz",
    "category": "grocery_pos",
    "amt": 281.06,
    "first": "Jason",
    "last": "Murphy",
    "zipcode": "29209",
    "dob": "1988-09-15",
    "trans_num": "e8a81877ae9a0a7f883e15cb39dc4022",
    "is_fraud": 0,
    "user_id": 1_234,
}
_LABEL: Final = {"trans_num": _ROW["trans_num"], "is_fraud": 1}
_VERDICT: Final = {
    "identity": _ROW["trans_num"],
    "source": TRANSACTION_TOPIC,
    "signal": "rules",
    "decision": "fraud",
    "by": "ann",
    "at": "2026-01-05T08:04:00Z",
    "user": "1234",
    "score": 0.9,
    "note": "Called the customer.",
}
_AVERAGE: Final = {
    "user_id": 1_234,
    "user_mean_trans_amt_last_360min": 281.06,
    "user_trans_count_last_360min": 1,
}
# The value of each record of a topic: of those in JSON as Python has it.
VALUES: Final[dict[str, object]] = {
    TRANSACTION_TOPIC: _ROW,
    ROLLING_TOPIC: _AVERAGE | {"trans_date_trans_time": _ROW["trans_date_trans_time"]},
    TUMBLING_TOPIC: _AVERAGE
    | {"window_start": "2026-01-05 06:00:00", "window_end": "2026-01-05 12:00:00"},
    FLAGGED_TOPIC: _ROW,
    LABEL_TOPIC: _LABEL,
    VERDICT_TOPIC: _VERDICT,
    TRANSFER_TOPIC: TRANSFER_VALUE,
    PAYMENT_TOPIC: PAYMENT_VALUE,
    SPEND_TOPIC: {"account": "DE1", "booked_at": "2026-01-05 08:00:00.000", "transfers": 1},
}


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _array(items: Sequence[bytes]) -> bytes:
    return struct.pack(">i", len(items)) + b"".join(items)


def _varint(number: int) -> bytes:
    """Encode a number as in a record: zigzag, the low bits first."""
    left, data = (number << 1) ^ (number >> 63), bytearray()
    while True:
        low, left = left & 0x7F, left >> 7
        data.append(low | (0x80 if left else 0))
        if not left:
            return bytes(data)


def _compact(text: bytes) -> bytes:
    """Encode the length of a text or an array of the flexible versions; all here are short."""
    return bytes([len(text) + 1]) + text


class Reader:
    """Parses a request."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, form: str) -> int:
        (found,) = struct.unpack_from(f">{form}", self._data, self._at)
        self._at += struct.calcsize(f">{form}")
        return int(found)

    def bytes(self, length: int) -> bytes:
        self._at += length
        return self._data[self._at - length : self._at]

    def text(self) -> str:
        return self.bytes(max(0, self.number("h"))).decode()

    def compact(self) -> str:
        return self.bytes(self.number("B") - 1).decode()


@dataclass(frozen=True, slots=True)
class Request:
    """The header of a request."""

    api: int
    version: int
    correlation: int


# Some of Kafka's error codes, and some unknown ones.
_ERRORS: Final = (-1, 1, 3, 5, 6, 7, 9, 14, 15, 16, 17, 29, 30, 36, 41, 51, 74, 87, 99, 32_000)
_LEADER_NOT_AVAILABLE: Final = 5
_OFFSETS: Final = (-2, -1, 0, 1, 1 << 40, (1 << 63) - 1)


class Broker:
    """Answers of a broker on a port, some of whose topics have records.

    Args:
        port: Its port.
        random: Decides what is invalid.
        odd: Share of invalid numbers and invalid records.
        leaderless: A topic more, none of whose partitions has a leader; empty for none.
    """

    def __init__(self, port: int, random: Random, *, odd: float, leaderless: str = "") -> None:
        self._port = port
        self._topics = {*VALUES, leaderless} - {""}
        self._leaderless = leaderless
        self._random = random
        self._odd = odd

    def _or(self, proper: int, others: Sequence[int]) -> int:
        """Return the proper number, or now and then another."""
        return self._random.choice(others) if self._random.random() < self._odd else proper

    def _error(self, proper: int = 0) -> int:
        return self._or(proper, _ERRORS)

    def answer(self, request: Request, body: Reader) -> bytes | None:
        """Return the body after the correlation id; None for an unsupported request."""
        answers: dict[int, Callable[[Reader], bytes]] = {
            API_VERSIONS: self._api_versions,
            _METADATA: self._metadata,
            LIST_OFFSETS: self._list_offsets,
            _FETCH: self._fetch,
            _PRODUCE: self._produce,
            _FIND_COORDINATOR: self._coordinator,
            _OFFSET_FETCH: self._offset_fetch,
            _CREATE_TOPICS: self._create,
            _DELETE_TOPICS: self._delete,
            _INIT_PRODUCER: lambda _: struct.pack(">ihqh", 0, 0, 4_711, 0),
        }
        return answers[request.api](body) if request.api in answers else None

    def _api_versions(self, _: Reader) -> bytes:
        apis = b"".join(struct.pack(">hhhb", api, 0, _VERSIONS[api], 0) for api in _VERSIONS)
        return struct.pack(">hB", 0, len(_VERSIONS) + 1) + apis + struct.pack(">ib", 0, 0)

    def _metadata(self, body: Reader) -> bytes:
        asked = body.number("i")
        names = [body.text() for _ in range(max(0, asked))] if asked >= 0 else sorted(self._topics)
        node = struct.pack(">i", 1) + _text(_HOST.decode()) + struct.pack(">ih", self._port, -1)
        topics = []
        for name in names:
            known = name in self._topics
            lost = known and name == self._leaderless
            error, leader = (_LEADER_NOT_AVAILABLE, -1) if lost else (0, 1)
            parts = [
                struct.pack(">hii", self._error(error), number, self._or(leader, (-1, 7)))
                + _array([struct.pack(">i", 1)]) * 2
                for number in range(self._or(PARTITIONS, (0, 1, 9)) if known else 0)
            ]
            head = struct.pack(">h", self._error(0 if known else 3)) + _text(name) + b"\0"
            topics.append(head + _array(parts))
        controller = struct.pack(">i", self._or(1, (-1, 7)))
        cluster = struct.pack(">i", 0) + _array([node]) + _text("loopback") + controller
        return cluster + _array(topics)

    def _list_offsets(self, body: Reader) -> bytes:
        body.bytes(5)
        topics = b""
        count = body.number("B")
        for _ in range(count - 1):
            name = body.compact()
            parts = body.number("B")
            found = b""
            for _ in range(parts - 1):
                number, _, at = body.number("i"), body.number("i"), body.number("q")
                body.bytes(1)
                end = 0 if at == _EARLIEST or not self._holds(name, number) else ROWS
                at, end = self._or(_AT, _OFFSETS), self._or(end, _OFFSETS)
                found += struct.pack(">ihqqib", number, self._error(), at, end, 0, 0)
            body.bytes(1)
            topics += _compact(name.encode()) + bytes([parts]) + found + b"\0"
        return struct.pack(">iB", 0, count) + topics + b"\0"

    def _holds(self, topic: str, number: int) -> bool:
        return topic in self._topics and number == 0

    def _fetch(self, body: Reader) -> bytes:
        body.bytes(17)
        topics = []
        for _ in range(body.number("i")):
            name, parts = body.text(), []
            for _ in range(body.number("i")):
                number, offset, _ = body.number("i"), body.number("q"), body.number("i")
                held = ROWS if self._holds(name, number) else 0
                records = self._records(name) if offset < held else b""
                head = struct.pack(">ihqqi", number, self._error(), held, held, -1)
                parts.append(head + struct.pack(">i", len(records)) + records)
            topics.append(_text(name) + _array(parts))
        return struct.pack(">i", 0) + _array(topics)

    def _records(self, topic: str) -> bytes:
        proper = VALUES.get(topic, _ROW)
        records = b""
        for number in range(ROWS):
            value = proper if isinstance(proper, bytes) else json.dumps(proper).encode()
            if self._random.random() < self._odd:
                value = self._random.choice(
                    (self._broken(proper), texts(self._random).encode(errors="replace"))
                )
            key = b"1234"
            record = b"\0\0" + _varint(number)
            record += _varint(len(key)) + key + _varint(len(value)) + value + _varint(0)
            records += _varint(len(record)) + record
        # Clients check the checksum only on request.
        fields = struct.pack(">hiqqqhii", 0, ROWS - 1, _AT, _AT, -1, -1, -1, ROWS)
        rest = struct.pack(">ibI", 0, 2, 0) + fields + records
        return struct.pack(">qi", 0, len(rest)) + rest

    def _broken(self, proper: object) -> bytes:
        if not isinstance(proper, bytes):
            return mutated(proper, self._random)
        at = self._random.randrange(len(proper))
        return proper[:at] + self._random.randbytes(self._random.randint(0, 9)) + proper[at + 1 :]

    def _produce(self, body: Reader) -> bytes:
        body.bytes(max(0, body.number("h")))
        body.bytes(6)
        topics = []
        for _ in range(body.number("i")):
            name, parts = body.text(), []
            for _ in range(body.number("i")):
                number = body.number("i")
                body.bytes(body.number("i"))
                parts.append(struct.pack(">ihqq", number, self._error(), ROWS, -1))
            topics.append(_text(name) + _array(parts))
        return _array(topics) + struct.pack(">i", 0)

    def _coordinator(self, _: Reader) -> bytes:
        return (
            struct.pack(">hi", self._error(), 1)
            + _text(_HOST.decode())
            + struct.pack(">i", self._port)
        )

    def _offset_fetch(self, body: Reader) -> bytes:
        body.text()
        topics = []
        for _ in range(body.number("i")):
            name = body.text()
            parts = [
                struct.pack(">iq", body.number("i"), self._or(ROWS, _OFFSETS))
                + _text("")
                + struct.pack(">h", self._error())
                for _ in range(body.number("i"))
            ]
            topics.append(_text(name) + _array(parts))
        return _array(topics)

    def _create(self, body: Reader) -> bytes:
        names = []
        for _ in range(body.number("i")):
            names.append(body.text())
            body.bytes(6)
            for _ in range(body.number("i")):
                body.bytes(4)
                body.bytes(4 * body.number("i"))
            for _ in range(body.number("i")):
                body.text()
                body.text()
        fresh = {name: name not in self._topics for name in names}
        self._topics |= fresh.keys()
        made = [
            _text(name) + struct.pack(">hh", self._error(0 if fresh[name] else 36), -1)
            for name in fresh
        ]
        return struct.pack(">i", 0) + _array(made)

    def _delete(self, body: Reader) -> bytes:
        names = [body.text() for _ in range(body.number("i"))]
        gone = [
            _text(name) + struct.pack(">h", self._error(0 if name in self._topics else 3))
            for name in names
        ]
        self._topics -= set(names)
        return struct.pack(">i", 0) + _array(gone)
