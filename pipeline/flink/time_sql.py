"""Reads times that Flink's JSON format does not read, as SQL.

`pipeline.formats.event_times` reads the same times in Python: both accept
and reject the same texts.
"""

from __future__ import annotations

from pipeline.sources import TimeFormat
from pipeline.sources.time_patterns import ISO, epoch_bounds
from pipeline.text.sql import literal


def read_time(column: str, written: TimeFormat) -> str:
    """Return SQL for the time in a column, as TIMESTAMP(3) in UTC; null if it is not a time.

    Args:
        column: The quoted name of the column.
        written: How the time is written there.
    """
    if written is TimeFormat.ISO:
        return _iso(column)
    per_second = written.per_second
    first, last = epoch_bounds(per_second)
    precision = 0 if per_second == 1 else 3
    since, finer = column, per_second // 1_000
    if finer > 1:
        # Division cuts off towards zero, which is a later time before 1970.
        earlier = f"CASE WHEN MOD({column}, {finer}) < 0 THEN 1 ELSE 0 END"
        since = f"{column} / {finer} - {earlier}"
    # Flink's own bounds are of another year.
    return (
        f"CASE WHEN {column} BETWEEN {first} AND {last} "
        f"THEN CAST(TO_TIMESTAMP_LTZ({since}, {precision}) AS TIMESTAMP(3)) END"
    )


def _iso(column: str) -> str:
    local = (
        f"TRY_CAST(REPLACE(REGEXP_EXTRACT({column}, {literal(ISO)}, 1), 'T', ' ') AS TIMESTAMP(3))"
    )
    zone = f"RIGHT({column}, 6)"
    minutes = (
        f"(TRY_CAST(SUBSTRING({zone}, 2, 2) AS INT) * 60 + TRY_CAST(RIGHT({column}, 2) AS INT))"
    )
    to_utc = f"CASE LEFT({zone}, 1) WHEN '+' THEN -{minutes} WHEN '-' THEN {minutes} ELSE 0 END"
    return f"CAST(TIMESTAMPADD(MINUTE, {to_utc}, {local}) AS TIMESTAMP(3))"
