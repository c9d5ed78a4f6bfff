"""Rows of files, sorted by time, as records of the topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import duckdb

from pipeline.errors import InputError

from .duckdb_sql import moment
from .file_reading import ReadFile
from .left_out import Fault, LeftOut
from .left_out_rows import FUTURE
from .records_sql import key_of
from .target import Target
from .values import value
from .work import Work, explained

_BATCH: Final = 20_000
"""Smaller ones would cost more in waits for Python's lock, see `batches`."""


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of the topic in order: event times, keys and values, of the same length.

    A record without a user has no key.
    """

    times: Sequence[datetime]
    keys: Sequence[bytes | None]
    values: Sequence[bytes]


@dataclass(slots=True)
class PreparedFiles:
    """Rows of files that are ready to be sent.

    Attributes:
        target: What they become.
        files: The files that they come from.
        rows: Number of rows.
        earliest: Event time of the first.
        latest: Event time of the last.
    """

    _work: Work
    _latest: datetime
    target: Target
    files: tuple[ReadFile, ...]
    rows: int
    earliest: datetime
    latest: datetime
    _shift: timedelta = timedelta()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """To the database whose table `rows` has them in the struct `value`, unsorted."""
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
        execute, at = self._work.connection.execute, value(self.target.source.time)
        self._shift, last = shift, self._latest - min(shift, self._latest - datetime.min)
        beyond = f"FROM rows WHERE {at} > {moment(last)}"
        first = execute(f"SELECT file, place, {at} {beyond} ORDER BY rowid LIMIT 1").fetchone()
        if first is not None:
            number, place, time = first
            (gone,) = execute(f"DELETE {beyond}").fetchone() or (0,)
            fault = Fault(f"{FUTURE.what} when it is shifted by {shift}", invalid=True)
            file = self.files[number]
            where = f"{file.unit} {place}" if place else "first"
            self._work.left_out.add(
                fault, file.name, where, str(time), column=self.target.source.time, rows=gone
            )
            self.rows -= gone
        if not self.rows:
            raise InputError(
                f"All times would be in the future if shifted by {shift}.", "Omit --shift."
            )
        (self.latest,) = execute(f"SELECT max({at}) FROM rows").fetchone() or (last,)
        self.latest += shift
        self.earliest += shift

    def batches(self) -> Iterator[RecordBatch]:
        """Yield all records by time; those of the same time in the order of their files.

        It may be iterated in any thread: DuckDB sorts and encodes them without Python's lock.
        """
        source, encoder = self.target.source, self.target.encoder
        step = timedelta(microseconds=1 if self.target.exact_times else 1_000_000)
        shift = f"to_microseconds({self._shift // step * (step // timedelta(microseconds=1))})"
        time = f"{value(source.time)} + {shift}"
        with explained(f"The {self.target.record}s cannot be sorted"):
            reader = self._work.connection.execute(
                f"SELECT __time, {key_of(source)}, {', '.join(encoder.columns)} "
                f"FROM (SELECT value, {time} AS __time FROM rows ORDER BY __time, rowid)"
            ).fetch_record_batch(_BATCH)
            for batch in reader:
                times, keys, *columns = batch.columns
                yield RecordBatch(
                    times.to_numpy(zero_copy_only=False).astype("datetime64[us]").astype(object),
                    keys.to_numpy(zero_copy_only=False),
                    encoder.values(columns),
                )
