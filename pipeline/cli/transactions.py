"""Transactions of files in a database, for commands that compute with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, InputError
from pipeline.text.words import counted

from .common import Common, running_kafka, say

if TYPE_CHECKING:
    import duckdb

    from pipeline.sources import Source


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
        ready.connection.execute(f"CREATE VIEW {INPUT} AS SELECT unnest(value) FROM rows")
        yield ready.connection


def relabelled(connection: duckdb.DuckDBPyConnection, source: Source, common: Common) -> None:
    """Let labels and verdicts of the profile's topics count in the view `parity.batch.INPUT`.

    Args:
        connection: To the database.
        source: The source of the records.
        common: The profile.

    Raises:
        InputError: Nothing names a record of the source.
        UnavailableError: Kafka cannot be read.
    """
    from pipeline.backtest.relabelled import relabel
    from pipeline.stack.late_labels import late_labels

    if source.identity is None or source.label is None:
        raise InputError(
            f"No label that comes later finds a record of {source.topic!r}.",
            "Name the columns identity and label in its source(...).",
        )
    settings = common.settings
    later = late_labels(settings, running_kafka(common))
    maturity = timedelta(days=settings.labels.maturity_days)
    found = relabel(connection, source, later, maturity, own=settings.labels.own)
    say(f"{counted(found, 'transaction')} with a label of the topics.")
