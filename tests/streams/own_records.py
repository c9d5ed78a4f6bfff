"""Records of the streams of `own_sources`: good ones in every form, odd ones, and invalid ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Final

from pipeline.formats.kinds import Kind

START: Final = datetime(2024, 3, 1, 9)
ACCOUNTS: Final = ("DE89 3704", "IBAN", "ü", "7", 'say "no"', "a,b")
ODD_TIMES: Final[tuple[object, ...]] = (
    *("2024-02-30T10:00:00", "2024-04-31T10:00:00Z", "2024-02-32T10:00:00", "2024-13-01T10:00:00"),
    *("2024-01-01T24:00:00", "2024-01-01T24:00:01", "2024-01-01T25:00:00", "2024-01-01T10:00:60"),
    *("2024-01-01 10:00:00", "2024-01-01", "2024-01-01T10:00", "20240101T100000Z", "", " "),
    *("2024-01-01T10:00:00z", "2024-01-01T10:00:00+0200", "2024-01-01T10:00:00+02", "+02:00"),
    *("2024-01-01T10:00:00.", "2024-01-01T10:00:00.5", "2024-01-01T10:00:00.1239Z"),
    *("2024-01-01T10:00:00.123456789-11:30", "2024-01-01T10:00:00.1234567890", "x+ab:cd"),
    *("2024-01-01T00:00:00+14:00", "2024-12-31T23:59:59.999-12:00", "2024-01-01T10:00:00+19:59"),
    *("2024-01-01T10:00:00Z\n", "2024-01-01T10:00:00\n", " 2024-01-01T10:00:00"),
    *("1899-12-31T23:59:59Z", "9999-12-31T23:59:59", "1000-01-01T00:00:00", "0000-01-01T00:00:00"),
    *(1709283600, 1.5, True, {"a": 1}, ["2024-01-01T10:00:00"], None),
)  # fmt: skip
HALVES: Final = ("cut \ud83d", "cut \ud83e", "\ude00")
"""Texts that a program has cut between the halves of a surrogate pair."""
ODD_DECIMALS: Final = (
    *("0", "-0", "0.000000005", "0.0000000049999", "-0.000000005", "1e3", "1E-9", "123456789012"),
    *("999999999999.99999999", "999999999999.999999994", "999999999999.999999995", "1e12", "1e400"),
    *('"12.5"', '" 12.5 "', '"+5"', '".5"', '"5."', '"1e2"', '"abc"', '""', '"NaN"', '"1,5"'),
    *("true", "null", "[1]", '{"a":1}', "0.1234567890123456789012345678901234567890", '"0x10"'),
)
"""As they are written in JSON."""
ODD_NUMBERS: Final[tuple[object, ...]] = (
    *("7", " 7 ", "7.0", "x", 7.9, -7.9, 2**15 - 1, 2**15, -(2**15), True, None, [1]),
)
ODD_BOOLEANS: Final[tuple[object, ...]] = ("true", "TRUE", "Yes", "", 1, 0, "false", None, [True])
ODD_DATES: Final[tuple[object, ...]] = ("2024-02-29", "2023-02-29", "2024-1-1", "", 5, None, "x")


def payments(count: int, seed: int = 5) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of payments, none of them late."""
    random = Random(seed)
    time = START
    for number in range(count):
        time += timedelta(milliseconds=random.randrange(8_000))
        account = random.choice(ACCOUNTS)
        fields: dict[str, Any] = {
            "booked_at": written(time - timedelta(seconds=random.randrange(20)), random),
            "account": account,
            "amount": Raw(f"{Decimal(random.randrange(-5_000, 5_000_000)) / 100}"),
            "chargeback": random.choice((True, False, None)),
            "settled_at": ODD_TIMES[number % len(ODD_TIMES)],
            "fee": Raw(ODD_DECIMALS[number % len(ODD_DECIMALS)]),
            "installments": ODD_NUMBERS[number % len(ODD_NUMBERS)],
            "score": random.choice((0.1, 7, "0.25", None)),
            "due": ODD_DATES[number % len(ODD_DATES)],
            "more": {"than": ["is", "declared"]},
        }
        if random.random() < 0.8:
            fields["country"] = random.choice(("DE", "FR", None, "😀", *HALVES))
        if number % 10 == 0:
            fields["chargeback"] = ODD_BOOLEANS[number // 10 % len(ODD_BOOLEANS)]
        yield account.encode(), encoded(fields)


def written(time: datetime, random: Random) -> str:
    """The same time in one of the ways of ISO 8601."""
    zone = timezone(timedelta(minutes=random.choice((-690, -300, 60, 345, 840))))
    there = time.replace(tzinfo=UTC).astimezone(zone)
    return random.choice(
        (
            time.isoformat(timespec="milliseconds"),
            f"{time.isoformat(timespec='milliseconds')}Z",
            f"{time.isoformat(timespec='microseconds')}789Z",
            there.isoformat(timespec="milliseconds"),
            there.isoformat(timespec="microseconds"),
        )
    )


class Raw(str):
    """A value as it is written in JSON."""

    __slots__ = ()


def encoded(fields: dict[str, Any]) -> bytes:
    """JSON of these fields, some of which are written already."""
    return _json(fields).encode()


def _json(value: object) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, dict):
        parts = (f"{json.dumps(name)}:{_json(inside)}" for name, inside in value.items())
        return "{" + ",".join(parts) + "}"
    return json.dumps(value)


