"""Checks for disk space before anything is written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from pipeline.errors import UnavailableError

_MIB: Final = 1024 * 1024
LEAST_FREE: Final = 200 * _MIB
"""Minimum for a start, in bytes: about the size of Kafka's and Flink's own files."""


def room_for_state(directory: Path) -> str:
    """Return a directory's free space, in words; the directory need not exist.

    Raises:
        UnavailableError: It is not writable, or has too little free space.
    """
    if separators := {",", ":"}.intersection(str(directory)):
        raise UnavailableError(
            f"{directory} cannot be used: Kafka and Flink read {separators.pop()!r} as the end of "
            "a path.",
            "Set FRAUDWATCH_STATE_DIR and FRAUDWATCH_CACHE_DIR to directories without it.",
        )
    if not _is_text(directory):
        raise UnavailableError(
            f"{os.fsencode(directory)!r} cannot be used: Java reads no path that is not UTF-8.",
            "Set FRAUDWATCH_STATE_DIR and FRAUDWATCH_CACHE_DIR to directories with other names.",
        )
    there = _existing(directory)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        what = "not a directory" if not there.is_dir() else "not writable"
        raise UnavailableError(
            f"{directory} cannot be used: {there} is {what}.",
            "Set FRAUDWATCH_STATE_DIR and FRAUDWATCH_CACHE_DIR to directories of your own.",
        )
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        raise UnavailableError(
            f"{directory} has {free / _MIB:,.0f} MiB of free space, but needs at least "
            f"{LEAST_FREE / _MIB:,.0f} MiB.",
            "Make room there, or set FRAUDWATCH_STATE_DIR to another disk.",
        )
    return f"{directory}, {free / _MIB:,.0f} MiB free"


def allows_programs(directory: Path) -> bool:
    """Whether libraries can be loaded from a directory, which need not exist.

    On a system that does not say so, they can.
    """
    noexec = getattr(os, "ST_NOEXEC", 0)
    return not os.statvfs(_existing(directory)).f_flag & noexec


def _existing(directory: Path) -> Path:
    return next(folder for folder in (directory, *directory.parents) if folder.exists())


def _is_text(directory: Path) -> bool:
    try:
        str(directory).encode()
    except UnicodeEncodeError:
        return False
    return True
