"""Finds how a file writes dates and amounts, and what a spreadsheet has lost of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipeline.contract import TIME_COLUMN

SHORT_DATE, ODD_AMOUNT, SECONDS_MISSING, RESTORED, BLURRED = BITS = (1, 2, 4, 8, 16)
"""Oddities of a row that need a closer look, as bits."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """How short dates and amounts are written.

    Attributes:
        day_first: `21/6/2020` rather than `6/21/2020`.
        comma: `1.234,50` rather than `1,234.50`.
    """

    day_first: bool = False
    comma: bool = False


def oddities() -> str:
    """SQL of a row's bits, one per oddity; `raw` has its texts, `value` its values."""
    time = f"raw.{TIME_COLUMN}"
    agrees = f"minute(time_of_epoch(epoch)) = minute(value.{TIME_COLUMN})"
    bits = {
        SHORT_DATE: f"short_date({time})",
        ODD_AMOUNT: "plain_amount(raw.amt) IS NULL",
        SECONDS_MISSING: f"lacks_seconds({time})",
        RESTORED: f"lacks_seconds({time}) AND {agrees}",
        BLURRED: "blurred(raw.cc_num)",
    }
    summands = " + ".join(f"if({test}, {bit}, 0)" for bit, test in bits.items())
    return f"CAST({summands} AS UTINYINT)"


def best(connection: duckdb.DuckDBPyConnection, texts: str) -> tuple[Conventions, tuple[str, ...]]:
    """Return the conventions by which the most rows can be read, and notes about them.

    Args:
        connection: The database.
        texts: A query for the columns `raw` and `epoch`.
    """
    text = f"raw.{TIME_COLUMN}"
    counts = [f"short_date({text})", f"short_date({text}) AND {text} NOT LIKE '%/%/%'"]
    for day_first in (False, True):
        time = f"time_of({text}, {day_first})"
        counts += [
            f"{time} IS NULL",
            f"strftime({time}, '%m-%d') <> strftime(time_of_epoch(epoch), '%m-%d')",
            f"amount_of(raw.amt, {day_first}) IS NULL",
        ]
    query = ", ".join(f"count(*) FILTER ({condition})" for condition in counts)
    found = connection.execute(f"SELECT {query} FROM ({texts})").fetchone()
    short, dashed, *fails = found or (0,) * len(counts)
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
    if comma:
        said.append("Amounts are read with decimal commas.")
    return Conventions(day_first, comma), tuple(said)


def lost(rows: int, odd: Mapping[int, int], *, by_name: bool) -> tuple[str, ...]:
    """Describe in sentences what a spreadsheet has lost of a file.

    Args:
        rows: Number of rows of the file.
        odd: Number of rows with each bit.
        by_name: Whether users are distinguished by their names, too.
    """
    said = []
    if without := odd[SECONDS_MISSING]:
        restored = odd[RESTORED]
        filled = f"{restored:,} have them from unix_time" if restored else ""
        others = "sent as :00" if not restored else "the others are sent as :00"
        said.append(
            f"{without:,} of {rows:,} times have no seconds: "
            + ", ".join(part for part in (filled, others if restored < without else "") if part)
            + "."
        )
    if odd[BLURRED]:
        users = "; users are told apart by name and date of birth as well" if by_name else ""
        said.append(
            f"{odd[BLURRED]:,} of {rows:,} card numbers have lost digits in a spreadsheet, as in "
            f"4.00012E+15, and cannot be restored: sent with zeros in their place{users}."
        )
    return tuple(said)
