from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.unseen import unseen
from tui.drawing import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x07c\x7f", "a␀b␇c␡"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x9b31m", "\N{REPLACEMENT CHARACTER}31m"),
        ("abc\u202egpj.exe", "abc\N{REPLACEMENT CHARACTER}gpj.exe"),
        ("lone \ud800", "lone \N{REPLACEMENT CHARACTER}"),
        ("[red]markup[/]", "[red]markup[/]"),
        ("東京 🦊", "東京 🦊"),
        ("می\u200cروم", "می\u200cروم"),
        ("क्\u200dष", "क्\u200dष"),
        ("a\u200c", "a\N{REPLACEMENT CHARACTER}"),
        ("👩\u200d👧", "👩\N{REPLACEMENT CHARACTER}👧"),
    ],
)
def test_clean_replaces_what_a_terminal_would_obey(raw: str, shown: str) -> None:
    assert text.clean(raw) == shown


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_clean_is_printable_and_fits(raw: str, cells: int) -> None:
    shown = text.clean(raw, cells)
    assert cell_len(shown) <= cells
    assert not unseen(shown)
    shown.encode()


def test_ten_kilobytes_are_cut_with_an_ellipsis() -> None:
    shown = text.clean("x" * 10_000, 20)
    assert shown == "x" * 19 + "…"


def test_combining_marks_are_bounded_although_they_take_no_cells() -> None:
    assert len(text.clean("a" + "\u0301" * 10_000, 20)) < 200


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "now"),
        (4, "4 s ago"),
        (200, "3 min ago"),
        (7_500, "2 h 05 ago"),
        (400_000, "4 d ago"),
        (-3, "now"),
    ],
)
def test_ages_are_words(seconds: float, words: str) -> None:
    assert text.age(seconds) == words


def test_names_that_begin_alike_stay_apart_when_they_are_cut() -> None:
    names = [f"user_trans_amt_last_360min{end}" for end in ("", "_windowed", "_hopping")]
    shown = [text.clip_middle(name, 18) for name in names]
    assert shown == ["user_tran…t_360min", "user_tran…windowed", "user_tran…_hopping"]
    assert text.clip_middle("short", 18) == "short"


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_name_cut_in_the_middle_fits(raw: str, cells: int) -> None:
    assert cell_len(text.clip_middle(text.clean(raw), cells)) <= cells


def test_a_cut_behind_a_joiner_leaves_none() -> None:
    assert text.clip("می\u200cروم", 3) == "می…"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JOSÉ", "jose\u0301"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("İ", "i\u0307"),
        ("می\u200cروم", "میروم"),
        ("\u1100\u1161", "가"),
        ("soft\u00adhyphen", "Softhyphen"),
        ("☂\ufe0f", "☂"),
    ],
)
def test_texts_are_compared_as_people_read_them(one: str, other: str) -> None:
    assert text.folded(one) == text.folded(other)


def test_different_letters_stay_different() -> None:
    assert len({text.folded(word) for word in ("Jose", "José", "Josè", "joze")}) == 4


def test_numbers_have_thousands_separators() -> None:
    assert text.integer(1_234_567) == "1,234,567"
    assert text.money(1507.777) == "1,507.78"
    assert text.rate(0.44) == "0.4"
    assert text.rate(20_104.4) == "20,104"


def test_a_window_over_midnight_says_so() -> None:
    late = text.window(datetime(2023, 3, 3, 18), datetime(2023, 3, 4))
    assert late == "2023-03-03 18:00 → 00:00 03-04"
    early = text.window(datetime(2023, 3, 3, 0), datetime(2023, 3, 3, 6))
    assert early == "2023-03-03 00:00 → 06:00"
