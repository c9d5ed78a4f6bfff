"""Room on a disk, looked for before anything is written to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from pipeline.errors import UnavailableError

_MIB: Final = 1024 * 1024
LEAST_FREE: Final = 200 * _MIB
"""Bytes without which a start makes no sense: Kafka's and Flink's own files take about as much."""


def room_for_state(directory: Path) -> str:
    """How much room a directory has, in words; it need not exist.

    Raises:
        UnavailableError: It cannot be written to, or has too little room.
    """
    if separators := {",", ":"}.intersection(str(directory)):
        raise UnavailableError(
            f"{directory} cannot be used: Kafka and Flink take {separators.pop()!r} in a path for "
            "the end of it.",
            "Set FRAUDWATCH_STATE_DIR and FRAUDWATCH_CACHE_DIR to directories without it.",
        )
    there = next(folder for folder in (directory, *directory.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        what = "no directory" if not there.is_dir() else "not yours to write to"
        raise UnavailableError(
            f"{directory} cannot be used: {there} is {what}.",
            "Set FRAUDWATCH_STATE_DIR and FRAUDWATCH_CACHE_DIR to directories of your own.",
        )
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        raise UnavailableError(
            f"{directory} has {free / _MIB:,.0f} MiB of free space, and "
            f"{LEAST_FREE / _MIB:,.0f} MiB are the least.",
            "Make room there, or set FRAUDWATCH_STATE_DIR to another disk.",
        )
    return f"{directory}, {free / _MIB:,.0f} MiB free"
