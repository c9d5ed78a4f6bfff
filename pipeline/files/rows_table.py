"""The table of all rows: their values, with the faults and oddities of each."""

from __future__ import annotations

from collections.abc import Mapping

from . import oddities, values
from .conventions import Conventions
from .left_out import EXAMPLES
from .left_out_rows import Checks
from .target import Target
from .work import Work


def create_table(work: Work, target: Target) -> None:
    """Create the table `rows`, in which `fault` is null for rows that are sent.

    The values are in the struct `value`, since a source may call its columns as it likes.
    """
    work.connection.execute(
        f"CREATE TABLE rows (file INTEGER, place BIGINT, value {values.struct_type(target)}, "
        "fault USMALLINT, example VARCHAR, odd UTINYINT)"
    )


def insert(work: Work, number: int, texts: str, how: Conventions, checks: Checks) -> None:
    """Add the rows of a file.

    Args:
        work: The database with the table.
        number: Number of the file.
        texts: A query for `__place`, `raw` with the fields as texts, and `epoch`.
        how: How its dates and amounts are written.
        checks: What the rows become, and which of them are left out.
    """
    target = checks.target
    work.connection.execute(
        f"INSERT INTO rows SELECT {number}, __place, value, fault, {checks.example()}, "
        f"{oddities.oddities(target)} FROM (SELECT *, {checks.fault_number()} AS fault "
        f"FROM (SELECT *, {values.struct(target, how)} AS value FROM ({texts})))"
    )


def count(work: Work, number: int) -> tuple[int, int, Mapping[int, int]]:
    """The number of rows of a file, of those at fault, and of those with each oddity."""
    counts = ", ".join(f"count(*) FILTER (odd & {bit} > 0)" for bit in oddities.BITS)
    found = work.connection.execute(
        f"SELECT count(*), count(fault), {counts} FROM rows WHERE file = {number}"
    ).fetchone()
    rows, faults, *odd = found or (0,) * (2 + len(oddities.BITS))
    return rows, faults, dict(zip(oddities.BITS, odd, strict=True))


def drop(work: Work, number: int) -> None:
    """Delete the rows of a file."""
    work.connection.execute(f"DELETE FROM rows WHERE file = {number}")


def leave_out(work: Work, number: int, name: str, unit: str, checks: Checks) -> None:
    """Delete the rows at fault, and count them as left out."""
    of_file = f"FROM rows WHERE file = {number} AND fault IS NOT NULL"
    first = work.connection.execute(
        f"SELECT fault, place, example {of_file} "
        f"QUALIFY row_number() OVER (PARTITION BY fault ORDER BY place) <= {EXAMPLES} "
        "ORDER BY place"
    ).fetchall()
    faults, columns = checks.faults, checks.columns
    for fault, place, shown in first:
        work.left_out.add(
            faults[fault], name, f"{unit} {place}", shown or "", column=columns[fault]
        )
    counts = work.connection.execute(
        f"SELECT fault, count(*) - least(count(*), {EXAMPLES}) {of_file} GROUP BY fault"
    ).fetchall()
    for fault, more in counts:
        if more:
            work.left_out.count(faults[fault], more)
    work.connection.execute(f"DELETE {of_file}")
