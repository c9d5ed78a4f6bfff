"""Reads written times; `pipeline.flink.time_sql` reads the same ones in Flink."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from pipeline.sources import TimeFormat
from pipeline.sources.time_patterns import ISO, epoch_bounds

_EPOCH: Final = datetime(1970, 1, 1)
_ISO: Final = re.compile(ISO)
# Flink's `SQL` timestamp format: a space instead of `T`, and no time zone.
_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{0,9}))?", re.ASCII)
_MIDNIGHT_AFTER: Final = "24:00:00"
_LONGEST_MONTH: Final = 31
_UNTIL_FRACTION: Final = len("2024-03-01 09:30:00")


def reader(written: TimeFormat) -> Callable[[object], datetime | None]:
    """Return a function that reads a time in UTC, to the millisecond; None if it is none.

    Args:
        written: Any format but SQL, whose times Flink's JSON format reads.
    """
    if written is TimeFormat.ISO:
        return _iso
    per_second = written.per_second
    first, last = epoch_bounds(per_second)

    def since_1970(value: object) -> datetime | None:
        if not isinstance(value, int) or not first <= value <= last:
            return None
        return _EPOCH + timedelta(milliseconds=value * 1_000 // per_second)

    return since_1970


def _iso(value: object) -> datetime | None:
    if not isinstance(value, str) or (found := _ISO.match(value)) is None:
        return None
    local = sql_time(found[1].replace("T", " "))
    if local is None or value[-6] not in "+-":
        return local
    ahead = timedelta(hours=int(value[-5:-3]), minutes=int(value[-2:]))
    try:
        return local - ahead if value[-6] == "+" else local + ahead
    except OverflowError:
        return None


def sql_time(text: str) -> datetime | None:
    """Read a time in Flink's `SQL` format; None if it is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    fraction = found[5] or ""
    try:
        # Nearly all are of Python's calendar, which reads them several times as fast.
        moment = datetime.fromisoformat(text[:_UNTIL_FRACTION])
    except ValueError:
        resolved = _resolved(found, fraction)
        if resolved is None:
            return None
        moment = resolved
    return moment.replace(microsecond=int(fraction.ljust(6, "0")[:6])) if fraction else moment


def _resolved(found: re.Match[str], fraction: str) -> datetime | None:
    """Read what Java's smart resolver reads: the 30th of February is the last day of February."""
    try:
        year, month, day = int(found[1]), int(found[2]), int(found[3])
        if day <= _LONGEST_MONTH:
            day = min(day, monthrange(year, month)[1])
        days_more = timedelta(days=found[4] == _MIDNIGHT_AFTER and not fraction.strip("0"))
        clock = time() if days_more else time.fromisoformat(found[4])
        return datetime.combine(date(year, month, day), clock) + days_more
    except (ValueError, OverflowError):
        return None
