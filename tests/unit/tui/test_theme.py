"""Every theme is legible for everyone, and the meaning of colours is not lost without them."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import pytest
from textual.color import Color, rgb_to_lab
from textual.style import Style
from textual.theme import Theme

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.painted import strips
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.drawing.tones import Tone
from tui.theme import (
    COLOUR_BLIND_SAFE,
    DARK,
    MONOCHROME,
    THEMES,
    default_theme,
    next_theme,
    title,
)

Rgb = tuple[float, float, float]
Matrix = tuple[Rgb, Rgb, Rgb]

# Machado, Oliveira, Fernandes (2009), severity 1.0; they apply to linear RGB.
_DEFICIENCIES: Final[dict[str, Matrix]] = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# About ten times what is just noticeable, since the strokes of text are thin. Next to plain text, a
# little less is enough: waiting and failure are also said in words.
_TOLD_APART: Final = 25.0
_STANDS_OUT: Final = 20.0

ALL = pytest.mark.parametrize("theme", THEMES, ids=title)
GROUNDS = pytest.mark.parametrize("ground", ["background", "surface", "cursor"])


def colours(theme: Theme) -> dict[str, Color]:
    known = {"background": theme.background, "surface": theme.surface} | theme.variables
    known |= {"foreground": theme.foreground, "accent": theme.accent}
    names = ("background", "surface", "cursor", "foreground", "quiet", "accent", "danger", "waits")
    return {name: Color.parse(str(known[name])) for name in names}


def linear(colour: Color) -> Rgb:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(value / 255) for value in colour.rgb)
    return red, green, blue


def contrast(one: Color, other: Color) -> float:
    def luminance(colour: Color) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: Color, deficiency: str) -> Color:
    """Simulate how a person with this deficiency sees the colour."""

    def encoded(value: float) -> int:
        value = min(1.0, max(0.0, value))
        gamma = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
        return round(255 * gamma)

    rgb = linear(colour)
    rows = _DEFICIENCIES[deficiency]
    red, green, blue = (encoded(sum(a * b for a, b in zip(row, rgb, strict=True))) for row in rows)
    return Color(red, green, blue)


def difference(one: Color, other: Color) -> float:
    a, b = rgb_to_lab(one), rgb_to_lab(other)
    return float(((a.L - b.L) ** 2 + (a.a - b.a) ** 2 + (a.b - b.b) ** 2) ** 0.5)


def test_the_yardsticks() -> None:
    black, white, red, green = map(Color.parse, ("#000000", "#ffffff", "#d02020", "#609020"))
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(Color.parse("#767676"), white) == pytest.approx(4.54, abs=0.01)
    assert difference(black, white) == pytest.approx(100, abs=0.1)
    for deficiency in _DEFICIENCIES:
        assert difference(seen(white, deficiency), white) < 1
    # The test that follows must detect the classic mistake.
    assert difference(red, green) > 2 * _TOLD_APART
    assert difference(seen(red, "deuteranopia"), seen(green, "deuteranopia")) < _TOLD_APART


@ALL
@GROUNDS
def test_text_can_be_read(theme: Theme, ground: str) -> None:
    known = colours(theme)
    assert contrast(known["foreground"], known[ground]) >= 7
    for name in ("quiet", "accent", "danger", "waits"):
        assert contrast(known[name], known[ground]) >= 4.5, name


@ALL
def test_what_is_on_the_accent_can_be_read(theme: Theme) -> None:
    known = colours(theme)
    assert contrast(known["background"], known["accent"]) >= 4.5


@ALL
def test_the_cursor_can_be_seen(theme: Theme) -> None:
    known = colours(theme)
    assert difference(known["background"], known["cursor"]) > 5


@pytest.mark.parametrize("deficiency", _DEFICIENCIES)
@pytest.mark.parametrize(
    ("one", "other"), combinations(("accent", "danger", "waits", "foreground"), 2)
)
def test_colours_are_distinct_for_everyone(deficiency: str, one: str, other: str) -> None:
    known = colours(COLOUR_BLIND_SAFE)
    apart = difference(seen(known[one], deficiency), seen(known[other], deficiency))
    assert apart >= (_STANDS_OUT if other == "foreground" else _TOLD_APART)


def test_monochrome_has_no_hue() -> None:
    values = [MONOCHROME.primary, MONOCHROME.foreground, MONOCHROME.surface]
    values += [part for value in MONOCHROME.variables.values() for part in value.split()]
    found = [Color.parse(value) for value in values if value and value.startswith("#")]
    assert len(found) > 10
    assert all(len(set(colour.rgb)) == 1 for colour in found)


def styles(theme: Theme) -> dict[Tone, Style]:
    variables = theme.to_color_system().generate() | theme.variables
    return {tone: Style.parse(tone.value, variables) for tone in Tone}


@ALL
def test_every_tone_is_a_style_of_every_theme(theme: Theme) -> None:
    known = colours(theme)
    found = styles(theme)
    for tone in (Tone.ACCENT, Tone.DANGER, Tone.WAITS):
        assert found[tone].foreground == known[tone.name.lower()]
    assert len(set(found.values())) == len(Tone)


def test_danger_and_waiting_are_never_a_colour_alone_where_colours_may_fail() -> None:
    assert styles(COLOUR_BLIND_SAFE)[Tone.DANGER].bold
    greys = styles(MONOCHROME)
    assert greys[Tone.DANGER].reverse and greys[Tone.DANGER].bold
    assert greys[Tone.WAITS].underline
    assert not any(
        greys[tone].underline or greys[tone].reverse for tone in (Tone.PLAIN, Tone.ACCENT)
    )
    assert not styles(DARK)[Tone.DANGER].bold


def test_the_order_goes_round() -> None:
    theme = THEMES[0]
    seen_names = [theme.name]
    for _ in THEMES:
        theme = next_theme(theme.name)
        seen_names.append(theme.name)
    assert seen_names == [*(theme.name for theme in THEMES), THEMES[0].name]
    assert next_theme("textual-dark") is THEMES[0]
    assert default_theme(no_color=False) is DARK


@pytest.mark.parametrize("value", ["1", ""])
async def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(100, 30)) as pilot:
        await stage.live(pilot)
        assert stage.app.theme == MONOCHROME.name
        assert _hues(stage) == set()
        await pilot.press("T")
        await stage.settle(pilot)
        assert _hues(stage) == set(), "a theme with colours, through Textual's filter"


def _hues(stage: Stage) -> set[Any]:
    app = stage.app
    drawn = [segment for strip in strips(app) for segment in strip]
    for line_filter in app.get_line_filters():
        drawn = line_filter.apply(drawn, Color.parse("#000000"))
    grounds = {
        colour.triplet
        for segment in drawn
        if segment.style is not None
        for colour in (segment.style.color, segment.style.bgcolor)
        if colour is not None and colour.triplet is not None
    }
    assert grounds
    return {triplet for triplet in grounds if len(set(triplet)) > 1}
