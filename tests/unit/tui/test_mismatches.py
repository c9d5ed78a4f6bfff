"""What a proof found besides equal rows: listed, explained, exported, opened, proved again."""

from __future__ import annotations

import csv
import shlex
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from pipeline.errors import InputError
from pipeline.findings import Findings, Input, Kind, Mismatch, Value
from pipeline.proof import Outcome
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend
from tests.snapshot.sample_findings import PROOF
from tests.snapshot.sample_rows import EVENT_TIME, NOW, live_batch
from tests.snapshot.stage import Stage
from tui.keymap import KEYMAP, Scope
from tui.messages import Moment
from tui.screens.mismatches.inputs_table import InputsTable
from tui.screens.mismatches.mismatch_screen import MismatchScreen
from tui.screens.mismatches.mismatch_table import MismatchTable
from tui.screens.user.user_screen import UserScreen
from tui.table.live_table import LiveTable

from .test_robust import CONTROL, HOSTILE

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
MEAN = "user_mean_trans_amt_last_360min"
COUNT = "user_trans_count_last_360min"
TIME = "trans_date_trans_time"


def record(number: int, *, late: float = 0.0, **more: Any) -> Input:
    at = EVENT_TIME - timedelta(minutes=number)
    values: dict[str, Value] = {
        TIME: at.isoformat(" "),
        "amt": 12.5 + number,
        "user_id": 17,
        "merchant": "Acme",
    }
    return Input(
        partition=number % 2,
        offset=9_000 - number,
        arrived_ms=1_000_000 - number,
        late_seconds=late,
        values=values | more,
    )


def mismatch(kind: Kind = Kind.DIFFERENT, at: datetime = EVENT_TIME, **changed: Any) -> Mismatch:
    given: dict[str, Any] = {
        "kind": kind,
        "reason": "its inputs give another result",
        "at": at,
        "identity": {"user_id": 17, TIME: at.isoformat(" ")},
        "expected": {MEAN: 71.25, COUNT: 3},
        "found": {MEAN: 81.25, COUNT: 3},
        "errors": {MEAN: 0.123},
        "inputs": (record(0), record(1), record(2, late=34.0)),
        "inputs_total": 3,
    }
    return Mismatch(**given | changed)


ROWS = (
    mismatch(),
    mismatch(
        Kind.MISSING,
        EVENT_TIME - timedelta(hours=1),
        reason="the watermark has passed it, and it is not in the sink",
        found=None,
        errors={},
        inputs_total=41,
    ),
    mismatch(
        Kind.LATE,
        EVENT_TIME - timedelta(hours=2),
        reason="its transaction was dropped as late",
        found=None,
        errors={},
    ),
)
FOUND = Findings(
    at=NOW - 40,
    source="transaction",
    time=TIME,
    user="user_id",
    counts={Kind.DIFFERENT: 1, Kind.MISSING: 204, Kind.LATE: 1},
    rows=ROWS,
)
WRONG = msgspec.structs.replace(PROOF, outcome=Outcome.WRONG, rows=9_314, wrong=205, run="a1@1")
RUNS = replace(
    STATUS,
    jobs=tuple(
        replace(job, run="a1@1", proof=WRONG if job.name == "rolling" else None) for job in JOBS
    ),
)


def stage(found: Findings | None = FOUND, **given: Any) -> Stage:
    return Stage(FakeBackend(RUNS, found=found), FakeSource(live_batch()), **given)


async def opened(shown: Stage, pilot: Pilot[Any], *keys: str) -> MismatchScreen:
    """Open the mismatches of the job `rolling` and wait until they are read."""
    await shown.live(pilot)
    await pilot.press("1", *(keys or ("d",)))
    await shown.wait(pilot, lambda: isinstance(shown.app.screen, MismatchScreen))
    screen = shown.app.screen
    assert isinstance(screen, MismatchScreen)
    if shown.backend.found is not None:
        await shown.wait(pilot, lambda: bool(screen.query_one(MismatchTable).rows))
    return screen


