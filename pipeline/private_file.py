"""Files of the user's own: nobody else can read them; small ones are replaced as a whole."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes and threads of ours from changing a file; makes its folder.

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
    """Make a directory that only the user can look into; one that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def touch(path: Path) -> None:
    """Make a file that only the user can read, for others to append to."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def write(path: Path, data: bytes) -> None:
    """Replace a file as a whole; only the user can read it, at no moment anybody else."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with open(partial, "xb", opener=_private) as file:
        file.write(data)
    partial.replace(path)


def create(path: Path, data: bytes) -> None:
    """Write a file that only the user can read, and that is not there yet.

    Raises:
        FileExistsError: It is there; it stays as it is.
    """
    with open(path, "xb", opener=_private) as file:
        file.write(data)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
