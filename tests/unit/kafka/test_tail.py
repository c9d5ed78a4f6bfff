"""Records as lines: aligned, complete, and harmless to a terminal."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.kafka.records import Record
from pipeline.kafka.tail import TEXT_HEADER, as_text, json_object, text_line
from pipeline.text.sanitise import json_line
from tests.unseen import unseen


def record(value: bytes | None, key: bytes | None = b"-5") -> Record:
    return Record("transaction", 3, 1234, 1_700_000_000_123, key, value)


def test_a_line_has_the_coordinates_under_their_titles() -> None:
    line = text_line(record(b'{"a": 1}'))
    assert line.split() == ["1234", "3", "2023-11-14T22:13:20.123Z", "-5", '{"a":', "1}"]
    assert line.index("2023-11-14") == TEXT_HEADER.index("TIMESTAMP")
    assert line.index('{"a"') == TEXT_HEADER.index("VALUE")


def test_json_has_the_value_parsed_where_it_is_json() -> None:
    assert json_object(record(b'{"a": 1}')) == {
        "topic": "transaction",
        "partition": 3,
        "offset": 1234,
        "timestamp": "2023-11-14T22:13:20.123Z",
        "key": "-5",
        "headers": [],
        "value": {"a": 1},
    }
    assert json_object(record(b"{oops"))["value"] == "{oops"
    assert json_object(record(None, None)) | {"timestamp": ""} == {
        "topic": "transaction",
        "partition": 3,
        "offset": 1234,
        "timestamp": "",
        "key": None,
        "headers": [],
        "value": None,
    }
    assert json.dumps(json_object(record(b"\xff")))


def test_a_number_keeps_all_its_digits() -> None:
    value = b'{"exact":12345678901234567890.123456789,"short":0.1,"large":1e22}'
    record = Record("t", 0, 0, 0, None, value)
    assert value.decode().replace("1e22", "1e+22") in json_line(json_object(record)).replace(
        "1e22", "1e+22"
    )


def test_json_has_the_headers_in_their_order() -> None:
    headers = (("trace", b"1"), ("trace", b"\xff"), ("none", None))
    with_headers = Record("transaction", 3, 1234, 0, None, b"1", headers)
    assert json_object(with_headers)["headers"] == [
        {"key": "trace", "value": "1"},
        {"key": "trace", "value": "\\xff"},
        {"key": "none", "value": None},
    ]


def test_a_timestamp_outside_the_calendar_is_a_number() -> None:
    odd = Record("transaction", 3, 1234, 10**18, None, b"[" * 100_000)
    assert json_object(odd)["timestamp"] == str(10**18)
    assert json_object(odd)["value"] == "[" * 100_000
    assert str(10**18) in text_line(odd)


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    assert as_text(b"\xff\x1b") == "\\xff\\x1b"
    assert as_text(None) == "null"


@given(st.binary(max_size=100))
def test_no_payload_reaches_the_terminal_unsanitised(value: bytes) -> None:
    line = text_line(record(value, value))
    assert not unseen(line)
