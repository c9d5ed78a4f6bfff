"""Parsing of typed times, and the messages for invalid ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screens.records.when import WhenError, parse_when

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24 01:00", "2026-11-24 01:00:00"),
        ("2026-11-23T22:10:05Z", "2026-11-23 22:10:05"),
        ("2026-11-24 02:00+01:00", "2026-11-24 01:00:00"),
        ("2026-11-24", "2026-11-24 00:00:00"),
        (" 01:00 utc ", "2026-11-24 01:00:00"),
        ("1:00:30", "2026-11-24 01:00:30"),
        ("23:00", "2026-11-23 23:00:00"),
        ("10 min ago", "2026-11-24 01:20:00"),
        ("10m ago", "2026-11-24 01:20:00"),
        ("90 seconds ago", "2026-11-24 01:28:30"),
        ("2 HOURS ago", "2026-11-23 23:30:00"),
        ("3 d ago", "2026-11-21 01:30:00"),
        ("1 week ago", "2026-11-17 01:30:00"),
    ],
)
def test_times(text: str, expected: str) -> None:
    found = datetime.fromtimestamp(parse_when(text, NOW.timestamp()) / 1000, UTC)
    assert f"{found:%Y-%m-%d %H:%M:%S}" == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Type a time."),
        ("soon", "'soon' is not a time. Write 2026-11-24 03:00, 03:00 or 10 min ago."),
        ("25:00", "'25:00' is not a time."),
        ("2026-13-40", "'2026-13-40' is not a time."),
        ("0001-01-01 00:00+14:00", "is not a time."),
        ("999999 weeks ago", "is not a time."),
        ("2026-11-24 03:00", "2026-11-24 03:00 UTC is in the future; it is now 01:30 UTC."),
        ("1912-06-23", "1912-06-23 is before any record: Kafka counts from 1970."),
    ],
)
def test_an_invalid_time_is_explained_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(WhenError, match=r"\.$") as error:
        parse_when(text, NOW.timestamp())
    assert message in str(error.value)


@given(st.text(max_size=30))
def test_nothing_typed_breaks_it(text: str) -> None:
    with suppress(WhenError):
        assert 0 <= parse_when(text, NOW.timestamp()) <= NOW.timestamp() * 1000
