"""The lines that an application paints: the only access to a private API of Textual."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.strip import Strip


def strips(app: App[Any]) -> list[Strip]:
    """The lines of the screen on top, before the application's line filters."""
    return app.screen._compositor.render_strips()
