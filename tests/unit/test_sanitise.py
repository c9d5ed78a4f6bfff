"""Whatever comes from outside, a terminal has nothing in it to obey."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.sanitise import UNPRINTABLE, json_line, sanitised

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def harmless(text: str) -> bool:
    return not any(unicodedata.category(character) in UNPRINTABLE for character in text)


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    hostile = "\x1b[31mred\x07 \x9b2J \u202egnp.exe \x00 \u2028 \U000e0001"
    assert sanitised(hostile) == (
        "\\x1b[31mred\\x07 \\x9b2J \\u202egnp.exe \\x00 \\u2028 \\U000e0001"
    )


def test_what_people_write_stays() -> None:
    for text in ("fraud_Olson, Becker and Koch", "Zoë 🍕 東京", ""):
        assert sanitised(text) == text
        assert json_line(text) == f'"{text}"'


@given(TEXT)
def test_any_text_becomes_harmless(text: str) -> None:
    assert harmless(sanitised(text))


@given(st.dictionaries(TEXT, TEXT | st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_json_stays_the_same_value_and_becomes_harmless(value: dict[str, object]) -> None:
    line = json_line(value)
    assert harmless(line)
    assert json.loads(line) == value
