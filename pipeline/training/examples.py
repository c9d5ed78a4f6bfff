"""What a model is trained on: the inputs of labelled transactions, computed point in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import duckdb
import numpy as np

from pipeline import contract
from pipeline.errors import InputError
from pipeline.features.feature import source_table
from pipeline.parity.batch import INPUT, query
from pipeline.signals.inputs import INPUTS, with_inputs
from pipeline.sources import TRANSACTION
from pipeline.text.words import counted

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
_NULL: Final = "'nan'::DOUBLE"
_TABLE: Final = "examples"
_FEWEST_USERS: Final = 10
_FEWEST_FRAUD: Final = 20


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled transactions, in the order of event time; arrays of the same length.

    Attributes:
        inputs: Names of the columns of `values`.
        values: A row for each transaction, a column for each input; NaN for null.
        fraud: 1 for fraud, 0 for none.
        users: The user.
        times: Event time, in microseconds since the epoch.
        digest: SHA-256 of the transactions.
    """

    inputs: tuple[str, ...]
    values: Floats
    fraud: Ints
    users: Ints
    times: Ints
    digest: str

    @property
    def earliest(self) -> datetime:
        """Event time of the first."""
        return _moment(self.times[0])

    @property
    def latest(self) -> datetime:
        """Event time of the last."""
        return _moment(self.times[-1])


def examples(connection: duckdb.DuckDBPyConnection) -> Examples:
    """Compute the inputs of the transactions in the view `parity.batch.INPUT`.

    Raises:
        InputError: There are too few users, or too few of either label, to judge a model.
    """
    expression = with_inputs(source_table(TRANSACTION), INPUTS)
    user, time, label = contract.KEY_COLUMN, contract.TIME_COLUMN, TRANSACTION.label
    connection.execute(
        f"CREATE OR REPLACE TABLE {_TABLE} AS SELECT * FROM ({query(expression)}) ORDER BY {time}"
    )
    found = connection.execute(
        f"SELECT {', '.join(f'coalesce({n}::DOUBLE, {_NULL}) AS {n}' for n in INPUTS)}, "
        f"{user} AS __user, epoch_us({time}) AS __time, {label} AS __fraud "
        f"FROM {_TABLE} WHERE {label} IS NOT NULL ORDER BY {time}"
    ).fetchnumpy()
    columns = [np.asarray(found[name], np.float64) for name in INPUTS]
    fraud = np.asarray(found["__fraud"], np.int64)
    users = np.asarray(found["__user"], np.int64)
    _refuse_too_few(users, fraud)
    return Examples(
        INPUTS, np.column_stack(columns), fraud, users, np.asarray(found["__time"], np.int64),
        digest(connection),
    )  # fmt: skip


def _refuse_too_few(users: Ints, fraud: Ints) -> None:
    customers, positive = len(np.unique(users)), int(fraud.sum())
    defrauded = len(np.unique(users[fraud == 1]))
    if customers < _FEWEST_USERS or positive < _FEWEST_FRAUD or defrauded < _FEWEST_USERS:
        raise InputError(
            f"{counted(positive, 'transaction')} of {counted(defrauded, 'customer')} labelled "
            f"fraud, of {counted(customers, 'customer')} in all: too few to judge a model on "
            "customers that it has not seen.",
            f"Name files with at least {_FEWEST_FRAUD} frauds of {_FEWEST_USERS} customers.",
        )
    if positive == len(fraud):
        raise InputError(
            "Every transaction is labelled fraud.", "Name files with honest ones, too."
        )


def digest(connection: duckdb.DuckDBPyConnection) -> str:
    """Return a digest of the transactions in the view `INPUT`, whatever their order."""
    columns = ", ".join(contract.TRANSACTION_FIELDS)
    row = connection.execute(
        f"SELECT count(*), bit_xor(hash({columns})), sum(hash({columns})::HUGEINT) FROM {INPUT}"
    ).fetchone()
    return sha256(repr(row).encode()).hexdigest()


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=int(micros))
