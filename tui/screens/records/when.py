"""Parses typed times: `2026-11-24 03:00`, `03:00`, `10 min ago`; all in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO: Final = re.compile(
    r"(\d{1,6})\s*(s|m|h|d|w|sec|min|hr|seconds?|minutes?|hours?|days?|weeks?)\s+ago"
)
_TIME: Final = re.compile(r"(\d?\d):(\d\d)(?::(\d\d))?")
_EXAMPLES: Final = "Write 2026-11-24 03:00, 03:00 or 10 min ago."


class WhenError(ValueError):
    """A time that cannot be parsed or is in the future; the message is for the user."""


def parse_when(text: str, now: float) -> int:
    """Parse a time in the past.

    Args:
        text: The typed time, in UTC.
        now: Seconds since the epoch.

    Returns:
        Milliseconds since the epoch.

    Raises:
        WhenError: It is not a time, is in the future, or is before 1970.
    """
    words = " ".join(text.lower().replace("utc", " ").split())
    if not words:
        raise WhenError(f"Type a time. {_EXAMPLES}")
    today = datetime.fromtimestamp(now, UTC)
    moment = _ago(words, today) or _clock(words, today) or _date(words)
    if moment is None:
        raise WhenError(f"{text.strip()!r} is not a time. {_EXAMPLES}")
    if moment > today:
        raise WhenError(
            f"{moment:%Y-%m-%d %H:%M} UTC is in the future; it is now {today:%H:%M} UTC."
        )
    if moment.timestamp() < 0:
        raise WhenError(f"{moment:%Y-%m-%d} is before any record: Kafka counts from 1970.")
    return int(moment.timestamp() * 1000)


def _ago(words: str, today: datetime) -> datetime | None:
    found = _AGO.fullmatch(words)
    if found is None:
        return None
    try:
        return today - timedelta(seconds=int(found[1]) * _UNITS[found[2][0]])
    except OverflowError:
        return None


def _clock(words: str, today: datetime) -> datetime | None:
    found = _TIME.fullmatch(words)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        moment = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    # 23:00 typed at one o'clock in the morning means yesterday.
    return moment if moment <= today else moment - timedelta(days=1)


def _date(words: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(words.upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
