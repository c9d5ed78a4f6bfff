"""Records of the stream of `array_sources`: arrays in every form, and what is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

START: Final = datetime(2024, 3, 1, 9)
# As they are written in JSON.
TAGS: Final = (
    *('["gift"]', "[]", "null", '["a", "gift", null]', "[null]", "[1.10, true, 5]", '"gift"'),
    *(
        '{"0": "gift"}',
        '[["gift"]]',
        '[{"gift": 1}]',
        '["gift", "gift"]',
        "7",
        '[""]',
        '["G\\u0069ft"]',
    ),
)
COUNTS: Final = (
    *("[3]", "[1, 2]", '["3"]', "[3.9]", '["x", 3]', "[null, 3]", "[]", "[true]", '[" 3 "]'),
    *("[9223372036854775808]", "3", "[[3]]", "[3e0]", "null"),
)
CODES: Final = ("[5]", "[300, 5]", '["5"]', "[5.0]", "[1.5, 5]", "[null]", "{}", '[""]')
FLAGS: Final = ("[true]", '["true"]', "[false]", "[1]", "[]", '["TRUE", null]')
RATIOS: Final = ("[0.5]", '["0.5"]', "[1]", '["x"]', "[]", "[5e-1, null]", "null")


def carts(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of carts, in order of time."""
    written = map(cycle, (TAGS, COUNTS, CODES, FLAGS, RATIOS))
    for number, tags, counts, codes, flags, ratios in zip(range(count), *written, strict=False):
        account = f"a{number % 5}"
        fields = {
            "at": json.dumps(str(START + timedelta(seconds=number * 3))),
            "account": json.dumps(account),
            "tags": tags,
            "cart": f'{{"counts": {counts}, "lines": [{{"ratios": {ratios}}}]}}',
            "codes": codes,
            "flags": flags,
        }
        if number % 17 == 0:
            del fields["tags"]
        value = ", ".join(f'"{name}": {text}' for name, text in fields.items())
        yield account.encode(), f"{{{value}}}".encode()
