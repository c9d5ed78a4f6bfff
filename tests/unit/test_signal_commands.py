"""`backtest` and `train` on files, without a stack."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipeline.cli.app import main

FILE = "kaggle-layout-60-customers.csv.gz"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "a state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sample(sample_data: Path) -> str:
    return str(sample_data / FILE)


def refused(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    assert main(arguments) == code
    said = capsys.readouterr()
    assert not said.out
    assert "Traceback" not in said.err
    return said.err


def test_rules_catch_more_than_amounts_alone(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", sample, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["signal"], found["transactions"], found["fraud"]) == ("rules", 9_318, 573)
    # The amount alone has 0.61 here.
    assert found["average_precision"] > 0.75
    caught, fraud = found["recall_cases"]
    assert (fraud, found["recall"]) == (573, caught / fraud)
    assert found["alerts"] == found["precision_cases"][1]
    assert found["precision_interval"][0] < found["precision"] < found["precision_interval"][1]


def test_several_thresholds_stand_side_by_side(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", sample, "--threshold", "0.5", "--threshold", "0.9"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("9,318 transactions of 60 days, 573 of them fraud.")
    assert "rules ≥ 0.5" in out and "rules ≥ 0.9" in out


def test_what_only_one_of_two_catches(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    thresholds = ("--threshold", "0.5", "--threshold", "0.9")
    assert main(["backtest", sample, *thresholds, "--json"]) == 0
    low, high = json.loads(capsys.readouterr().out)
    assert "beside" not in low
    beside = high["beside"]
    counts = {name: beside[name] for name in ("both", "only_first", "only_second", "neither")}
    assert (beside["first"], beside["second"]) == ("rules ≥ 0.5", "rules ≥ 0.9")
    # Whatever is an alert at 0.9 is one at 0.5.
    assert not any(counts["only_second"].values())
    assert counts["both"]["fraud"] == high["recall_cases"][0]
    assert counts["both"]["fraud"] + counts["only_first"]["fraud"] == low["recall_cases"][0]
    assert counts["both"]["fraud_amount"] == pytest.approx(high["money_caught"])
    assert sum(each["fraud"] for each in counts.values()) == 573
    assert sum(each["legitimate"] for each in counts.values()) == 9_318 - 573
    apart = sum(counts["only_first"][label] for label in ("fraud", "legitimate"))
    assert beside["agreement"] == pytest.approx(1 - apart / 9_318)
    assert main(["backtest", sample, *thresholds]) == 0
    assert "rules ≥ 0.5 and rules ≥ 0.9 agree on" in capsys.readouterr().out


def test_transactions_that_are_alike_count_as_often_as_they_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "2024-01-01 23:00:00,41,a,b,700,Ada,Reed,12345,1990-01-01,n1,1\n"
    (tmp_path / "alike.csv").write_text(
        "trans_date_trans_time,cc_num,merchant,category,amt,first,last,zip,dob,trans_num,is_fraud\n"
        + 3 * line
    )
    assert main(["backtest", "alike.csv", "--threshold", "0.5", "--threshold", "1", "--json"]) == 0
    beside = json.loads(capsys.readouterr().out)[1]["beside"]
    assert beside["only_first"]["fraud"] == 3
    assert beside["agreement"] == 0.0


@pytest.mark.parametrize("name", ["judged.csv", "judged.parquet"])
def test_the_list_behind_the_numbers(
    sample: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", sample, "--rows", name, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    counts = dict(duckdb.sql(f"SELECT outcome, count(*) FROM '{name}' GROUP BY outcome").fetchall())
    caught, fraud = found["recall_cases"]
    assert counts["caught"] == caught
    assert counts["missed"] == fraud - caught
    assert counts["false alert"] == found["alerts"] - caught
    assert sum(counts.values()) == 9_318


def test_a_model_is_trained_judged_and_known_to_have_seen_its_transactions(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--trees", "8", "--depth", "2")
    assert main(["train", sample, "--out", "fraud.model", *options]) == 0
    out = capsys.readouterr().out
    assert "9,318 transactions of 59 customers, 573 of them fraud." in out
    assert "fraudwatch start model --model fraud.model" in out
    assert main(["backtest", sample, "--model", "fraud.model", "--json"]) == 0
    said = capsys.readouterr()
    assert "was trained on these transactions" in said.err
    (found,) = json.loads(said.out)
    assert found["signal"] == "fraud"
    # The inputs are those of the training, and the scores of customers that are known now.
    assert set(found["drift"].values()) - {found["drift"]["score"]} == {0.0}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("backtest",), 2, "No file is given."),
        (("backtest", "nowhere.csv"), 5, "neither a file nor a topic"),
        (("backtest", "x.csv", "--threshold", "2"), 2, "--threshold 2 is not valid"),
        (("backtest", "x.csv", "--budget", "0"), 2, "--budget 0 is not valid"),
        (("backtest", "x.csv", "--rows", "x.txt"), 2, ".csv or .parquet"),
        (("train", "--out", "m"), 2, "No file is given."),
        (("train", "nowhere.csv", "--out", "m"), 5, "nowhere.csv"),
        (("train", "x.csv", "--out", "none/m"), 2, "none/m cannot be written."),
        (("train", "x.csv", "--out", "m", "--trees", "500"), 5, "Use --trees 125"),
        (("start", "model"), 2, "There is no model yet."),
        (
            ("start", "rules", "--model", "m"),
            2,
            "--model is for one of the jobs 'model' and 'shadow'",
        ),
        (("start", "model", "--model", "m"), 5, "m is no model"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, code, *arguments)


def test_signals_that_are_not_there(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Signals that do: rules." in refused(capsys, 5, "backtest", sample, "--signal", "nope")
    assert "one signal and one threshold" in refused(
        capsys, 2, "backtest", sample, "--threshold", "0.1", "--threshold", "0.2", "--rows", "x.csv"
    )


def test_a_signal_is_promoted_and_rolled_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signals", "--json"]) == 0
    (rules,) = json.loads(capsys.readouterr().out)
    assert (rules["name"], rules["live"], rules["definition"]) == ("rules", False, "")
    assert main(["signals", "--promote", "rules"]) == 0
    said = capsys.readouterr()
    assert "rules is the live signal now." in said.err
    assert said.out.splitlines()[1].split() == ["rules", "live", "0.75", "fraud_signals_rules"]
    assert main(["signals", "--history", "--json"]) == 0
    (change,) = json.loads(capsys.readouterr().out)
    assert (change["what"], change["signal"]) == ("promoted", "rules")
    assert "No other signal was live before." in refused(capsys, 4, "signals", "--roll-back")
    assert "'nobody'" in refused(capsys, 4, "signals", "--promote", "nobody")
    assert "rolling is a feature without a score" in refused(
        capsys, 4, "signals", "--promote", "rolling"
    )
    both = ("--promote", "rules", "--roll-back")
    assert "exclude each other" in refused(capsys, 2, "signals", *both)
