"""JSON as lines: nothing is lost, changed, or too wide."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipeline.kafka.records import Record
from tests.snapshot.sample_rows import transaction
from tests.unseen import unseen
from tui.drawing.json_text import colour, lay_out, wrap
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import RecordView
from tui.widgets.record_lines import record_lines

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def texts(lines: list[list[Piece]]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


def shown(value: object, width: int = 60, **changes: Any) -> str:
    record = RecordView("t", 0, 0, 0, b"k", value, **changes)
    return "\n".join(texts(record_lines(record, width)))


def test_a_value_a_line() -> None:
    lines, complete = lay_out('{"a":{"b":[1,2],"c":{}},"d":[],"e":"x"}')
    assert complete
    assert texts(lines) == [
        "{",
        '  "a": {',
        '    "b": [',
        "      1,",
        "      2",
        "    ],",
        '    "c": {}',
        "  },",
        '  "d": [],',
        '  "e": "x"',
        "}",
    ]


@given(VALUES)
def test_a_laid_out_value_is_the_same_value(value: object) -> None:
    lines, complete = lay_out(json.dumps(value))
    assert complete
    assert json.loads("".join(texts(lines))) == value


@given(VALUES, st.integers(1, 50))
def test_no_line_is_too_wide_and_none_is_lost(value: object, width: int) -> None:
    source = json.dumps(value, ensure_ascii=False)
    for line in lay_out(source)[0]:
        wrapped = texts(wrap(line, width))
        assert all(cell_len(text) <= max(width, 2) for text in wrapped)
        if width > 3:
            whole = "".join(piece.text for piece in line)
            assert "".join(wrapped).replace(" ", "") == whole.replace(" ", "")


@given(st.text())
def test_any_text_can_be_coloured(source: str) -> None:
    shown = "".join(piece.text for piece in colour(source))
    assert not unseen(shown)


def test_tones_say_what_is_what() -> None:
    pieces = list(colour('{"amt": 1.50, "first":"x", "ok":true, "is_fraud":1}'))
    tones = {piece.text: piece.tone for piece in pieces}
    assert tones['"amt"'] is Tone.QUIET
    assert tones["1.50"] is Tone.ACCENT
    assert tones['"x"'] is Tone.PLAIN
    assert tones["true"] is Tone.ACCENT
    assert tones["1"] is Tone.DANGER
    assert {p.text: p.tone for p in colour('{"is_fraud":0}')}["0"] is Tone.ACCENT


def test_what_is_shown_of_each_kind_of_value() -> None:
    assert "a tombstone" in shown(None)
    assert "it has 0 bytes" in shown(b"")
    assert "byte 3 is not UTF-8" in shown(b"abc\xff\x1b[2J")
    assert "abc\\xff␛[2J" in shown(b"abc\xff\x1b[2J")
    assert "Not JSON" in shown(b"<xml/>")
    assert "<xml/>" in shown(b"<xml/>")
    assert "Nested too deeply" in shown(b"[" * 5_000)
    cut = shown('{"a":"é'.encode()[:-1], size=70_000)
    assert "70,000 bytes" in cut
    assert "Too long to format" in cut


def test_headers_are_shown_above_the_value() -> None:
    headers = (("trace-id", b"abc\x1b[2J"), ("nothing", None))
    lines = shown(b"1", headers=headers).splitlines()
    assert "header trace-id abc␛[2J   header nothing null" in lines
    assert lines[-1] == "1"
    many = RecordView.of(Record("t", 0, 0, 0, None, b"1", (("h", b"x" * 9_999),) * 105))
    assert "and 5 more headers" in "\n".join(texts(record_lines(many, 60)))


def test_an_object_is_shown_as_the_json_that_it_would_be() -> None:
    assert '"merchant": "fraud_Olson, Becker and Koch"' in shown(transaction(0))


def test_an_endless_value_is_bounded() -> None:
    assert "… only 4,000 lines shown." in shown(msgspec.json.encode([1] * 20_000))
