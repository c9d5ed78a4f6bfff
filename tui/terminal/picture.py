"""A picture of the screen as a file, made like any other of the console's files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tui.table.new_file import create


def save_picture(svg: str, folder: Path, at: datetime) -> Path:
    """Write a picture to a new file named after the time; blocks for as long as that takes.

    Args:
        svg: The picture.
        folder: Where to; it has to be there.
        at: When it was taken.

    Returns:
        Where it is.

    Raises:
        PipelineError: It cannot be written there.
    """
    name = f"fraudwatch-{at:%Y-%m-%d-%H%M%S}.svg"
    return create(folder / name, lambda path: _write(path, svg))


def _write(path: Path, svg: str) -> None:
    # A terminal shows what XML cannot carry, such as half a surrogate pair, in some other way.
    path.write_text(svg, encoding="utf-8", errors="replace")
