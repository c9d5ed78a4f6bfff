"""Sorting, shifting and counting of rows; the work folder is removed."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.files.left_out import EXAMPLES
from pipeline.files.work import work_in
from tests.replayed import NOW, csv_of, file_of, line, read, recognised, records


def at(seconds: int) -> str:
    return str(datetime(2024, 1, 1) + timedelta(seconds=seconds))


def test_no_order_of_a_file_loses_or_misplaces_a_row(tmp_path: Path) -> None:
    shuffled = list(range(30_000))
    random.Random(1).shuffle(shuffled)
    rows = [line(number, time=at(number // 3 * 60)) for number in shuffled]
    found = read(file_of(tmp_path, csv_of(*rows)))
    assert sorted(shuffled, key=lambda number: number // 3) == [int(n) for n in found.numbers]
    assert found.left_out == []


def test_all_times_move_alike(tmp_path: Path) -> None:
    path = file_of(tmp_path, csv_of(line("b", time=at(100)), line("a", time=at(0))))
    with recognised(path) as files:
        ready = files.read(lambda _: None)
        assert (ready.rows, str(ready.earliest), str(ready.latest)) == (2, at(0), at(100))
        shift = timedelta(days=400, seconds=3)
        ready.move(shift)
        assert ready.latest - ready.earliest == timedelta(seconds=100)
        sent = [json.loads(value)["trans_date_trans_time"] for _, value in records(ready)]
        assert sent == [str(ready.earliest), str(ready.latest)] == [at(34_560_003), at(34_560_103)]
        (batch,) = ready.batches()
        assert list(map(str, batch.times)) == sent


def test_what_would_be_in_the_future_when_moved_is_left_out(tmp_path: Path) -> None:
    times = ["2023-01-01 00:00:00", "2024-12-31 23:59:59", "2025-01-03 00:00:00"]
    path = file_of(tmp_path, csv_of(*(line(n, time=t) for n, t in enumerate(times))))
    found = read(path, shift=timedelta(days=365))
    assert found.numbers == ["0", "1"]
    (said,) = found.reasons
    assert said.startswith("first: the time is in the future when it is shifted by 365 days")
    for shift in (timedelta(days=3_000), timedelta(days=2_900_000)):
        with pytest.raises(InputError, match="All times would be in the future"):
            read(path, shift=shift)


def test_a_fault_is_counted_in_full_and_named_in_part(tmp_path: Path) -> None:
    rows = [line("x", fraud="maybe"), *(line("x", amount="?") for _ in range(500)), line("a")]
    with recognised(file_of(tmp_path, csv_of(*rows))) as files:
        ready = files.read(lambda _: None)
        assert ready.rows == 1
        assert [(found.fault.what, found.rows) for found in ready.left_out] == [
            ("amt is not an amount", 500),
            ("is_fraud is not 0 or 1", 1),
        ]
        assert len(ready.left_out[0].examples) == EXAMPLES
        assert ready.left_out[0].words == (
            f"500 rows: amt is not an amount ({tmp_path}/file, line 3: '?')"
        )


def test_a_file_without_a_transaction_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = file_of(tmp_path, csv_of(line("x", amount="?"), line("x", amount="!")))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.message == (
        f"{path} holds no transaction: 2 rows: amt is not an amount ({path}, line 2: '?')."
    )


def test_a_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = file_of(tmp_path, csv_of(line("a")))
    with recognised(path, maps=("merchant=category",)) as files:
        assert files.passed_over == []
    with pytest.raises(InputError), recognised(path, tmp_path / "none"):
        raise AssertionError("not reached")


def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    dead = tmp_path / "replay-x"
    dead.mkdir()
    (dead / "rows.duckdb").write_bytes(b"x")
    with work_in(tmp_path) as other, work_in(tmp_path) as mine:
        assert not dead.exists()
        assert mine.folder != other.folder
        assert other.folder.exists()
    assert not list(tmp_path.iterdir())


def test_the_present_decides_what_is_the_future(tmp_path: Path) -> None:
    soon = NOW + timedelta(hours=23)
    found = read(file_of(tmp_path, csv_of(line("a", time=str(soon)))))
    assert found.numbers == ["a"]