@SIZES
@pytest.mark.parametrize("keys", [("d",), ("enter", "d")], ids=["from Jobs", "from the job"])
async def test_expected_is_beside_found_with_the_reason_and_the_inputs(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    shown = stage()
    async with shown.app.run_test(size=size) as pilot:
        await opened(shown, pilot, *keys)
        await shown.shows(pilot, "Mismatches of rolling", "3 rows of 206")
        await shown.shows(pilot, "✗ 205 differ, 40 s ago", "204 missing", "1 late")
        await shown.shows(pilot, "different: its inputs give another result.")
        await shown.shows(pilot, "71.25", "81.25", "1.2e-01")
        await shown.shows(pilot, "3 records", "0:9000", "34 s late")


async def test_records_of_two_streams_have_their_topics_and_the_columns_of_both() -> None:
    inputs = (
        msgspec.structs.replace(record(0), topic="payments"),
        msgspec.structs.replace(
            record(0), topic="logins", values={"at": "2024", "device": "phone"}
        ),
    )
    row = mismatch(inputs=inputs, inputs_total=2)
    shown = stage(msgspec.structs.replace(FOUND, rows=(row,)))
    async with shown.app.run_test(size=(160, 40)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "topic part:offset", "payments 0:9000", "logins 0:9000")
        await shown.shows(pilot, "device", "phone", "merchant", "Acme")


async def test_every_key_of_the_scope_is_bound() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40)) as pilot:
        screen = await opened(shown, pilot)
        active = {key: bound.binding.action for key, bound in screen.active_bindings.items()}
        for entry in KEYMAP:
            for key in entry.keys if entry.scope in (Scope.MISMATCHES, Scope.APP) else ():
                assert active[key] == entry.action


async def test_the_cursor_explains_the_next_one_and_tab_goes_to_its_inputs() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40)) as pilot:
        screen = await opened(shown, pilot)
        await pilot.press("j")
        await shown.shows(pilot, "missing: the watermark has passed it")
        await shown.shows(pilot, "41 records, the newest 3 below", f"expected {71.25}")
        await pilot.press("tab", "j")
        assert isinstance(screen.focused, InputsTable)
        selected = screen.query_one(InputsTable).selected
        assert selected is not None and selected.record.offset == 8_999
        await pilot.press("y")
        assert shown.app.clipboard == "1:8999"


async def test_enter_opens_the_user_as_of_that_moment() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await opened(shown, pilot)
        await pilot.press("j", "j", "enter")
        await shown.wait(pilot, lambda: isinstance(shown.app.screen, UserScreen))
        screen = shown.app.screen
        assert isinstance(screen, UserScreen) and screen.user_id == 17
        moment = EVENT_TIME - timedelta(hours=2)
        await shown.wait(pilot, lambda: bool(screen.history.seen))
        assert shown.moments == [Moment(moment, 999_998)]
        seen = [each.transaction.trans_date_trans_time for each in screen.history.seen]
        assert max(seen) <= moment < EVENT_TIME
        assert max(each.window_end for each in screen.history.windows) <= moment
        await shown.shows(pilot, "user 17", f"as of {moment}")
        await pilot.press("escape")
        assert isinstance(shown.app.screen, MismatchScreen)


@pytest.mark.parametrize("user", [None, "cc_num"])
async def test_a_row_without_a_user_opens_nothing(user: str | None) -> None:
    shown = stage(msgspec.structs.replace(FOUND, user=user))
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await opened(shown, pilot)
        await pilot.press("enter")
        await shown.toasts(pilot, "This row has no user, or a hidden one.")
        assert shown.app.screen is screen


