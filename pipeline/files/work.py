"""Where files are sorted: a DuckDB database in a folder of the state directory, of bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import getpid
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import psutil
import pyarrow as pa
from duckdb import sqltype
from duckdb.func import FunctionNullHandling, PythonUDFType

from pipeline.errors import InputError

from .identity import user_of
from .left_out import LeftOutRows

_MEMORY: Final = "384MB"
_THREADS: Final = 2
_PREFIX: Final = "replay-"
_TEXTS: Final = "In --map, columns are texts: CAST(Amount AS DOUBLE) / 100."


@dataclass(frozen=True, slots=True)
class Work:
    """What files are read with.

    Attributes:
        connection: Of the database.
        folder: For what is unpacked; gone in the end.
        left_out: The rows that are not sent.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    left_out: LeftOutRows = field(default_factory=LeftOutRows)


@contextmanager
def work_in(state_dir: Path) -> Iterator[Work]:
    """A database of its own in the state directory, removed afterwards.

    Raises:
        InputError: What DuckDB says of the disk, or of a file.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(state_dir)
    with TemporaryDirectory(prefix=f"{_PREFIX}{getpid()}-", dir=state_dir) as name:
        folder = Path(name)
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            "temp_directory": str(folder / "spilled"),
            # Extensions come from the network.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(folder / "rows.duckdb", config=options)
        # Nothing is read twice, so it is not worth the time to pack it.
        connection.execute("SET force_compression = 'uncompressed'")
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
            yield Work(connection, folder)
        finally:
            connection.close()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """DuckDB's own errors as one sentence.

    Args:
        what: What could not be done: `x.json cannot be read`.

    Raises:
        InputError: Instead of DuckDB's.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        text = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", str(error).strip())
        reason = text.partition("\n")[0].rstrip(". ")
        hint = _TEXTS if isinstance(error, duckdb.BinderException) else "Check the file."
        raise InputError(f"{what}: {reason}.", hint) from error


def _users_of(texts: pa.ChunkedArray) -> pa.Array:
    """A number for each text, where null stays null; each text is looked at once."""
    encoded = pa.concat_arrays(texts.chunks).dictionary_encode()
    users = [None if text is None else user_of(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(users, pa.int64()).take(encoded.indices)


def _remove_left_behind(state_dir: Path) -> None:
    """Folders of processes that were killed."""
    for folder in state_dir.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            rmtree(folder, ignore_errors=True)
