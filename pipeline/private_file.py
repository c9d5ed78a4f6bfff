"""Files that only the user can read; small ones are replaced atomically."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, across processes and threads; creates its directory.

    Args:
        path: The file, which need not exist. The lock is a file beside it.
    """
    make_directory(path.parent)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def make_directory(path: Path) -> None:
    """Create a directory with mode 0700; an existing one is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def touch(path: Path) -> None:
    """Create a file with mode 0600, for other processes to append to."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def write(path: Path, data: bytes) -> None:
    """Replace a file atomically, with mode 0600 from the beginning."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with open(partial, "xb", opener=_private) as file:
        file.write(data)
    partial.replace(path)


def create(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600.

    Raises:
        FileExistsError: The file exists; it is left as it is.
    """
    with open(path, "xb", opener=_private) as file:
        file.write(data)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
