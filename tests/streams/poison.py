"""Records that are invalid in the transaction topic, each with its fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from pipeline.contract import Transaction
from pipeline.formats.kinds import Kind
from pipeline.simulator import encode

Poison = tuple[str, bytes | None, Kind]


def poisons(good: Transaction) -> Iterator[Poison]:
    """Name, value and kind of each.

    Args:
        good: A valid transaction, from which most of them are derived.
    """
    valid = encode.value(good)
    fields: dict[str, Any] = msgspec.json.decode(valid)

    def changed(**changes: Any) -> bytes:
        return json.dumps(fields | changes).encode()

    def without(name: str) -> bytes:
        return json.dumps({key: value for key, value in fields.items() if key != name}).encode()

    yield "tombstone", None, Kind.EMPTY
    yield "empty", b"", Kind.EMPTY
    yield "blank", b"  \n", Kind.NOT_JSON
    yield "half", valid[: len(valid) // 2], Kind.NOT_JSON
    yield "text", b"hello", Kind.NOT_JSON
    yield "latin-1", changed(merchant="x").replace(b'"x"', b'"Caf\xe9"'), Kind.NOT_JSON
    yield "binary", bytes(range(256)), Kind.NOT_JSON
    yield "bare NaN", changed(amt=0.125).replace(b"0.125", b"NaN"), Kind.NOT_JSON
    yield "deep", changed(more=0)[:-2] + b"[" * 100_000 + b"]" * 100_000 + b"}", Kind.NOT_JSON
    yield "array", b"[1, 2]", Kind.NOT_OBJECT
    yield "number", b"7", Kind.NOT_OBJECT
    yield "null", b"null", Kind.NOT_OBJECT
    yield "empty object", b"{}", Kind.MISSING
    for name in fields:
        yield f"no {name}", without(name), Kind.MISSING
        yield f"null {name}", changed(**{name: None}), Kind.MISSING
    yield "time is a number", changed(trans_date_trans_time=1_700_000_000), Kind.WRONG_TYPE
    yield "time with T", changed(trans_date_trans_time="2024-01-01T00:00:00"), Kind.WRONG_TYPE
    yield "no such day", changed(trans_date_trans_time="2023-02-32 00:00:00"), Kind.WRONG_TYPE
    yield "no such hour", changed(trans_date_trans_time="2023-02-03 25:00:00"), Kind.WRONG_TYPE
    yield "year 0", changed(trans_date_trans_time="0000-01-01 00:00:00"), Kind.WRONG_TYPE
    yield "user is text", changed(user_id="somebody"), Kind.WRONG_TYPE
    yield "user of 65 bits", changed(user_id=2**64), Kind.WRONG_TYPE
    yield "amount is text", changed(amt="a lot"), Kind.WRONG_TYPE
    yield "amount is a list", changed(amt=[1]), Kind.WRONG_TYPE
    yield "year 1", changed(trans_date_trans_time="0001-01-01 00:00:00"), Kind.PAST
    yield "year 1969", changed(trans_date_trans_time="1969-12-31 23:59:59"), Kind.PAST
    yield "year 2999", changed(trans_date_trans_time="2999-01-01 00:00:00"), Kind.FUTURE
    yield "end of time", changed(trans_date_trans_time="9999-12-31 23:59:59"), Kind.FUTURE
    yield "quoted NaN", changed(amt="NaN"), Kind.AMOUNT
    yield "quoted infinity", changed(amt="Infinity"), Kind.AMOUNT
    yield "1e300", changed(amt=1e300), Kind.AMOUNT
    yield "-1e300", changed(amt=-1e300), Kind.AMOUNT
    yield "flag of 2", changed(is_fraud=2), Kind.FLAG
    yield "a megabyte", changed(merchant="x" * 900_000), Kind.LONG


def oddities(good: Transaction) -> Iterator[tuple[str, bytes]]:
    """Name and value of unusual but valid records."""
    valid = encode.value(good)
    fields: dict[str, Any] = msgspec.json.decode(valid)
    yield "unknown fields", json.dumps(fields | {"colour": "red", "more": {"a": [1]}}).encode()
    yield "amount in quotes", json.dumps(fields | {"amt": str(good.amt)}).encode()
    yield "user in quotes", json.dumps(fields | {"user_id": str(good.user_id)}).encode()
    yield "zip code as a number", json.dumps(fields | {"zipcode": 28654}).encode()
    yield "UTF-16", valid.decode().encode("utf-16-le")
    yield "spaces", b"  " + valid + b"\n"
    for name, more in within_limits():
        yield name, valid[:-1] + more + b"}"
    time = good.trans_date_trans_time
    for clock in ("24:00:00", "24:00:00.000"):
        day = {"trans_date_trans_time": f"{time:%Y-%m-%d} {clock}"}
        yield f"the end of a day, {clock}", json.dumps(fields | day).encode()
    late = {"trans_date_trans_time": f"{time:%Y}-02-30 23:59:59"}
    yield "the 30th of February", json.dumps(fields | late).encode()
    yield "no fraction", json.dumps(fields | {"amt": 12}).encode()


def too_large(good: Transaction) -> Iterator[Poison]:
    """Name, value and kind of records that are too large in some way for Flink to read them.

    Args:
        good: A valid transaction, from which they are derived.
    """
    for name, more in beyond_limits():
        yield name, encode.value(good)[:-1] + more + b"}", Kind.NOT_JSON


def within_limits() -> Iterator[tuple[str, bytes]]:
    """Further fields that are as deep, and numbers and names that are as long, as Flink reads."""
    yield "1,000 levels", _deep(999)
    yield "1,000 levels of objects", b',"x":' + b'{"y":' * 999 + b"1" + b"}" * 999
    yield "brackets in a text", b',"x":"' + b"[{" * 1_000 + b'"'
    yield "1,000 digits", b',"x":-' + b"1" * 1_000
    yield "1,000 digits with a fraction and an exponent", b',"x":1.' + b"1" * 990 + b"e-123456789"
    yield "5,000 digits in a text", b',"x":"' + b"1" * 5_000 + b'"'
    yield "1,001 digits in many numbers", b',"x":[' + b"1,-2.5e1," * 500 + b"1]"
    yield "name of 50,000 bytes", b',"' + b"n" * 50_000 + b'":1'
    yield "name of 50,000 bytes in escapes", b',"' + b"\\u00e4" * 25_000 + b'":1'


def beyond_limits() -> Iterator[tuple[str, bytes]]:
    """Further fields of which one is too deep or too long for Flink to read the record."""
    yield "1,001 levels", _deep(1_000)
    yield "1,001 levels of objects", b',"x":' + b'{"y":' * 1_000 + b"1" + b"}" * 1_000
    yield "1,001 digits", b',"x":' + b"1" * 1_001
    yield "1,001 digits with a fraction", b',"x":[{"y":-1.' + b"1" * 1_000 + b"}]"
    yield "1,001 digits with an exponent", b',"x":1e' + b"0" * 1_000
    yield "name of 50,001 bytes", b',"' + b"n" * 50_001 + b'":1'
    yield "name of 50,002 bytes in 25,001 characters", b',"' + "ä".encode() * 25_001 + b'":1'


def _deep(levels: int) -> bytes:
    return b',"x":' + b"[" * levels + b"]" * levels