@pytest.mark.parametrize(("profile", "more"), [("local", ""), ("eu prod", " --profile 'eu prod'")])
async def test_y_copies_the_command_that_compares_the_row_again(profile: str, more: str) -> None:
    table = MismatchTable("rolling", profile)
    when = EVENT_TIME.isoformat(" ")
    assert table.copied(ROWS[0]) == (
        f"fraudwatch verify rolling --only user_id=17 --only '{TIME}={when}'{more}"
    )
    nobody = mismatch(identity={"user_id": None, "merchant": "A's"})
    assert shlex.split(table.copied(nobody))[:5] == [
        *("fraudwatch", "verify", "rolling", "--only", "merchant=A's")
    ]


def test_y_leaves_out_what_is_hidden_and_escapes_what_could_control_a_terminal() -> None:
    names = {"user_id": 17, "cc_num": "•••• 1385", "first": "••••", "merchant": "A's \x1b]0;\x9b\\"}
    copied = MismatchTable("rolling", "local").copied(mismatch(identity=names))
    assert copied.isprintable() and "••••" not in copied
    read = subprocess.run(
        ["bash", "-c", rf"printf '%s\n' {copied}"],
        env={"LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert read.splitlines()[3:] == ["--only", "user_id=17", "--only", "merchant=A's \x1b]0;\x9b\\"]


async def test_they_are_exported_with_both_sides(tmp_path: Path) -> None:
    shown = stage(folder=tmp_path)
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(shown, pilot)
        await pilot.press("E", "c", "enter")
        await shown.wait(pilot, lambda: bool(list(tmp_path.glob("*.csv"))))
        (file,) = tmp_path.glob("*.csv")
        await shown.toasts(pilot, "3 rows")
    with file.open() as lines:
        first, second, _ = csv.DictReader(lines)
    assert first["kind"] == "different" and first["user_id"] == "17"
    assert (first[f"expected_{MEAN}"], first[f"found_{MEAN}"]) == ("71.25", "81.25")
    assert first[f"error_{MEAN}"] == "0.123"
    assert (second[f"expected_{MEAN}"], second[f"found_{MEAN}"]) == ("71.25", "")


async def test_it_proves_again_and_shows_what_is_found_then() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(shown, pilot)
        shown.backend.found = msgspec.structs.replace(FOUND, at=NOW, counts={}, rows=())
        await pilot.press("V")
        await shown.toasts(pilot, "rolling ✓ 9,317 rows proved.")
        await shown.pass_time(pilot, 3)
        await shown.shows(pilot, "Every row that is final is equal.")
        assert shown.backend.calls.count("prove rolling") == 1


async def test_before_the_first_proof_it_says_how() -> None:
    shown = stage(None)
    async with shown.app.run_test(size=(80, 24)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "Not proved yet: V compares the rows with their recomputation.")


async def test_a_file_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = stage(None)

    def damaged(_: str) -> None:
        raise InputError("rolling.json is damaged.", "Move it away.")

    monkeypatch.setattr(shown.backend, "findings", damaged)
    async with shown.app.run_test(size=(80, 24)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "rolling.json is damaged. Move it away.")


@HOSTILE
async def test_hostile_values_are_only_text(text: str) -> None:
    row = mismatch(
        identity={"user_id": text, TIME: text},
        reason=text,
        expected={text or "m": text},
        found={text or "m": "other"},
        errors={},
        inputs=(record(0, merchant=text),),
    )
    shown = stage(msgspec.structs.replace(FOUND, rows=(row,)))
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(shown, pilot)
        await pilot.press("tab", "tab", "y")
        assert not CONTROL.search(shown.screen_text())


async def test_the_cursor_stays_while_the_same_is_read_again() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40)) as pilot:
        screen = await opened(shown, pilot)
        await pilot.press("j", "j")
        shown.backend.found = msgspec.structs.replace(FOUND)
        screen.look_again()
        await shown.pass_time(pilot, 3)
        table: LiveTable[Mismatch] = screen.query_one(MismatchTable)
        assert table.selected is not None and table.selected.kind is Kind.LATE
