"""What `replay` would send from files, without a broker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from pipeline.contract import Transaction
from pipeline.files.left_out import LeftOutRow
from pipeline.files.mapping import read_options
from pipeline.files.opened import Files, opened
from pipeline.files.prepared import PreparedFiles
from pipeline.files.target import TRANSACTIONS, Target

NOW = datetime(2026, 1, 1)
HEADER = "trans_date_trans_time,cc_num,merchant,category,amt,first,last,zip,dob,trans_num,is_fraud"


@dataclass(frozen=True)
class Read:
    """The result of reading files.

    Attributes:
        records: Keys and values, in the order of sending.
        left_out: Rows that are not sent, by file and line.
        counts: Number of rows by fault.
        layouts: Recognised layouts of the files.
        notes: What is printed about them.
        passed_over: Files without transactions.
    """

    records: list[tuple[bytes | None, bytes]]
    left_out: list[LeftOutRow]
    counts: dict[str, int]
    layouts: list[str]
    notes: list[str]
    passed_over: list[str]

    @property
    def transactions(self) -> list[Transaction]:
        return [msgspec.json.decode(value, type=Transaction) for _, value in self.records]

    @property
    def only(self) -> Transaction:
        (transaction,) = self.transactions
        return transaction

    @property
    def numbers(self) -> list[str]:
        return [transaction.trans_num for transaction in self.transactions]

    @property
    def reasons(self) -> list[str]:
        return [f"{row.place}: {row.reason}" for row in self.left_out]


@contextmanager
def recognised(
    *names: str | Path,
    encoding: str = "",
    maps: tuple[str, ...] = (),
    target: Target = TRANSACTIONS,
) -> Iterator[Files]:
    """Files that can be read, as of NOW; their work folder is removed."""
    with TemporaryDirectory() as state:
        given: Mapping[str, str] = read_options(maps, target)
        with opened(
            [str(name) for name in names],
            dict(given),
            Path(state),
            target=target,
            encoding=encoding,
            now=lambda: NOW,
        ) as files:
            yield files
        assert not list(Path(state).iterdir())


def records(ready: PreparedFiles) -> list[tuple[bytes | None, bytes]]:
    return [
        record for batch in ready.batches() for record in zip(batch.keys, batch.values, strict=True)
    ]


def read(
    *names: str | Path,
    encoding: str = "",
    maps: tuple[str, ...] = (),
    shift: timedelta = timedelta(),
    target: Target = TRANSACTIONS,
) -> Read:
    """Read files as `replay` does."""
    with recognised(*names, encoding=encoding, maps=maps, target=target) as files:
        ready = files.read(lambda _: None)
        ready.move(shift)
        return Read(
            records(ready),
            [row for found in ready.left_out for row in found.examples],
            {found.fault.what: found.rows for found in ready.left_out},
            [file.fields.layout for file in ready.files],
            [note for file in ready.files for note in (*file.fields.lacks.values(), *file.notes)],
            files.passed_over,
        )


def line(
    trans_num: object,
    *,
    time: str = "2024-01-01 00:00:18",
    card: str = "42",
    merchant: str = "fraud_Koch",
    amount: str = "1.5",
    fraud: str = "0",
) -> str:
    """A row under HEADER."""
    return f"{time},{card},{merchant},home,{amount},A,B,02150,2000-01-01,{trans_num},{fraud}"


def csv_of(*lines: str, header: str = HEADER, end: str = "\n") -> bytes:
    """A file with these rows."""
    return "".join(text + end for text in (header, *lines)).encode()


def file_of(folder: Path, data: bytes | str, name: str = "file") -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path
