"""How each character of a screen is drawn, and how it should be in another theme."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from rich.style import Style as RichStyle
from textual.app import App
from textual.style import Style
from textual.theme import Theme

from tui.theme import DARK, title

from .painted import strips


class Look(NamedTuple):
    """The colours and styles of a character."""

    colour: str
    ground: str
    bold: bool
    reverse: bool
    underlined: bool


def _look(style: RichStyle | None) -> Look:
    style = style or RichStyle.null()
    colour, ground = (
        "" if found is None or found.triplet is None else found.triplet.hex
        for found in (style.color, style.bgcolor)
    )
    return Look(colour, ground, bool(style.bold), bool(style.reverse), bool(style.underline))


def _named(theme: Theme) -> dict[str, str]:
    """The colours of a theme by their names."""
    colours = {name: theme.variables[name] for name in ("line", "cursor", "quiet")}
    colours |= {"background": str(theme.background), "surface": str(theme.surface)}
    colours |= {"foreground": str(theme.foreground), "accent": str(theme.accent)}
    return colours | {name: theme.variables[name] for name in ("danger", "waits")}


_NAMES: Final = {colour: name for name, colour in _named(DARK).items()}


def _meant(look: Look, theme: Theme) -> Look:
    """Convert a look of the dark theme to another theme: its colours and styles."""
    colours, name = _named(theme), _NAMES[look.colour]
    tone = Style.parse(theme.variables.get(f"{name}-tone", ""))
    return Look(
        colours[name],
        colours[_NAMES[look.ground]],
        look.bold or bool(tone.bold),
        look.reverse or bool(tone.reverse),
        look.underlined or bool(tone.underline),
    )


def characters(app: App[Any]) -> list[tuple[str, Look]]:
    """Every character on the screen, with its look."""
    return [
        (c, _look(segment.style)) for row in strips(app) for segment in row for c in segment.text
    ]


Drawn = list[tuple[str, Look]]


def assert_the_same_but_for_the_theme(dark: Drawn, other: Drawn, theme: Theme) -> None:
    """Assert that characters stay in place, and that each look maps to one of the other theme."""
    assert "".join(c for c, _ in other) == "".join(c for c, _ in dark), title(theme)
    found: dict[Look, dict[Look, str]] = {was: {} for _, was in dark}
    for (character, was), (_, now) in zip(dark, other, strict=True):
        if character != " ":
            found[was].setdefault(now, character)
    known = 0
    for was, looks in found.items():
        assert len(looks) <= 1, f"in {title(theme)}, {was} is one time this, one time that: {looks}"
        if looks and {was.colour, was.ground} <= _NAMES.keys():
            known += 1
            assert [*looks] == [_meant(was, theme)], f"{title(theme)}: {looks}"
    assert known > 2
