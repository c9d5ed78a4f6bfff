"""Finds out when a job was restarted, and what it may have read again, from the rows it wrote.

A job that is restarted reads on from its last checkpoint, in any order of partitions, and without a
watermark at first. What it wrote after that checkpoint it writes again, unless it is late now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.features import Feature
from pipeline.text.sql import identifier

from .origins import copied, is_windowed
from .sql_names import joined, listed
from .tables import BEGINNING, END, StoredRows

_CHECKPOINT_MS: Final = 60_000
"""More than what lies between the last checkpoint and the last row of a run."""


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart; both in milliseconds since the epoch, of Kafka's clock.

    Attributes:
        at: When the job ran again.
        since: What had arrived before was not read again.
    """

    at: int
    since: int


def find(
    feature: Feature, streams: Sequence[StoredRows], sink: StoredRows, resumed: Iterable[int]
) -> tuple[Restart, ...]:
    """Return the known restarts, and the others of which the sink has traces.

    Args:
        feature: The feature.
        streams: The records of each source that its job has read.
        sink: The rows that it has written.
        resumed: When the job is known to have resumed, in milliseconds since the epoch.
    """
    moments = _moments(resumed, _written_again(feature, streams, sink))
    return tuple(
        Restart(at, min(_since(feature, stream, sink, at) for stream in streams)) for at in moments
    )


def collect_dropped_again(
    feature: Feature,
    transactions: StoredRows,
    sink: StoredRows,
    restarts: Sequence[Restart],
    late: str,
) -> None:
    """Create the table `dropped_again`: transactions that may be left out on one side of a restart.

    `__row` may be left out of rows that were written between `__from` and `__until`. Its own row
    was written on the other side only, or before a restart and again after a later one, or cannot
    be told from those of others with the same time.

    Args:
        feature: A feature with a row for each transaction.
        transactions: The transactions that its job has read, with its table `ahead`.
        sink: The rows that it has written.
        restarts: The restarts.
        late: SQL condition that Flink may drop a transaction `t`, of which `ahead` has the row `a`.
    """
    connection, columns = transactions.connection, copied(feature)
    connection.execute(
        "CREATE OR REPLACE TABLE dropped_again (__row BIGINT, __from BIGINT, __until BIGINT)"
    )
    shared = ", ".join(identifier(column) for column in columns.values()) or "1"
    for restart in restarts:
        connection.execute(
            f"""INSERT INTO dropped_again SELECT t.__row,
                    CASE WHEN __last < {restart.at} THEN {restart.at} ELSE {BEGINNING} END,
                    CASE WHEN __first < {restart.at} THEN {END} ELSE {restart.at} END
                FROM (
                    SELECT *, count(*) OVER (PARTITION BY {shared}) AS __sharing
                    FROM {transactions.table}
                ) t JOIN {transactions.ahead} a ON a.__row = t.__row
                JOIN (
                    SELECT {listed(columns) or "1"}, min(__arrived) AS __first,
                        max(__arrived) AS __last FROM {sink.table} GROUP BY ALL
                ) s ON {joined(columns, "s")}
                WHERE t.__arrived >= {restart.since} AND {late}
                AND (__last < {restart.at} OR __first >= {restart.at} OR __sharing > 1)"""
        )
    moments = [restart.at for restart in restarts]
    for before, restart, after in zip([BEGINNING, *moments], restarts, moments[1:], strict=False):
        connection.execute(
            f"""INSERT INTO dropped_again SELECT t.__row, {restart.at},
                    list_max(list_filter({moments}, one -> one <= __again))
                FROM {transactions.table} t JOIN {transactions.ahead} a ON a.__row = t.__row
                JOIN (
                    SELECT {listed(columns) or "1"}, __arrived AS __again,
                        lag(__arrived) OVER (
                            PARTITION BY {listed(columns) or "1"} ORDER BY __arrived
                        ) AS __before
                    FROM {sink.table}
                ) s ON {joined(columns, "s")}
                WHERE t.__arrived >= {restart.since} AND {late}
                AND __before >= {before} AND __before < {restart.at} AND __again >= {after}"""
        )


def _written_again(
    feature: Feature, streams: Sequence[StoredRows], sink: StoredRows
) -> list[tuple[int, int]]:
    """For each row that was written again, when before and when again, by the latter."""
    names = listed(feature.columns)
    each = "1"
    if _has_row_each(feature):
        # Transactions that share a row's identity have a row each.
        each = f"""(SELECT count(*) FROM {streams[0].table} t
            WHERE {joined(copied(feature), "s")})"""
    return sink.connection.execute(
        f"""WITH several AS (
            SELECT {names}, list(__arrived ORDER BY __row) AS __written FROM {sink.table}
            GROUP BY {names} HAVING count(*) > 1
        ), counted AS (SELECT __written, {each} AS __each FROM several s)
        SELECT DISTINCT unnest(__written[:len(__written) - __each]),
            unnest(__written[1 + __each:]) AS __again
        FROM counted WHERE len(__written) > __each ORDER BY __again"""
    ).fetchall()


def _moments(known: Iterable[int], spans: Iterable[tuple[int, int]]) -> list[int]:
    """Choose as few moments as possible, so that each span holds one; each ends as late as it may.

    Args:
        known: Moments that count in any case.
        spans: After when, and until when; in the order of their ends.
    """
    moments = list(known)
    for before, after in spans:
        if not any(before < moment <= after for moment in moments):
            moments.append(after)
    return sorted(moments)


def _since(feature: Feature, transactions: StoredRows, sink: StoredRows, at: int) -> int:
    """When the first of what was read again had arrived, in milliseconds since the epoch.

    That is what was newer than all that had been written a minute before, and what has rows on both
    sides.
    """
    time, columns = identifier(transactions.time), copied(feature)
    written = identifier(feature.event_time)
    both = "false"
    if _has_row_each(feature):
        both = f"""EXISTS (SELECT 1 FROM {sink.table} s WHERE {joined(columns, "s")}
            AND s.__arrived < {at}) AND EXISTS (SELECT 1 FROM {sink.table} s
            WHERE {joined(columns, "s")} AND s.__arrived >= {at})"""
    row = transactions.connection.execute(
        f"""WITH last AS (
            SELECT max(__arrived) - {_CHECKPOINT_MS} AS __by FROM {sink.table}
            WHERE __arrived < {at}
        ), final AS (
            SELECT any_value(__by) AS __by, max({written}) AS __time
            FROM {sink.table} JOIN last ON __arrived <= __by
        ) SELECT least(
            (SELECT __by FROM final),
            (SELECT min(__arrived) FROM {transactions.table} t, final f
                WHERE t.{time} >= f.__time OR {both}))
        FROM final WHERE __time IS NOT NULL"""
    ).fetchone()
    return BEGINNING if row is None or row[0] is None else int(row[0])


def _has_row_each(feature: Feature) -> bool:
    return not is_windowed(feature) and feature.join is None
