"""Labels that come later take the place of a record's own, and young records have none."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

from pipeline.backtest.relabelled import relabel
from pipeline.parity.batch import INPUT
from pipeline.sources import Source, source

NOON = datetime(2024, 3, 1, 12)


def payments(label: str) -> Source:
    return source(
        topic="payments",
        schema={"booked": "timestamp(3)", "number": "int64", "bad": label},
        time="booked",
        label="bad",
        identity="number",
    )


def labels(
    dtype: str, sql: str, later: dict[str, bool], days: float = 0, *, own: bool = True
) -> tuple[int, list[object]]:
    """Relabel four records, a day apart, of which the first two are labelled fraud and none."""
    with duckdb.connect() as connection:
        values = [(NOON + timedelta(days=n), n) for n in range(4)]
        connection.execute(f"CREATE TABLE written (booked TIMESTAMP, number BIGINT, bad {sql})")
        connection.executemany("INSERT INTO written VALUES (?, ?, NULL)", values)
        yes, no = ("'Yes'", "'n'") if sql == "VARCHAR" else ("1", "0")
        connection.execute(f"UPDATE written SET bad = {yes} WHERE number = 0")
        connection.execute(f"UPDATE written SET bad = {no} WHERE number = 1")
        connection.execute(f"CREATE VIEW {INPUT} AS SELECT * FROM written")
        found = relabel(connection, payments(dtype), later, timedelta(days=days), own=own)
        rows = connection.execute(f"SELECT bad FROM {INPUT} ORDER BY number").fetchall()
        return found, [row[0] for row in rows]


@pytest.mark.parametrize(
    ("dtype", "sql", "expected"),
    [
        ("int32", "INTEGER", [0, 0, 1, None]),
        ("boolean", "BOOLEAN", [False, False, True, None]),
        ("string", "VARCHAR", ["no", "n", "yes", None]),
    ],
)
def test_a_later_label_counts_whatever_its_type(
    dtype: str, sql: str, expected: list[object]
) -> None:
    later = {"0": False, "2": True, "77": True}
    assert labels(dtype, sql, later) == (2, expected)


def test_a_record_whose_label_may_be_on_its_way_has_none() -> None:
    assert labels("int32", "INTEGER", {"3": True}, days=1.5)[1] == [1, 0, None, None]
    assert labels("int32", "INTEGER", {}, days=10)[1] == [None] * 4
    assert labels("int32", "INTEGER", {})[1] == [1, 0, None, None]


def test_where_a_records_own_label_says_nothing_only_later_ones_count() -> None:
    assert labels("int32", "INTEGER", {"2": True}, own=False)[1] == [None, None, 1, None]
