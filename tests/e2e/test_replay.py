"""`replay` on the real broker: what is read, printed, sent and left alone."""

from __future__ import annotations

import gzip
import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline import contract
from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.kafka.quarantine import validate
from pipeline.kafka.read_to_end import read_to_end
from pipeline.stack.runtime import Runtime

from ..replayed import csv_of, line
from .conftest import Run, command, emptied


def sent(stack: Runtime) -> list[Transaction]:
    """The records of the topic, all of them valid, each partition in its order."""
    found: list[Transaction] = []
    for batch in read_to_end(stack.kafka, contract.TRANSACTION_TOPIC):
        good, bad = validate(batch)
        assert not bad
        found += [row for _, row in good]
    return found


def times_by_user(rows: list[Transaction]) -> dict[int, list[datetime]]:
    times: dict[int, list[datetime]] = {}
    for row in rows:
        times.setdefault(row.user_id, []).append(row.trans_date_trans_time)
    return times


@pytest.fixture
def shuffled(tmp_path: Path) -> Path:
    """A folder with 20,000 rows of 50 users in two files, unsorted, and one bad row in each."""
    numbers = list(range(20_000))
    random.Random(2).shuffle(numbers)
    for name, part in (("1.csv", numbers[:12_000]), ("2.csv", numbers[12_000:])):
        rows = [
            line(n, time=str(datetime(2024, 1, 1) + timedelta(minutes=n)), card=str(n % 50))
            for n in part
        ]
        (tmp_path / name).write_bytes(csv_of(*rows[:100], line("x", amount="?"), *rows[100:]))
    (tmp_path / "2.csv.gz").write_bytes(gzip.compress((tmp_path / "2.csv").read_bytes()))
    (tmp_path / "2.csv").unlink()
    return tmp_path


def test_files_in_any_order_arrive_in_that_of_time(
    running_stack: Runtime, stack_settings: Settings, fraudwatch: Run, shuffled: Path
) -> None:
    stack = emptied(running_stack)
    done = fraudwatch("replay", f"{shuffled}/*.csv*", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 5, "two rows were left out"
    assert (report["sent"], report["bad"], report["invalid"]) == (20_000, 2, 0)
    assert "2 rows: amt is not an amount" in done.stderr
    assert f"{shuffled}/1.csv, line 102: '?'" in done.stderr
    rows = sent(stack)
    assert sorted(int(row.trans_num) for row in rows) == list(range(20_000))
    by_user = times_by_user(rows)
    assert len(by_user) == 50
    assert all(times == sorted(times) for times in by_user.values())

    words = ("tail", "transaction", "--from", "beginning", "--no-follow", "--json")
    tail = fraudwatch(*words, "-n", "1")
    assert json.loads(tail.stdout)["value"]["first"] == "••••"
    assert "Hidden, and so no file to replay: cc_num, dob, first and last" in tail.stderr
    tail = command(stack_settings, {"FRAUDWATCH_SHOW_SENSITIVE": "true"})(*words)
    again = shuffled / "tail.jsonl"
    again.write_text(tail.stdout)
    newest = max(row.trans_date_trans_time for row in rows)
    done = fraudwatch("replay", str(again), "--shift", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["sent"] == 20_000
    # Compared by the earliest row, which is not the first.
    assert report["earliest"] == (newest + timedelta(seconds=1)).isoformat()
    assert len(sent(stack)) == 40_000

    mostly_bad = shuffled / "bad.csv"
    mostly_bad.write_bytes(csv_of(line("a"), *(line("x", fraud="maybe") for _ in range(99))))
    done = fraudwatch("replay", str(mostly_bad), "--fresh")
    assert done.returncode == 5
    assert "99 rows: is_fraud is not 0 or 1" in done.stderr
    assert "nothing has been emptied" in done.stderr
    assert len(sent(stack)) == 40_000
