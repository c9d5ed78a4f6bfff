"""A DuckDB database of bounded size in a folder of the state directory, for sorting files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from duckdb import sqltype
from duckdb.func import FunctionNullHandling, PythonUDFType

from pipeline.errors import InputError
from pipeline.interrupt import interruptible
from pipeline.scratch_folder import scratch_folder
from pipeline.sources.masking import without_values

from .identity import user_of
from .left_out import LeftOutRows

_MEMORY: Final = "384MB"
_THREADS: Final = 2
_PREFIX: Final = "replay-"
_TRY: Final = (
    "In --map, TRY_CAST and try_strptime give null for such a value, and leave out its row alone."
)
_TEXTS: Final = "In --map, columns are texts: CAST(Amount AS DOUBLE) / 100."


@dataclass(frozen=True, slots=True)
class Work:
    """Database and folder for reading files.

    Attributes:
        connection: Connection to the database.
        folder: Folder for unpacked files; removed at the end.
        left_out: The rows that are not sent.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    left_out: LeftOutRows


@contextmanager
def work_in(state_dir: Path, sensitive: Iterable[str] = ()) -> Iterator[Work]:
    """Create a database in the state directory, and remove it afterwards.

    Args:
        state_dir: The state directory.
        sensitive: The columns whose values are not quoted.

    Raises:
        InputError: DuckDB's errors about the disk or a file.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with scratch_folder(_PREFIX, state_dir) as folder:
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            "temp_directory": str(folder / "spilled"),
            # Extensions are downloaded from the network.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(folder / "rows.duckdb", config=options)
        # Nothing is read twice, so compression is not worth its time.
        connection.execute("SET force_compression = 'uncompressed'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        try:
            connection.create_function(
                "user_of",
                _users_of,
                [sqltype("VARCHAR")],
                sqltype("BIGINT"),
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )
            with interruptible(connection):
                yield Work(connection, folder, LeftOutRows(frozenset(sensitive)))
        finally:
            connection.close()


@contextmanager
def explained(what: str, *, quotes: bool = True) -> Iterator[None]:
    """Raise DuckDB's errors as one sentence.

    Args:
        what: What failed: `x.json cannot be read`.
        quotes: Whether a value that DuckDB refuses is quoted.

    Raises:
        InputError: Instead of DuckDB's error.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        text = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", str(error).strip())
        reason = text.partition("\n")[0].rstrip(". ")
        # What strptime refuses, for one, is an invalid input.
        if not quotes and isinstance(error, duckdb.DataError | duckdb.InvalidInputException):
            reason = without_values(reason)
        hint = _TEXTS if isinstance(error, duckdb.BinderException) else "Check the file."
        hint = _TRY if isinstance(error, duckdb.ConversionException) else hint
        raise InputError(f"{what}: {reason}.", hint) from error


def _users_of(texts: pa.ChunkedArray) -> pa.Array:
    """A number for each text, and null for null; equal texts are computed once."""
    encoded = pa.concat_arrays(texts.chunks).dictionary_encode()
    users = [None if text is None else user_of(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(users, pa.int64()).take(encoded.indices)
