"""Limits the size of the stack's logs, so that a noisy process cannot fill the disk."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 8 * 1024 * 1024
"""Size at which a log is rotated. One previous part remains, so it takes about twice as much."""

_LOOK_SECONDS: Final = 2.0


async def keep_bounded(folder: Path) -> None:
    """Rotate the logs in a directory whenever they are too large, until cancelled."""
    while True:
        await asyncio.to_thread(rotate, folder)
        await asyncio.sleep(_LOOK_SECONDS)


def rotate(folder: Path, most: int = MOST_BYTES) -> None:
    """Rotate each log with more than `most` bytes to `NAME.log.1`.

    The file is truncated rather than renamed: the processes have it open for appending.
    """
    for log in folder.glob("*.log"):
        size = log.stat().st_size
        if size <= most:
            continue
        with log.open("r+b") as full, log.with_name(f"{log.name}.1").open("wb") as before:
            full.seek(size - most)
            shutil.copyfileobj(full, before)
            full.truncate(0)
