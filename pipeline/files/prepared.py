"""Transactions of files, sorted by time, as records of the topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import duckdb

from pipeline import contract
from pipeline.errors import InputError

from .duckdb_sql import moment
from .file_reading import ReadFile
from .left_out import Fault, LeftOut
from .left_out_rows import FUTURE
from .work import Work, explained

_BATCH: Final = 5_000
_TIME: Final = contract.TIME_COLUMN


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of the topic in order: event times, keys and values, of the same length."""

    times: Sequence[datetime]
    keys: Sequence[bytes]
    values: Sequence[bytes]


@dataclass(slots=True)
class PreparedFiles:
    """Transactions that are ready to be sent.

    Attributes:
        files: The files that they come from.
        rows: Number of transactions.
        earliest: Event time of the first.
        latest: Event time of the last.
    """

    _work: Work
    _latest: datetime
    files: tuple[ReadFile, ...]
    rows: int
    earliest: datetime
    latest: datetime
    _shift: timedelta = timedelta()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """To the database whose table `rows` has the transactions, unsorted."""
        return self._work.connection

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Rows that are not sent, the most frequent fault first."""
        return self._work.left_out.all()

    def move(self, shift: timedelta) -> None:
        """Shift all times; rows that would then be in the future are left out.

        Raises:
            InputError: All rows would be in the future.
        """
        execute = self._work.connection.execute
        self._shift, last = shift, self._latest - min(shift, self._latest - datetime.min)
        beyond = f"FROM rows WHERE {_TIME} > {moment(last)}"
        first = execute(f"SELECT file, place, {_TIME} {beyond} ORDER BY rowid LIMIT 1").fetchone()
        if first is not None:
            number, place, time = first
            (gone,) = execute(f"DELETE {beyond}").fetchone() or (0,)
            fault = Fault(f"{FUTURE.what} when it is shifted by {shift}", invalid=True)
            file = self.files[number]
            where = f"{file.unit} {place}" if place else "first"
            self._work.left_out.add(fault, file.name, where, str(time), gone)
            self.rows -= gone
        if not self.rows:
            raise InputError(
                f"All times would be in the future if shifted by {shift}.", "Omit --shift."
            )
        (self.latest,) = execute(f"SELECT max({_TIME}) FROM rows").fetchone() or (last,)
        self.latest += shift
        self.earliest += shift

    def batches(self) -> Iterator[RecordBatch]:
        """Yield all transactions by time; those of a second in the order of their files."""
        shift = f"to_seconds({self._shift // timedelta(seconds=1)})"
        pairs = ", ".join(f"'{f}', {_as_json(f)}" for f in contract.TRANSACTION_FIELDS)
        with explained("The transactions cannot be sorted"):
            reader = self._work.connection.execute(
                f"SELECT {_TIME}, encode(CAST({contract.KEY_COLUMN} AS VARCHAR)), "
                f"encode(CAST(json_object({pairs}) AS VARCHAR)) "
                f"FROM (SELECT * REPLACE ({_TIME} + {shift} AS {_TIME}) FROM rows "
                f"ORDER BY {_TIME}, rowid)"
            ).fetch_record_batch(_BATCH)
            for batch in reader:
                times, keys, values = (
                    column.to_numpy(zero_copy_only=False) for column in batch.columns
                )
                yield RecordBatch(times.astype("datetime64[us]").astype(object), keys, values)


def _as_json(name: str) -> str:
    return f"strftime({_TIME}, '{contract.TIME_FORMAT}')" if name == _TIME else name
