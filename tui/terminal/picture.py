"""Saves pictures of the screen, like all exports without overwriting files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tui.table.new_file import create


def save_picture(svg: str, folder: Path, at: datetime) -> Path:
    """Write a picture to a new file named after the time; blocks until it is written.

    Args:
        svg: The picture as SVG.
        folder: The folder, which must exist.
        at: When the picture was taken.

    Returns:
        The path of the file.

    Raises:
        PipelineError: It cannot be written there.
    """
    name = f"fraudwatch-{at:%Y-%m-%d-%H%M%S}.svg"
    return create(folder / name, lambda path: _write(path, svg))


def _write(path: Path, svg: str) -> None:
    # A screen may contain text that UTF-8 cannot encode, such as a lone surrogate.
    path.write_text(svg, encoding="utf-8", errors="replace")
