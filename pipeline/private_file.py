"""Small files of the user's own: locked while they change, and replaced as a whole."""

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
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def write(path: Path, data: bytes) -> None:
    """Replace a file as a whole; only the user can read it, at no moment anybody else."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with open(partial, "xb", opener=_private) as file:
        file.write(data)
    partial.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
