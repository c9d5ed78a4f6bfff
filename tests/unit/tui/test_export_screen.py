"""The export dialog: choosing a format, a path, or neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.snapshot.dialogs import DialogApp, shown, until
from tui.screens.export.dialog import ExportChoice, ExportScreen
from tui.table.export import Format

WHAT = "Users, 1,234 of 20,000 that match count>5"
Opened = tuple[DialogApp[ExportChoice | None], Pilot[Any]]


@asynccontextmanager
async def opened(folder: Path, what: str = WHAT, count: int = 1_234) -> AsyncIterator[Opened]:
    app = DialogApp(ExportScreen(what, count, folder, "users"))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize(
    ("keys", "format"),
    [
        ([], Format.CSV),
        (["j"], Format.JSON),
        (["p"], Format.PARQUET),
        (["p", "c"], Format.CSV),
        (["c", "j", "j"], Format.JSON),
    ],
)
async def test_keys_choose_the_format(tmp_path: Path, keys: list[str], format: Format) -> None:
    async with opened(tmp_path) as (app, pilot):
        await pilot.press(*keys, "enter")
        await until(pilot, lambda: bool(app.answers))
        assert app.answers == [ExportChoice(format, tmp_path / f"users.{format}")]


@pytest.mark.parametrize("format", Format)
async def test_the_mouse_chooses_the_format(tmp_path: Path, format: Format) -> None:
    async with opened(tmp_path) as (app, pilot):
        await pilot.click(f"#{format}")
        await pilot.click("#export")
        await until(pilot, lambda: bool(app.answers))
        assert app.answers == [ExportChoice(format, tmp_path / f"users.{format}")]


@pytest.mark.parametrize("keys", [["escape"], ["q"], ["tab", "escape"]])
async def test_keys_that_go_back(tmp_path: Path, keys: list[str]) -> None:
    async with opened(tmp_path) as (app, pilot):
        await pilot.press(*keys)
        assert app.answers == [None]


async def test_the_mouse_goes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, pilot):
        await pilot.click("#back")
        await pilot.pause()
        assert app.answers == [None]


async def test_the_path_can_be_edited(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, pilot):
        await pilot.press("j", "tab", "end", *["backspace"] * len("users.jsonl"), *"cpqj", "enter")
        await until(pilot, lambda: bool(app.answers))
        assert app.answers == [ExportChoice(Format.JSON, tmp_path / "cpqj")]


async def test_a_suffix_of_ones_own_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, pilot):
        app.screen.query_one(Input).value = str(tmp_path / "users.txt")
        await pilot.press("p", "enter")
        await until(pilot, lambda: bool(app.answers))
        assert app.answers == [ExportChoice(Format.PARQUET, tmp_path / "users.txt")]


async def test_home_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for typed in ("~/x.csv", "x.csv"):
        async with opened(tmp_path) as (app, pilot):
            app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await until(pilot, lambda: bool(app.answers))
            assert app.answers == [ExportChoice(Format.CSV, tmp_path / "x.csv")]


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", "Type a file name."),
        ("/no/such/x.csv", "There is no folder /no/such."),
        ("/", "Type a file name."),
        ("/tmp", "/tmp is a folder."),
        ("~nobody-of-this-name/x.csv", "~nobody-of-this-name is no home folder."),
        ("x\0.csv", "Type a file name."),
        ("x" * 300, "No file can be there: File name too long."),
    ],
)
async def test_a_path_that_will_not_do_is_refused_at_once(
    tmp_path: Path, typed: str, refusal: str
) -> None:
    async with opened(tmp_path) as (app, pilot):
        app.screen.query_one(Input).value = typed
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: refusal in " ".join(shown(app).split()))
        assert app.answers == []
        app.screen.query_one(Input).value = str(tmp_path / "x.csv")
        await pilot.pause()
        assert refusal not in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.answers) == 1)


async def test_the_export_is_described_and_names_are_only_text(tmp_path: Path) -> None:
    async with opened(tmp_path, "Users that match [b]\x1b[2J") as (app, _):
        words = shown(app)
        assert "Users that match [b]␛[2J" in words
        assert "1,234 rows" in words
    async with opened(tmp_path, count=1) as (app, _):
        assert "1 row " in shown(app)
