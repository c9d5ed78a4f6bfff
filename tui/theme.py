"""The console's two themes: quiet, one accent, one colour for danger, amber for what waits."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    background: str,
    surface: str,
    cursor: str,
    line: str,
    quiet: str,
    foreground: str,
    accent: str,
    danger: str,
    waits: str,
) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        secondary=accent,
        accent=accent,
        success=accent,
        warning=waits,
        error=danger,
        foreground=foreground,
        background=background,
        surface=surface,
        panel=surface,
        # Text keeps the exact colours below; blending would grey the light theme.
        text_alpha=1.0,
        variables={
            "quiet": quiet,
            "line": line,
            "cursor": cursor,
            "danger": danger,
            "waits": waits,
            "scrollbar": line,
            "scrollbar-hover": quiet,
            "scrollbar-active": accent,
            "scrollbar-background": background,
            "scrollbar-background-hover": background,
            "scrollbar-background-active": background,
            "footer-background": background,
            "footer-foreground": quiet,
            "footer-key-foreground": accent,
            "footer-description-foreground": quiet,
        },
    )


DARK: Final = _theme(
    "fraudwatch-dark",
    dark=True,
    background="#0e1318",
    surface="#161d25",
    cursor="#1e2a35",
    line="#2b3641",
    quiet="#7f8c99",
    foreground="#ccd5dd",
    accent="#56d1b7",
    danger="#ff6b70",
    waits="#e8b44f",
)

LIGHT: Final = _theme(
    "fraudwatch-light",
    dark=False,
    background="#faf9f6",
    surface="#f0eee9",
    cursor="#dfebe7",
    line="#d5d1c8",
    quiet="#6d7680",
    foreground="#262c32",
    accent="#08705e",
    danger="#c0272f",
    waits="#915f00",
)
THEMES: Final = (DARK, LIGHT)
