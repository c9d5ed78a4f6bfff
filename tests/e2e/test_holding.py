"""`shrink` and `hold` on real stacks: the smallest case, and a test that holds on both engines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import psutil
import pytest

from pipeline.errors import PipelineError
from pipeline.model.held_tests import WantedTest
from pipeline.stack.runtime import Runtime

from ..running import with_command
from ..written_tests import run
from .conftest import Run
from .test_features import send
from .test_own_features import some_transactions

# Flink writes 2.0E7 and DuckDB 20000000.0.
OWN = '''\
import ibis
from fraudwatch import feature


@feature(topic="largest_in_words")
def largest(transaction):
    """The largest amount of an hour in words, whose capital letters differ between engines."""
    hour = ibis.range_window(
        group_by=transaction.user_id,
        order_by=transaction.trans_date_trans_time,
        preceding=ibis.interval(hours=1),
        following=0,
    )
    words = (transaction.amt.max().over(hour) > 1e6).ifelse("groß", "klein").upper()
    return transaction.select("user_id", "trans_date_trans_time", largest=words)
'''


class Closed(Exception):
    """The dialog is closed while it waits."""


@pytest.fixture
def own(stack: Runtime, tmp_path: Path) -> Path:
    """A feature on which the engines differ for one of five users."""
    file = tmp_path / "own.py"
    file.write_text(OWN)
    rows = some_transactions(20)
    users = sorted({row.user_id for row in rows})[:5]
    send(
        stack,
        [
            msgspec.structs.replace(
                row, user_id=users[number % 5], amt=2e7 if number == 10 else number + 1.0
            )
            for number, row in enumerate(rows)
        ],
    )
    return file


def test_a_mismatch_becomes_the_smallest_case_and_a_right_user_a_test(
    own: Path, stack: Runtime, fraudwatch: Run
) -> None:
    with_it = ("--features", str(own))
    assert fraudwatch("start", "largest", *with_it).returncode == 0
    verified = fraudwatch("verify", "largest", "--json", *with_it)
    assert verified.returncode == 1, verified.stdout
    (report,) = json.loads(verified.stdout)
    wrong = [each for each in report["mismatches"] if each["kind"] == "different"]
    (user,) = {each["identity"]["user_id"] for each in wrong}

    shrunk = fraudwatch("shrink", "largest", *with_it)
    assert shrunk.returncode == 0, shrunk.stderr
    assert re.search(r"still differ on 1 record of \d+: ", shrunk.stdout)
    test = own.parent / "test_largest_differs.py"
    (record,) = re.findall(r"^    '(.*)',$", test.read_text(), re.MULTILINE)
    assert json.loads(record)["amt"] == 2e7
    assert json.loads(record)["first"].startswith("first-")
    assert "1 passed" in run(test, "duckdb")
    said = run(test, "flink")
    assert "1 failed" in said and "GROSS" in said

    # Of the same user the rolling mean is right, and held by a test. The console asks for these in
    # a process, which can be cancelled.
    steps: list[str] = []
    smallest = WantedTest("rolling", {"user_id": str(user)}, smallest=True)
    with pytest.raises(PipelineError, match="Flink and DuckDB agree on the 4 records"):
        stack.write_test(smallest, steps.append)
    assert {"starting a stack of its own", "trying 4 records of 4"} <= set(steps)

    def leave(text: str) -> None:
        if text == "starting a stack of its own":
            raise Closed

    with pytest.raises(Closed):
        stack.write_test(smallest, leave)
    assert not with_command(psutil.Process().children(recursive=True), "holding_process")
    held = fraudwatch(
        "hold", "rolling", "--only", f"user_id={user}", *with_it, "--folder", str(own.parent)
    )
    assert held.returncode == 0, held.stderr
    test = own.parent / "test_rolling_holds.py"
    assert "2 passed" in run(test, "rolling")