def invalid_payments() -> Iterator[tuple[bytes | None, Kind]]:
    """Values that no feature may see, each with what is wrong with it."""
    good: dict[str, Any] = {"booked_at": "2024-03-01T10:00:00Z", "account": "a", "amount": 1}

    def changed(**changes: Any) -> bytes:
        return encoded(good | changes)

    ahead = datetime.now(UTC) + timedelta(days=3)
    yield None, Kind.EMPTY
    yield b"{", Kind.NOT_JSON
    yield b"[]", Kind.NOT_OBJECT
    yield changed(account=None), Kind.MISSING
    yield encoded({"booked_at": "2024-03-01T10:00:00Z", "account": "a"}), Kind.MISSING
    yield changed(booked_at="2024-03-01 10:00:00"), Kind.WRONG_TYPE
    yield changed(booked_at="2024-02-32T10:00:00Z"), Kind.WRONG_TYPE
    yield changed(booked_at=1709283600), Kind.WRONG_TYPE
    yield changed(amount="much"), Kind.WRONG_TYPE
    yield changed(amount=10**10), Kind.WRONG_TYPE
    yield changed(booked_at="1969-12-31T23:59:59Z"), Kind.PAST
    yield changed(booked_at="1970-01-01T00:30:00+01:00"), Kind.PAST
    yield changed(booked_at=ahead.isoformat()), Kind.FUTURE
    yield changed(amount=Raw("1000000000.01")), Kind.AMOUNT
    yield changed(score="NaN"), Kind.WRONG_TYPE
    yield changed(score=Raw("1e999")), Kind.WRONG_TYPE
    yield changed(score="-Infinity"), Kind.WRONG_TYPE
    yield changed(country="x" * 1_001), Kind.LONG


LABELS: Final[tuple[object, ...]] = (
    *("Yes", "No", "YES", "nO", "y", "N", "true", "False", "TRUE", "1", "0"),
    *(1, 0, True, False, None),
)
"""As people write them; in a column of texts, a number is its text."""


def logins(count: int, seed: int = 6) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of logins, none of them late."""
    random = Random(seed)
    time = START.replace(tzinfo=UTC)
    for number in range(count):
        time += timedelta(milliseconds=random.randrange(10_000))
        at = int((time - timedelta(seconds=random.randrange(60))).timestamp() * 1_000)
        who = random.choice((-3, 2**62, None, 5))
        fields: dict[str, Any] = {
            "at": random.choice((at, f"{at}", Raw(f"{at}.75"))),
            "who": who,
            "ok": random.choice((True, False, "false", None)),
            "sound": random.choice((None, "loud", 5, {"a": [1]})),
            "stolen": random.choice(LABELS),
        }
        yield str(number).encode(), encoded(fields)


def invalid_logins() -> Iterator[tuple[bytes | None, Kind]]:
    """As for payments."""
    yield encoded({"at": 1709283600123456}), Kind.WRONG_TYPE
    yield encoded({"at": 17092836001234}), Kind.FUTURE
    yield encoded({"at": -1}), Kind.PAST
    yield encoded({"at": "2024-03-01T10:00:00Z"}), Kind.WRONG_TYPE
    yield encoded({"who": 1}), Kind.MISSING
    for label in ("maybe", "", " yes", "yes\n", 2, "YE\u017f", [1]):
        yield encoded({"at": 1709283600123, "stolen": label}), Kind.FLAG


def visits(count: int, seed: int = 7) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of visits, none of them late."""
    random = Random(seed)
    time = START
    for number in range(count):
        time += timedelta(seconds=random.randrange(60))
        fields: dict[str, Any] = {
            "at": f"{time - timedelta(minutes=random.randrange(60))}",
            "visitor": random.choice((None, "", "a;b", 'say "no"', "ü", "null")),
            "page": random.choice((None, "/", "/about")),
            "left": random.choice((f"{time}.25", time.isoformat(), None, 5, "2024-02-30 10:00:00")),
        }
        yield str(number).encode(), encoded(fields)


def ticks(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of ticks, in order."""
    since = int(START.replace(tzinfo=UTC).timestamp())
    for number in range(count):
        yield b"", encoded({"second": since + number // 3, "value": number % 7 / 4})
