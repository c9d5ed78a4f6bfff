"""Texts from outside contain no control characters for a terminal."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.sanitise import json_line, sanitised
from tests.unseen import unseen

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    hostile = "\x1b[31mred\x07 \x9b2J \u202egnp.exe \x00 \u2028 \U000e0001"
    assert sanitised(hostile) == (
        "\\x1b[31mred\\x07 \\x9b2J \\u202egnp.exe \\x00 \\u2028 \\U000e0001"
    )


def test_what_people_write_stays() -> None:
    for text in ("fraud_Olson, Becker and Koch", "Zoë 🍕 東京", "می\u200cروم", "क्\u200dष", ""):
        assert sanitised(text) == text
        assert json_line(text) == f'"{text}"'


def test_joiners_that_join_no_letters_are_shown() -> None:
    assert sanitised("\u200ca b\u200d 👩\u200d👧 \u200c\u200c") == (
        "\\u200ca b\\u200d 👩\\u200d👧 \\u200c\\u200c"
    )
    assert sanitised("\u1719\ufe0f\u200dá") == "\\u1719\ufe0f\\u200dá"
    assert json_line("a\u200c") == '"a\\u200c"'


@given(TEXT)
def test_any_text_becomes_harmless(text: str) -> None:
    assert not unseen(sanitised(text))


@given(st.dictionaries(TEXT, TEXT | st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_json_stays_the_same_value_and_becomes_harmless(value: dict[str, object]) -> None:
    line = json_line(value)
    assert not unseen(line)
    assert json.loads(line) == value
