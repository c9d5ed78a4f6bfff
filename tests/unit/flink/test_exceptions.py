"""What Flink's exceptions say has dots for values, and keeps what helps to find the fault."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.flink.exceptions import without_records

CARD = "4000123412341385"
FRAMES = "\n\tat a.b.C$$Lambda/0x0.run(C.java:4711)\n\tat d.E.<init>(Unknown Source)\n\t... 12 more"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('For input string: "Zephyrine". Invalid character.',
         "For input string: ••••. Invalid character."),
        ("Cannot parse 'O'Neill' as BOOLEAN.", "Cannot parse •••• as BOOLEAN."),
        (f'Failed to deserialize JSON \'{{"card":{CARD},"name":"Zephyrine"}}\'.',
         "Failed to deserialize JSON ••••."),
        ('cut off: "Zephyr …', "cut off: ••••"),
        ('cut off: "Zephyr\nine', "cut off: ••••"),
        (f"Could not serialize row +I({CARD},Zephyrine,2024-03-01).",
         "Could not serialize row ••••."),
        ("-U[Zephyrine, 1]", "••••"),
        (f"Numeric value ({CARD}) is no int", "Numeric value (•••• 1385) is no int"),
        ("value 4.000123412341385E15 and 4000 1234 1234 1385", "value •••• and •••• 1385"),
        ("Connection refused: localhost/127.0.0.1:9092 after 60000 ms, couldn't connect",
         "Connection refused: localhost/127.0.0.1:9092 after 60000 ms, couldn't connect"),
        ("Could not find file /checkpoints/8f14e45fceea167a5a36dedd4bea2543/chk-12",
         "Could not find file /checkpoints/8f14e45fceea167a5a36dedd4bea2543/chk-12"),
    ],
)  # fmt: skip
def test_a_message(said: str, shown: str) -> None:
    assert without_records(said) == shown
    trace = f"java.lang.RuntimeException: outer{FRAMES}\nCaused by: x.Y: {said}{FRAMES}"
    assert without_records(trace) == trace.replace(said, shown)


@given(st.text(min_size=4).filter(lambda text: "\nCaused by: " not in text))
def test_no_text_that_is_quoted_is_left(value: str) -> None:
    value = f"Zephyrine{value}Zephyrine"
    for quoted in (f"'{value}'", f'"{value}"', json.dumps({"name": value})):
        trace = f"x.Y: refused {quoted}{FRAMES}\nCaused by: x.Z: also {quoted}"
        shown = without_records(trace)
        assert "Zephyrine" not in shown
        assert FRAMES in shown and "Caused by: x.Z: also" in shown
