"""Live features on the real broker and cluster, proved against DuckDB."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from pipeline import features
from pipeline.config import Settings
from pipeline.contract import RollingRow, Transaction, WindowRow
from pipeline.errors import InputError, JobError
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.records import decode
from pipeline.parity.report import Parity
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.simulator.slow_start import SlowStart
from pipeline.stack.runtime import Runtime
from tests.replayed import read

from .conftest import Run, emptied

FILES = ("kaggle-layout-60-customers.csv.gz", "sparkov-60-customers.csv.gz")
TRANSACTIONS = 9_318
FLAGGED = 573


def transactions(path: Path) -> list[Transaction]:
    return read(path).transactions


def send(stack: Runtime, rows: list[Transaction]) -> None:
    with TopicProducer(stack.kafka) as producer:
        slow_start = SlowStart(producer)
        for row in rows:
            slow_start.send(encode.key(row), encode.value(row))


def assert_proved(parity: Parity, *, waiting: range) -> None:
    """Every row is there once, with the right numbers, except those that wait."""
    assert parity.proved, parity
    assert parity.waiting in waiting
    assert parity.equal == parity.expected - parity.waiting
    assert (parity.duplicates, parity.late, parity.before_history, parity.unread) == (0, 0, 0, 0)
    assert parity.largest_relative_error <= 1e-9


@pytest.fixture(scope="module")
def replayed(running_stack: Runtime, fraudwatch: Run, sample_data: Path) -> Runtime:
    """The stack with all jobs, after they have read the first file.

    The tests of it are first in this module, and each continues after the one before.
    """
    stack = emptied(running_stack)
    # Before the jobs start: the time until they read the first record of an idle partition depends
    # on the machine.
    replay(fraudwatch, sample_data / FILES[0])
    for feature in features.BUILT_IN:
        stack.start_job(feature.name)
    return stack


def replay(fraudwatch: Run, file: Path, *options: str) -> None:
    done = fraudwatch("replay", str(file), *options, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == TRANSACTIONS


def assert_file_is_computed_right(stack: Runtime) -> None:
    """After a file was replayed completely."""
    rolling, tumbling, flagged, hopping, cumulating = (
        stack.verify(feature.name) for feature in features.BUILT_IN
    )
    assert rolling.expected == TRANSACTIONS
    assert_proved(rolling, waiting=range(20))
    assert tumbling.expected > 4_000
    assert_proved(tumbling, waiting=range(60))
    assert flagged.expected == FLAGGED
    assert_proved(flagged, waiting=range(1))
    # Each transaction is in six overlapping windows, or in those of its day from its hour on.
    assert hopping.expected > 4 * tumbling.expected
    assert_proved(hopping, waiting=range(300))
    assert cumulating.expected > 4 * tumbling.expected
    assert_proved(cumulating, waiting=range(600))


def test_replayed_file_is_computed_right(replayed: Runtime) -> None:
    assert_file_is_computed_right(replayed)


def test_results_are_what_a_person_works_out(replayed: Runtime, sample_data: Path) -> None:
    """Plain Python, not DuckDB, computes the rows of the first user."""
    rows = transactions(sample_data / FILES[0])
    user = rows[0].user_id
    mine = [row for row in rows if row.user_id == user]
    found: list[RollingRow] = []
    for batch in read_to_end(replayed.kafka, "user_trans_amt_last_360min"):
        found += [row for row in decode(RollingRow, batch)[0] if row.user_id == user]
    by_time = {row.trans_date_trans_time: row for row in found}
    for row in mine[:-1]:
        now = row.trans_date_trans_time
        window = [
            other.amt
            for other in mine
            if 0 <= (now - other.trans_date_trans_time).total_seconds() <= 360 * 60
        ]
        assert by_time[now].user_trans_count_last_360min == len(window)
        assert by_time[now].user_mean_trans_amt_last_360min == pytest.approx(
            sum(window) / len(window), rel=1e-9
        )

    windows: list[WindowRow] = []
    for batch in read_to_end(replayed.kafka, "user_trans_amt_last_360min_windowed"):
        windows += decode(WindowRow, batch)[0]
    assert {(w.window_end - w.window_start).total_seconds() for w in windows} == {360 * 60}
    assert {w.window_start.hour for w in windows} == {0, 6, 12, 18}
    counted = Counter(
        row.trans_date_trans_time.replace(
            hour=row.trans_date_trans_time.hour // 6 * 6, minute=0, second=0
        )
        for row in mine
    )
    of_user = {w.window_start: w.count for w in windows if w.user_id == user}
    closed = {start: count for start, count in counted.items() if start in of_user}
    assert closed == of_user
    assert len(counted) - len(closed) <= 1


def test_late_transactions_are_distinguished_from_lost_ones(
    replayed: Runtime, sample_data: Path
) -> None:
    for feature in features.BUILT_IN:
        assert replayed.verify(feature.name).proved
    # Far in the past: their windows are closed and their users' results are written.
    send(replayed, transactions(sample_data / FILES[0])[:50])
    for name in ("tumbling", "hopping", "cumulating"):
        parity = replayed.verify(name)
        assert parity.proved, parity
        assert 0 < parity.late <= 50
        assert "behind" in parity.late_reason
    # `.over()` accepts a late transaction of a user whose state is gone, and holds its row until
    # the watermark advances: until then it is unknown which ones were dropped.
    parity = replayed.verify("rolling")
    assert (parity.missing, parity.different) == (0, 0), parity
    assert 0 < parity.late + parity.undecided <= 50
    assert parity.proved or parity.undecided, parity


def test_an_older_file_is_refused_or_shifted(
    replayed: Runtime, fraudwatch: Run, sample_data: Path
) -> None:
    before = replayed.verify("flagged").expected
    assert before >= FLAGGED
    refused = fraudwatch("replay", str(sample_data / FILES[0]))
    assert refused.returncode == InputError.exit_code
    assert "--shift" in refused.stderr
    assert "2024-02-29" in refused.stderr
    replay(fraudwatch, sample_data / FILES[0], "--shift")
    parity = replayed.verify("flagged")
    assert parity.expected == before + FLAGGED
    assert_proved(parity, waiting=range(1))


def test_another_file_after_all_has_been_emptied(
    replayed: Runtime, fraudwatch: Run, sample_data: Path
) -> None:
    """In another layout; the running jobs run again, without their state."""
    replay(fraudwatch, sample_data / FILES[1], "--fresh")
    assert_file_is_computed_right(replayed)


def test_verify_finds_what_is_wrong(replayed: Runtime, fraudwatch: Run) -> None:
    """Spoil the sink, and check that `verify` reports it."""
    assert replayed.verify("rolling").missing == 0
    batch = next(iter(read_to_end(replayed.kafka, "user_trans_amt_last_360min")))
    # Not one of the first, which another test has sent again.
    record = batch[len(batch) // 2]
    assert record.value is not None
    row = json.loads(record.value)
    wrong = row | {"user_mean_trans_amt_last_360min": row["user_mean_trans_amt_last_360min"] + 0.01}
    unexpected = row | {"user_id": 12345}
    with TopicProducer(replayed.kafka, "user_trans_amt_last_360min") as producer:
        for value in (wrong, unexpected, row):
            producer.send(record.key or b"", json.dumps(value).encode())
    parity = replayed.verify("rolling")
    assert (parity.different, parity.duplicates, parity.missing) == (2, 1, 0)
    kinds = {each.kind for each in parity.mismatches}
    assert kinds - {"waiting"} == {"different", "not expected", "duplicate"}
    done = fraudwatch("verify", "rolling", "--json")
    assert done.returncode == 1
    (report,) = json.loads(done.stdout)
    assert report["proved"] is False
    assert report["different"] == 2
    (row,) = (each for each in report["mismatches"] if each["kind"] == "different")
    assert row["errors"]["user_mean_trans_amt_last_360min"] > 0
    count = row["expected"]["user_trans_count_last_360min"]
    assert row["inputs_total"] == count == len(row["inputs"])
    kept = replayed.findings("rolling")
    assert kept is not None and kept.rows == parity.mismatches
    again = fraudwatch("verify", "rolling", "--only", f"user_id={row['identity']['user_id']}")
    assert again.returncode == 1
    assert f"computed from {count} record" in again.stdout
    assert "equal: " in again.stdout, "the user's other rows"


def test_stop_with_savepoint_and_resume_lose_and_repeat_nothing(
    stack: Runtime, sample_data: Path
) -> None:
    rows = transactions(sample_data / FILES[0])
    names = [feature.name for feature in features.BUILT_IN]
    send(stack, rows[: len(rows) // 2])
    for name in names:
        stack.start_job(name)
    for name in names:
        # At any point of the backlog: the rest is read after the resume.
        assert stack.stop_job(name).savepoint
    send(stack, rows[len(rows) // 2 :])
    stopped = stack.verify("rolling")
    assert stopped.outcome is Outcome.NOT_JUDGED
    assert stopped.unread > 0
    assert "does not run" in stopped.reasons[0]
    for name in names:
        stack.start_job(name)
    for name in names:
        assert_proved(stack.verify(name), waiting=range(600))


def test_a_job_of_several_subtasks_is_right_too(
    stack: Runtime, stack_settings: Settings, sample_data: Path
) -> None:
    send(stack, transactions(sample_data / FILES[1]))
    wide = Runtime(msgspec.structs.replace(stack_settings, parallelism=3))
    wide.start_job("rolling")
    wide.start_job("tumbling")
    assert stack.status().slots.free == 8 - 2 * 3
    assert_proved(stack.verify("rolling"), waiting=range(20))
    assert_proved(stack.verify("tumbling"), waiting=range(60))
    too_wide = Runtime(msgspec.structs.replace(stack_settings, parallelism=9))
    with pytest.raises(JobError, match=r"needs 9 task slot.* 6 of 8 are used"):
        too_wide.start_job("flagged")
