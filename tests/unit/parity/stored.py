"""Topics made up in memory, judged as `verify` does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from pipeline import contract
from pipeline.features import Feature
from pipeline.findings import EVERY_ROW
from pipeline.parity import lateness
from pipeline.parity.listing import mismatches
from pipeline.parity.report import Parity
from pipeline.parity.tables import StoredRows
from pipeline.parity.verify import parity_of, tables_of

Rows: TypeAlias = Iterable[dict[str, Any]] | pa.Table


@dataclass(frozen=True)
class Topic:
    """Rows in the order of their arrival, the partition and the time of arrival of each."""

    table: pa.Table
    time: str
    partition: Sequence[int]
    arrived: Sequence[int]
    truncated: frozenset[int]

    def stored(
        self, connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str]
    ) -> StoredRows:
        """The rows in a database."""
        earliest = {number: int(number in self.truncated) for number in {*self.partition, 0}}
        rows = StoredRows(connection, name, columns, self.time, earliest=earliest)
        rows.append(
            self.table,
            np.array(self.partition, np.int64),
            np.arange(len(self.partition), dtype=np.int64),
            np.array(self.arrived, np.int64),
        )
        return rows


def topic(
    rows: Rows,
    time: str = contract.TIME_COLUMN,
    *,
    partition: Iterable[int] | None = None,
    arrived: Iterable[int] | None = None,
    truncated: frozenset[int] = frozenset(),
) -> Topic:
    """A topic; one partition, and a record each second, when nothing else is said."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows))
    count = table.num_rows
    return Topic(
        table,
        time,
        list(partition or [0] * count),
        list(arrived or range(1, 1_000 * count + 1, 1_000)),
        truncated,
    )


def parity_of_topics(
    feature: Feature,
    transactions: Topic | Sequence[Topic],
    sink: Topic,
    *,
    watermark: int | None = None,
    known_before: int | None = None,
    dropped: int | None = None,
    since: int = 0,
    resumed: Sequence[int] = (),
    only: Mapping[str, str] = EVERY_ROW,
    database: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]] = duckdb.connect,
) -> Parity:
    """What `verify` says of these topics when the job has read all."""
    topics = [transactions] if isinstance(transactions, Topic) else transactions
    with database() as connection:
        read = [
            each.stored(connection, table, source.columns)
            for each, table, source in zip(topics, tables_of(feature), feature.sources, strict=True)
        ]
        written = sink.stored(connection, "sink", feature.columns)
        newest = zip(feature.sources, (rows.newest for rows in read), strict=True)
        mark = min(lateness.watermark(*each) for each in newest)
        parity = parity_of(
            feature,
            read,
            written,
            mark if watermark is None else watermark,
            known_before=known_before,
            dropped=dropped,
            since=since,
            resumed=resumed,
        )
        return replace(parity, mismatches=mismatches(feature, read, written, only))
