"""Temporary folders that do not outlive their process for long, even if it is killed."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree


@contextmanager
def scratch_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Create a folder, and remove it afterwards; before, remove those of killed processes.

    A process holds a lock on its folder, so those without one are nobody's any more.

    Args:
        prefix: What the names of such folders begin with.
        parent: Where they are; by default, where temporary files belong.
    """
    parent = parent or Path(tempfile.gettempdir())
    for left_behind in parent.glob(f"{prefix}*"):
        if (lock := _locked(left_behind)) is not None:
            rmtree(left_behind, ignore_errors=True)
            os.close(lock)
    folder, lock = _create(prefix, parent)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)
        os.close(lock)


def _create(prefix: str, parent: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = _locked(folder)
        # Another process may have taken it for one left behind before it was locked.
        if lock is not None and folder.exists():
            return folder, lock
        if lock is not None:
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Lock a folder; None if another process has, or it is none of this user's."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
