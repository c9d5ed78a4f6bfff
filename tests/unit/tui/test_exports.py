"""`E` exports the rows of every table: read back, they are the rows on the screen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import EVENT_TIME, live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tests.snapshot.test_quarantine import quarantined
from tests.snapshot.test_user import open_user

TOPIC = "transaction"


def exported(folder: Path, name: str) -> list[dict[str, Any]]:
    (file,) = folder.glob(f"fraudwatch-{name}-*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_records_that_match_with_their_headers_and_keys(tmp_path: Path) -> None:
    held = [record(number) for number in range(5)]
    held[3] = replace(held[3], headers=(("trace", b"a1"), ("trace", None)), key=None)
    tails = FakeTails({TOPIC: held})
    stage = Stage(source=FakeSource(live_batch()), tails=tails, folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("6")
        await stage.shows(pilot, "enter chooses", TOPIC)
        await pilot.press("enter")
        await stage.shows(pilot, "5 read")
        await pilot.press("slash", *"partition>1", "enter")
        await stage.shows(pilot, "2 match")
        await pilot.press("E")
        await stage.shows(pilot, f"{TOPIC}, 2 records that match partition>1")
        await pilot.press("j", "enter")
        await stage.shows(pilot, "Exported 2 rows")
    newest, older = exported(tmp_path, TOPIC)
    assert [(row["partition"], row["offset"]) for row in (newest, older)] == [(3, 0), (2, 0)]
    assert older["value"] == (held[2].data or b"").decode()
    assert older["bytes"] == len(held[2].data or b"")
    assert (older["key"], newest["key"]) == ("2", None)
    assert json.loads(newest["headers"]) == [["trace", "a1"], ["trace", None]]


async def test_invalid_records_with_what_is_wrong(tmp_path: Path) -> None:
    bad = quarantined()
    stage = Stage(source=FakeSource(replace(live_batch(), quarantined=bad)), folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("b")
        await stage.shows(pilot, "Quarantine")
        await pilot.press("E", "j", "enter")
        await stage.shows(pilot, f"Exported {len(bad)} rows")
    rows = exported(tmp_path, "quarantine")
    assert [(row["kind"], row["reason"], row["offset"]) for row in rows] == [
        (row.kind, row.reason, row.record.offset) for row in reversed(bad)
    ]


@pytest.mark.parametrize(
    ("keys", "name", "count", "expected"),
    [
        ([], "", 40, {"amt", "mean", "count", "is_fraud"}),
        (["shift+tab"], "-windows", 4, {"start", "end", "user", "mean", "count"}),
    ],
)
async def test_a_users_transactions_and_windows(
    tmp_path: Path, keys: list[str], name: str, count: int, expected: set[str]
) -> None:
    stage = Stage(source=FakeSource(live_batch()), folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_user(stage, pilot)
        await pilot.press(*keys, "E", "j", "enter")
        await stage.shows(pilot, f"Exported {count} rows")
    rows = exported(tmp_path, f"user-{screen.user_id}{name}")
    assert len(rows) == count
    assert expected <= rows[0].keys()
    if not name:
        assert rows[0]["trans_date_trans_time"] == EVENT_TIME.isoformat()
