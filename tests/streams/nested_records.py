"""Records of the streams of `nested_sources`: good ones, odd ones, and invalid ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from pipeline.formats.kinds import Kind

from .own_records import ACCOUNTS, ODD_BOOLEANS, ODD_DATES, ODD_TIMES, START, Raw, encoded, written

ODD_OBJECTS: Final[tuple[object, ...]] = (
    *(None, 5, "text", [], {}, [{"country": "DE"}], {"country": None}, {"country": {"a": [1]}}),
    *({"country": ["DE"]}, {"Country": "DE"}, {"country": 1}, {"country": True}, {"country": ""}),
)  # fmt: skip
ODD_ITEMS: Final[tuple[object, ...]] = (
    *(None, {}, [], [None], [{"sku": "a"}], [{"sku": 5}, {"quantity": 2}], [5, {"quantity": "3"}]),
    *([{"sku": None}, None], ["x", 7], [[{"sku": "a"}]], [{"sku": "a"}, {"quantity": 2.9}]),
    *({"0": {"sku": "a"}}, "items", [{"sku": "a"}, {"quantity": "x"}, {"more": [{}]}]),
)
NUMBERS: Final = (
    *("1.10", "1e3", "1E+3", "-0", "0.0", "-0.0", "0.001", "0.0001", "1e7", "9999999.5"),
    *("12345678.9", "123456789012345678901234567890", "0.1234567890123456789", "1.0E-5", "100"),
    *("1e22", "-1.5e-10", "9007199254740993.5", "5e-324", "1.7976931348623157e308", "100.00"),
)
"""As they are written in JSON."""

STARS: Final = (1, Raw("1.0"), Raw("10.0"), Raw("1.5"), Raw("1e0"), "5", " 5 ", 128, None)


def orders(count: int, seed: int = 8) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of orders, none of them late."""
    random = Random(seed)
    time = START
    for number in range(count):
        time += timedelta(milliseconds=random.randrange(9_000))
        customer: dict[str, Any] = {"id": random.choice(ACCOUNTS)}
        if number % 3:
            customer["address"] = {"street": "x", "country": random.choice(("DE", "FR", None))}
        elif number % 2:
            customer["address"] = ODD_OBJECTS[number // 6 % len(ODD_OBJECTS)]
        placed = time - timedelta(seconds=random.randrange(20))
        total = Decimal(random.randrange(-5_000, 5_000_000)) / 100
        fields: dict[str, Any] = {
            "meta": {"placedAt": written(placed, random), "stars": random.choice(STARS)},
            "customer": customer,
            "payment": {
                "total": Raw(f"{total}" if number % 20 else '"12.50"'),
                "card-number": Raw(random.choice((*NUMBERS, '"4111 1111"', '"x.y"', "[1]"))),
            },
            "items": ODD_ITEMS[number % len(ODD_ITEMS)],
            "is.paid": random.choice((*ODD_BOOLEANS, {"a": 1})),
            "shipped_at": ODD_TIMES[number % len(ODD_TIMES)],
        }
        yield b"", encoded(fields)


def invalid_orders() -> Iterator[tuple[bytes | None, Kind]]:
    """Values that no feature may see, each with what is wrong with it."""
    meta, buyer = {"placedAt": "2024-03-01T10:00:00Z"}, {"id": "a"}
    yield encoded({"meta": meta}), Kind.MISSING
    yield encoded({"meta": meta, "customer": "a"}), Kind.MISSING
    yield encoded({"meta": meta, "customer": [buyer]}), Kind.MISSING
    yield encoded({"meta": {"placedAt": 5}, "customer": buyer}), Kind.WRONG_TYPE
    yield encoded({"meta": meta, "customer": buyer, "payment": {"total": 10**9 + 1}}), Kind.AMOUNT


def clicks(count: int, seed: int = 9) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of clicks, none of them late."""
    random = Random(seed)
    time = START
    for _ in range(count):
        time += timedelta(seconds=random.randrange(60))
        data: dict[str, Any] = {
            "at": f"{time - timedelta(minutes=random.randrange(60))}",
            "code": Raw(random.choice((*NUMBERS, '"a"', "null", "true", '{"b":1.50,"c":[1e2]}'))),
            "x": Raw(random.choice(NUMBERS[:12])),
            "n": Raw(random.choice((*NUMBERS, '"7"', '" 7 "', '"7.5"', "[1]"))),
            "tiny": random.choice((1, 127, 128, "5", 1.0, None)),
            "day": random.choice(ODD_DATES),
            "tags": random.choice(([], [[], ["a", "b"]], [1, ["c"]], [[1], [2.50]], {"1": ["x"]})),
        }
        yield b"", encoded({"data": data, "kafka_time": random.choice((None, "now"))})
