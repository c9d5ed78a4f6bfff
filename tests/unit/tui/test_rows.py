"""The rows of any feature: decoded by its columns, sorted, filtered, frozen, exported."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.model.sinks import SinkColumn
from tests.snapshot.rows import COLUMNS, DETAIL, RowsStage, feature_record
from tests.snapshot.tails import record
from tui.panels.feature_columns import written
from tui.streams import feature_rows
from tui.widgets.record_pane import RecordPane


def test_values_are_of_their_columns_types() -> None:
    row = feature_rows.row(feature_record(3), COLUMNS)
    start, end, merchant, spent, share, large, count = row.values
    assert (start, end) == (datetime(2023, 3, 4, 3), datetime(2023, 3, 4, 4))
    assert (merchant, spent, share) == ("fraud_Koch 3", 1_303.5, 0.0125)
    assert (large, count) == (True, 1_003)


def test_a_text_that_was_cut_in_a_character_keeps_the_rest_of_its_row() -> None:
    columns = (SinkColumn("a", "string", computed=False), SinkColumn("n", "int64", computed=True))
    assert feature_rows.values(rb'{"a":"cut \ud83d","n":7}', columns) == ("cut ?", 7)


@pytest.mark.parametrize("value", [b"\xff", b"[1, 2]", b" ", None, b'{"spent": "much", "n": 1.5}'])
def test_a_record_that_is_not_a_row_has_no_values(value: bytes | None) -> None:
    assert set(feature_rows.row(record(0, value), COLUMNS).values) == {None}


@pytest.mark.parametrize(
    ("value", "type", "computed", "text"),
    [
        (1234567, "int64", True, "1,234,567"),
        (-1234567, "int64", False, "-1234567"),
        (1234.5, "float64", True, "1,234.50"),
        (Decimal("1893"), "decimal(12, 2)", True, "1,893.00"),
        (Decimal("0.1234"), "decimal(20, 8)", True, "0.1234"),
        (Decimal("7"), "decimal(9, 0)", False, "7"),
        (Decimal("76.844"), "decimal(12, 4)", True, "76.8440"),
        (0.0, "float64", True, "0.00"),
        (0.00012, "float64", True, "0.00012"),
        (True, "boolean", True, "true"),
        (datetime(2024, 1, 2, 3, 4, 5), "timestamp", False, "2024-01-02 03:04:05"),
        ("a\x1b[2J", "string", True, "a␛[2J"),
        (None, "string", True, "–"),
    ],
)
def test_written(value: object, type: str, computed: bool, text: str) -> None:
    assert written(value, SinkColumn("x", type, computed)) == text


async def test_opened_from_the_panel_and_from_the_job() -> None:
    stage = RowsStage(30)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("1", "v")
        await stage.shows(pilot, "30 rows")
        assert stage.tails.opened[0][0] == DETAIL.topic
        await pilot.press("escape")
        await stage.wait(pilot, lambda: stage.app.screen is stage.dashboard)
        await pilot.press("enter", "v")
        await stage.shows(pilot, "30 rows")


async def test_newest_first_sorted_filtered_frozen() -> None:
    stage = RowsStage(30)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        assert stage.column("merchant")[0] == "fraud_Koch 29"
        # The first column is the hour of the day.
        await pilot.press("o")
        assert stage.column("merchant")[0] == "fraud_Koch 23"
        await pilot.press("O")
        assert stage.column("merchant")[0] == "fraud_Koch 24"
        await pilot.press("slash", *"spent>2500 merchant:koch", "enter")
        await stage.shows(pilot, "15 of 30 rows match spent>2500 merchant:koch")
        await pilot.press("p")
        held = stage.tails.held[DETAIL.topic]
        held.append(feature_record(30))
        await stage.shows(pilot, "frozen, 1 more since")
        assert len(stage.column("merchant")) == 15
        await pilot.press("p")
        await stage.shows(pilot, "16 of 31 rows")
        await pilot.press("escape")
        await stage.shows(pilot, "31 rows")


async def test_a_mistake_in_the_filter_names_the_fields() -> None:
    stage = RowsStage(3)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        await pilot.press("slash", *"nothing>5")
        await stage.shows(pilot, "There is no field 'nothing'; fields: window_start, window_end")


async def test_the_record_behind_a_row_and_its_copy() -> None:
    stage = RowsStage(3)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        await pilot.press("enter")
        await stage.shows(pilot, '"merchant": "fraud_Koch 2"')
        await pilot.press("escape")
        await stage.wait(pilot, lambda: not stage.app.screen.query_one(RecordPane).display)
        await pilot.press("y")
        await stage.shows(pilot, "Copied")
        assert json.loads(stage.app.clipboard)["merchant"] == "fraud_Koch 2"


async def test_exports_what_is_filtered(tmp_path: Path) -> None:
    stage = RowsStage(30, folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        await pilot.press("slash", *"n>=1028", "enter", "E", "j", "enter")
        await stage.wait(pilot, lambda: any(tmp_path.glob("*.jsonl")))
        (file,) = tmp_path.glob("fraudwatch-merchants-*.jsonl")
        await stage.wait(pilot, lambda: len(file.read_text().splitlines()) == 2)
        assert [json.loads(line)["n"] for line in file.read_text().splitlines()] == [1_029, 1_028]


async def test_it_says_why_it_is_empty() -> None:
    stage = RowsStage(0)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        await stage.shows(pilot, f"Nothing in {DETAIL.topic} yet: results wait for the watermark")
        stage.tails.error = "all brokers are down"
        await stage.shows(pilot, f"{DETAIL.topic} cannot be read: all brokers are down.")


async def test_hostile_values_and_names_are_harmless() -> None:
    stage = RowsStage(1)
    evil = "\x1b[2J[bold]\u202e"
    stage.tails.held[DETAIL.topic] = [feature_record(0, merchant=evil)]
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.begin(pilot)
        await stage.shows(pilot, "␛[2J[bold]�")
