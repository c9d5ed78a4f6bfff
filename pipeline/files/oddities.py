"""Finds how a file writes dates and amounts, and what a spreadsheet has lost of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from pipeline.text.words import counted

from . import values
from .conventions import Conventions
from .target import Target
from .values import raw, value

SHORT_DATE, ODD_AMOUNT, SECONDS_MISSING, RESTORED, BLURRED, ZONED, SHORT_BIRTH = BITS = (
    *(1, 2, 4, 8, 16, 32, 64),
)
"""Oddities of a row that need a closer look, as bits."""


def oddities(target: Target) -> str:
    """SQL of a row's bits, one per oddity."""
    time = raw(target.source.time)
    agrees = f"minute(time_of_epoch(epoch)) = minute({value(target.source.time)})"
    numbers = values.fractions(target)
    zoned = f"plain_time({time}) IS NULL AND has_zone({time})"
    bits = {
        SHORT_DATE: _any(f"short_date({raw(f)})" for f in values.times(target)),
        ODD_AMOUNT: _any(f"{raw(f)} <> '' AND plain_amount({raw(f)}) IS NULL" for f in numbers),
        SECONDS_MISSING: f"lacks_seconds({time})",
        RESTORED: f"lacks_seconds({time}) AND {agrees}",
        BLURRED: _any(f"blurred({raw(f)})" for f in target.digits),
        # A source of the user's own declares how its times are written.
        ZONED: "false" if target.exact_times else zoned,
        SHORT_BIRTH: _any(f"short_birth({raw(f)})" for f in target.births),
    }
    summands = " + ".join(f"if({test}, {bit}, 0)" for bit, test in bits.items())
    return f"CAST({summands} AS UTINYINT)"


def best(
    connection: duckdb.DuckDBPyConnection, texts: str, target: Target
) -> tuple[Conventions, tuple[str, ...]]:
    """Return the conventions by which the most rows can be read, and notes about them.

    Args:
        connection: The database.
        texts: A query for the columns `raw` and `epoch`.
        target: What the rows become.
    """
    dates, numbers = values.times(target), values.fractions(target)
    counts: list[Sequence[str]] = [
        [f"short_date({raw(f)})" for f in dates],
        [f"short_date({raw(f)}) AND {raw(f)} NOT LIKE '%/%/%'" for f in dates],
        [f"two_digit_year({raw(f)})" for f in dates],
    ]
    for other in (False, True):
        time = values.time(target, target.source.time, day_first=other)
        counts += [
            [f"{values.time(target, f, day_first=other)} IS NULL" for f in dates],
            [f"strftime({time}, '%m-%d') <> strftime(time_of_epoch(epoch), '%m-%d')"],
            [f"amount_of({raw(f)}, {other}) IS NULL" for f in numbers],
        ]
    query = ", ".join(map(_sum, counts))
    found = connection.execute(f"SELECT {query} FROM ({texts})").fetchone()
    short, dashed, two, *fails = found or (0,) * len(counts)
    month, day = (fails[0], fails[1]), (fails[3], fails[4])
    # If all dates can be read in both ways: month first with slashes, otherwise day first.
    day_first = bool(short) and (day < month or (day == month and 2 * dashed > short))
    comma = fails[5] < fails[2]
    said = []
    if short:
        order = "day, month, year" if day_first else "month, day, year"
        why = "as unix_time has them" if day[1] != month[1] else "as no other order fits"
        why = why if day != month else "though they could be the other way round"
        said.append(f"Dates are read as {order}, {why}.")
    if two:
        said.append("Years of two digits are those from 1970 to 2069.")
    if comma:
        said.append("Amounts are read with decimal commas.")
    return Conventions(day_first, comma), tuple(said)


def converted(rows: int, odd: Mapping[int, int], how: Conventions) -> tuple[str, ...]:
    """Describe in sentences what was converted, though nothing of it is lost.

    Args:
        rows: Number of rows of the file.
        odd: Number of rows with each bit.
        how: How its dates are written.
    """
    said = []
    if zoned := odd[ZONED]:
        have = "has" if rows == 1 else "have"
        times = counted(rows, "time")
        said.append(f"{zoned:,} of {times} {have} a zone: sent in UTC, as event times are.")
    if short := odd[SHORT_BIRTH]:
        dates, are = counted(rows, "date"), "is" if short == 1 else "are"
        order, example = (
            ("day, month, year", "9/3/88") if how.day_first else ("month, day, year", "3/9/88")
        )
        said.append(
            f"{short:,} of {dates} of birth {are} short, such as {example}: read as {order}, and "
            "two digits as the last such year before the transaction: 1988-03-09."
        )
    return tuple(said)


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions) or "false"


def _sum(conditions: Sequence[str]) -> str:
    return " + ".join(f"count(*) FILTER ({condition})" for condition in conditions) or "0"


def lost(rows: int, odd: Mapping[int, int], target: Target, *, by_name: bool) -> tuple[str, ...]:
    """Describe in sentences what a spreadsheet has lost of a file.

    Args:
        rows: Number of rows of the file.
        odd: Number of rows with each bit.
        target: What the rows become.
        by_name: Whether users are distinguished by their names, too.
    """
    said = []
    if without := odd[SECONDS_MISSING]:
        restored = odd[RESTORED]
        filled = f"{restored:,} got them from unix_time" if restored else ""
        others = "sent as :00" if not restored else "the others are sent as :00"
        said.append(
            f"No seconds in {without:,} of {counted(rows, 'time')}: "
            + ", ".join(part for part in (filled, others if restored < without else "") if part)
            + "."
        )
    if odd[BLURRED]:
        users = "; users are told apart by name and date of birth as well" if by_name else ""
        said.append(
            f"{odd[BLURRED]:,} of {rows:,} {target.their} have lost digits in a spreadsheet, as in "
            f"4.00012E+15, and cannot be restored: sent with zeros in their place{users}."
        )
    return tuple(said)
