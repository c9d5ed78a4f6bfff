"""The tests that are written run as they are, and find other rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import features
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.holding.checked import check, differs, same
from pipeline.holding.records import on_duckdb
from pipeline.holding.written_test import HeldTest

from ...written_tests import run
from .test_records import record

ROLLING = features.BUILT_IN[0]
RECORDS = [record(0, merchant='it\'s "quoted"'), record(10, user=8, merchant="ünï ☃")]
OWN = '''\
from fraudwatch import feature


@feature(topic="doubled_amounts")
def doubled(transaction):
    """Twice."""
    time = transaction.trans_date_trans_time
    return transaction.select("user_id", "trans_date_trans_time", twice=transaction.amt * 2)
'''


def held(feature: Feature = ROLLING, *files: Path) -> HeldTest:
    return HeldTest("What it is.", feature, RECORDS, on_duckdb(feature, RECORDS), files)


def test_it_passes_and_with_another_row_it_says_what_is_computed(tmp_path: Path) -> None:
    path = held().write(tmp_path, "rolling_holds")
    assert path.name == "test_rolling_holds.py"
    assert "1 passed, 1 deselected" in run(path, "duckdb")
    path.write_text(path.read_text().replace("'user_trans_count_last_360min': 1", "'n': 2", 1))
    said = run(path, "duckdb")
    assert "1 failed" in said
    assert "duckdb computes" in said and "rather than" in said


def test_a_feature_of_ones_own_is_found_beside_the_test(tmp_path: Path) -> None:
    own = tmp_path / "my.py"
    own.write_text(OWN)
    rows = [
        {"user_id": 7, "trans_date_trans_time": "2024-03-01 00:00:00", "twice": 20.0},
        {"user_id": 8, "trans_date_trans_time": "2024-03-01 00:10:00", "twice": 40.0},
    ]
    check("doubled", RECORDS, rows, engine="duckdb", features=[own])
    feature = Feature("doubled", "doubled_amounts", ROLLING.expression)
    path = HeldTest("Twice.", feature, RECORDS, rows, (own,)).write(tmp_path, "doubled_holds")
    assert "Path(__file__).with_name('my.py')" in path.read_text()
    assert "1 passed, 1 deselected" in run(path, "duckdb")


def test_nothing_is_replaced(tmp_path: Path) -> None:
    names = [held().write(tmp_path, "rolling_holds").name for _ in range(3)]
    assert names == [
        *("test_rolling_holds.py", "test_rolling_holds_2.py", "test_rolling_holds_3.py")
    ]
    with pytest.raises(InputError, match="cannot be written"):
        held().write(tmp_path / "nowhere", "rolling_holds")


def test_rows_are_the_same_in_any_order_and_within_rounding() -> None:
    one, other = {"user": 1, "mean": 0.1 + 0.2}, {"user": 2, "mean": 5.0}
    assert same([one, other], [other, {"user": 1, "mean": 0.3}])
    assert not same([one], [one, one])
    assert not same([one, one], [one, other])
    assert not same([one], [{"user": 1, "mean": 0.3001}])
    assert not same([{"n": 1}], [{"n": 1, "m": 2}])


def test_what_a_proof_allows_is_no_difference() -> None:
    rows, expected = [{"mean": 1.00999999046}], [{"mean": 1.01}]
    assert differs(rows, expected, proved=False)
    assert not differs(rows, expected, proved=True)
    assert not differs(expected, expected, proved=False)


def test_an_engine_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="spark"):
        check("rolling", RECORDS, [], engine="spark")
