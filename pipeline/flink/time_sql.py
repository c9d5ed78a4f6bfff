"""Reads times that Flink's JSON format does not read, as SQL.

`pipeline.kafka.event_times` reads the same times in Python: both accept and reject the same texts.
"""

from __future__ import annotations

from pipeline.sources import TimeFormat
from pipeline.sources.time_patterns import EPOCH_S, ISO
from pipeline.text.sql import literal


def read_time(column: str, written: TimeFormat) -> str:
    """Return SQL for the time in a column, as TIMESTAMP(3) in UTC; null if it is not a time.

    Args:
        column: The quoted name of the column.
        written: How the time is written there.
    """
    if written is TimeFormat.ISO:
        return _iso(column)
    first, last = EPOCH_S
    factor, precision = (1, 0) if written is TimeFormat.EPOCH_S else (1_000, 3)
    # Flink's own bounds are of another year.
    return (
        f"CASE WHEN {column} BETWEEN {first * factor} AND {(last + 1) * factor - 1} "
        f"THEN CAST(TO_TIMESTAMP_LTZ({column}, {precision}) AS TIMESTAMP(3)) END"
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
