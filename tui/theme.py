"""The console's themes: quiet, with one accent, one colour for danger, and amber for waiting.

Text has a contrast of at least 7:1, quieter or coloured text 4.5:1, on every background.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from textual.theme import Theme

_PREFIX: Final = "fraudwatch-"
_COLOUR_ALONE: Final[Mapping[str, str]] = MappingProxyType({})


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
    styles: Mapping[str, str] = _COLOUR_ALONE,
) -> Theme:
    """Create a theme; `styles` are added to the colours of `accent`, `danger` and `waits`."""
    tones = {"accent": accent, "danger": danger, "waits": waits}
    return Theme(
        name=f"{_PREFIX}{name}",
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
        # Text uses the exact colours below; blending would grey the light theme.
        text_alpha=1.0,
        variables={
            "quiet": quiet,
            "line": line,
            "cursor": cursor,
            "danger": danger,
            "waits": waits,
            # Styles of text (see `tui.drawing.tones`); the names above are only colours.
            **{f"{tone}-tone": f"{styles.get(tone, '')} {tones[tone]}".strip() for tone in tones},
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
    "dark",
    dark=True,
    background="#0e1318",
    surface="#161d25",
    cursor="#1e2a35",
    line="#2b3641",
    quiet="#8693a0",
    foreground="#ccd5dd",
    accent="#56d1b7",
    danger="#ff6b70",
    waits="#e8b44f",
)

LIGHT: Final = _theme(
    "light",
    dark=False,
    background="#faf9f6",
    surface="#f0eee9",
    cursor="#dfebe7",
    line="#d5d1c8",
    quiet="#5d666f",
    foreground="#262c32",
    accent="#08705e",
    danger="#c0272f",
    waits="#8a5a00",
)

# After Okabe and Ito: blue, vermillion and yellow, distinct whichever cones are missing. They
# differ in lightness, too, and danger is bold, so that nothing depends on hue alone.
COLOUR_BLIND_SAFE: Final = _theme(
    "colour-blind-safe",
    dark=True,
    background="#0d1117",
    surface="#161c25",
    cursor="#1c2836",
    line="#2c3745",
    quiet="#8893a1",
    foreground="#d3dae2",
    accent="#5cb3ee",
    danger="#ec6a24",
    waits="#f6e43c",
    styles={"danger": "bold"},
)

# Greys only: styles of text stand for the colours of other themes.
MONOCHROME: Final = _theme(
    "monochrome",
    dark=True,
    background="#101010",
    surface="#1a1a1a",
    cursor="#2b2b2b",
    line="#3c3c3c",
    quiet="#999999",
    foreground="#d6d6d6",
    accent="#ffffff",
    danger="#ffffff",
    waits="#d6d6d6",
    styles={"danger": "bold reverse", "waits": "italic underline"},
)

THEMES: Final = (DARK, LIGHT, COLOUR_BLIND_SAFE, MONOCHROME)
"""All themes, in the order in which the key switches through them."""


def default_theme(*, no_color: bool) -> Theme:
    """Return the default theme; `no_color` is whether colours are unwanted (https://no-color.org)."""
    return MONOCHROME if no_color else DARK


def next_theme(name: str) -> Theme:
    """Return the theme after this one; the first one if the name is unknown."""
    names = [theme.name for theme in THEMES]
    return THEMES[(names.index(name) + 1) % len(THEMES)] if name in names else THEMES[0]


def title(theme: Theme) -> str:
    """Return a theme's display name: `dark`."""
    return theme.name.removeprefix(_PREFIX)
