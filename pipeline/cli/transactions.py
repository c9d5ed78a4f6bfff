"""Transactions of files in a database, for commands that compute with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.text.words import counted

from .common import say

if TYPE_CHECKING:
    import duckdb


@contextmanager
def transactions_of(
    files: Sequence[str],
    mapping: Sequence[str],
    state_dir: Path,
    report: Callable[[str], None],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read files as `replay` does; the valid transactions are in the view `parity.batch.INPUT`.

    Args:
        files: Paths and patterns.
        mapping: The values of `--map`.
        state_dir: Directory with room for sorting.
        report: Called with what is being done.

    Raises:
        InputError: A file cannot be read, or none holds a transaction.
    """
    from pipeline import contract
    from pipeline.files.mapping import read_options
    from pipeline.files.opened import opened
    from pipeline.parity.batch import INPUT

    if not files:
        raise ConfigError("No file is given.", "Name one with labelled transactions.")
    with opened(files, read_options(tuple(mapping)), state_dir) as found:
        for why in found.passed_over:
            say(why)
        ready = found.read(report)
        if ready.left_out:
            rows = sum(left.rows for left in ready.left_out)
            say(f"{counted(rows, 'row')} left out, which `fraudwatch replay` would not send.")
        columns = ", ".join(contract.TRANSACTION_FIELDS)
        ready.connection.execute(f"CREATE VIEW {INPUT} AS SELECT {columns} FROM rows")
        yield ready.connection
