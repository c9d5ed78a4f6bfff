"""The table of all rows: their values, with the faults and oddities of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.contract import TIME_COLUMN, TRANSACTION_FIELDS
from pipeline.text.sql import literal

from . import conventions
from .conventions import Conventions
from .left_out import EXAMPLES
from .left_out_rows import FAULTS, example, fault_number
from .work import Work

_TYPES: Final = {
    "timestamp(3)": "TIMESTAMP",
    "int64": "BIGINT",
    "int32": "INTEGER",
    "float64": "DOUBLE",
    "string": "VARCHAR",
}


def create_table(work: Work) -> None:
    """Create the table `rows`, in which `fault` is null for rows that are sent."""
    columns = ", ".join(f"{f} {_TYPES[kind]}" for f, kind in TRANSACTION_FIELDS.items())
    work.connection.execute(
        f"CREATE TABLE rows (file INTEGER, place BIGINT, {columns}, "
        "fault UTINYINT, example VARCHAR, odd UTINYINT)"
    )


def insert(work: Work, number: int, texts: str, how: Conventions) -> None:
    """Add the rows of a file.

    Args:
        work: The database with the table.
        number: Number of the file.
        texts: A query for `__place`, `raw` with the fields as texts, and `epoch`.
        how: How its dates and amounts are written.
    """
    time = f"time_of(raw.{TIME_COLUMN}, {how.day_first})"
    time = f"if(lacks_seconds(raw.{TIME_COLUMN}), with_seconds({time}, epoch), {time})"
    convert = {
        TIME_COLUMN: time,
        "cc_num": "whole_number(raw.cc_num)",
        "user_id": "whole_number(raw.user_id)",
        "amt": f"amount_of(raw.amt, {how.comma})",
        "is_fraud": "flag_of(raw.is_fraud)",
    }
    value = ", ".join(f"{literal(f)}: {convert.get(f, f'raw.{f}')}" for f in TRANSACTION_FIELDS)
    values = ", ".join(f"value.{f}" for f in TRANSACTION_FIELDS)
    work.connection.execute(
        f"INSERT INTO rows SELECT {number}, __place, {values}, fault, {example()}, "
        f"{conventions.oddities()} FROM (SELECT *, {fault_number()} AS fault "
        f"FROM (SELECT *, {{{value}}} AS value FROM ({texts})))"
    )


def count(work: Work, number: int) -> tuple[int, int, Mapping[int, int]]:
    """The number of rows of a file, of those at fault, and of those with each oddity."""
    counts = ", ".join(f"count(*) FILTER (odd & {bit} > 0)" for bit in conventions.BITS)
    found = work.connection.execute(
        f"SELECT count(*), count(fault), {counts} FROM rows WHERE file = {number}"
    ).fetchone()
    rows, faults, *odd = found or (0,) * (2 + len(conventions.BITS))
    return rows, faults, dict(zip(conventions.BITS, odd, strict=True))


def drop(work: Work, number: int) -> None:
    """Delete the rows of a file."""
    work.connection.execute(f"DELETE FROM rows WHERE file = {number}")


def leave_out(work: Work, number: int, name: str, unit: str) -> None:
    """Delete the rows at fault, and count them as left out."""
    of_file = f"FROM rows WHERE file = {number} AND fault IS NOT NULL"
    first = work.connection.execute(
        f"SELECT fault, place, example {of_file} "
        f"QUALIFY row_number() OVER (PARTITION BY fault ORDER BY place) <= {EXAMPLES} "
        "ORDER BY place"
    ).fetchall()
    for fault, place, shown in first:
        work.left_out.add(FAULTS[fault], name, f"{unit} {place}", shown or "")
    counts = work.connection.execute(
        f"SELECT fault, count(*) - least(count(*), {EXAMPLES}) {of_file} GROUP BY fault"
    ).fetchall()
    for fault, more in counts:
        if more:
            work.left_out.count(FAULTS[fault], more)
    work.connection.execute(f"DELETE {of_file}")
