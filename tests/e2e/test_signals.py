"""Signals on the real broker and cluster: proved, and equal to their backtest row by row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import msgspec
import pytest

from pipeline.kafka import topics
from pipeline.kafka.read_to_end import read_to_end
from pipeline.labels.verdict import Decision, Subject
from pipeline.stack.runtime import Runtime

from .conftest import Run, emptied

FILE = "kaggle-layout-60-customers.csv.gz"
TRANSACTIONS = 9_318
SIGNALS = {"rules": "fraud_signals_rules", "model": "fraud_signals"}


@pytest.fixture(scope="module")
def model(fraudwatch: Run, sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, trained on the file that is replayed below."""
    path = tmp_path_factory.mktemp("model") / "fraud.model"
    done = fraudwatch("train", str(sample_data / FILE), "--out", str(path), "--json")
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert min(trained["average_precision"]) > 0.9
    return path


def live_scores(stack: Runtime, topic: str) -> dict[str, tuple[float, str]]:
    """Scores and reasons in a topic, by what identifies a transaction."""
    rows = [
        msgspec.json.decode(record.value or b"{}")
        for batch in read_to_end(stack.kafka, topic)
        for record in batch
    ]
    found = {identity(row): (row["score"], row["reasons"]) for row in rows}
    assert len(found) == len(rows)
    return found


def identity(row: dict[str, object]) -> str:
    return "|".join(str(row[name]) for name in ("user_id", "trans_date_trans_time", "trans_num"))


def verdicts_count(stack: Runtime, fraudwatch: Run) -> None:
    """A verdict is in the audit trail, and counts as a label until it is undone."""
    rows = [
        msgspec.json.decode(record.value or b"{}")
        for batch in read_to_end(stack.kafka, SIGNALS["rules"])
        for record in batch
    ]
    # A number may occur twice, and a label is then of both.
    times = Counter(row["trans_num"] for row in rows)
    honest = next(row for row in rows if not row["is_fraud"] and times[row["trans_num"]] == 1)
    subject = Subject(honest["trans_num"], "transaction", "rules", str(honest["user_id"]), 0.25)

    def labelled_fraud() -> int:
        done = fraudwatch("backtest", "transaction", "--signal", "rules", "--labels", "--json")
        assert done.returncode == 0, done.stderr
        (figures,) = json.loads(done.stdout)
        return int(figures["fraud"])

    done = fraudwatch("verdicts")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No verdict yet: Kafka has no topic fraud_verdicts." in done.stderr
    stack.judge(subject, Decision.CLAIMED, "")
    stack.judge(subject, Decision.FRAUD, "the customer called")
    (verdict,) = json.loads(fraudwatch("verdicts", "--json").stdout)
    assert (verdict["decision"], verdict["note"]) == ("fraud", "the customer called")
    assert (verdict["by"], verdict["identity"]) == (stack.analyst, honest["trans_num"])
    assert len(json.loads(fraudwatch("verdicts", "--claims", "--json").stdout)) == 2
    assert labelled_fraud() == 574
    stack.judge(subject, Decision.UNDONE, "")
    assert labelled_fraud() == 573
    topics.delete_topics(stack.kafka, ["fraud_verdicts"])


def test_signals_are_proved_and_equal_their_backtest(
    running_stack: Runtime, fraudwatch: Run, sample_data: Path, model: Path, tmp_path: Path
) -> None:
    stack = emptied(running_stack)
    assert not {job.name for job in stack.status().jobs} & {*SIGNALS}
    for options in (("rules",), ("model", "--model", str(model))):
        done = fraudwatch("start", *options)
        assert done.returncode == 0, done.stderr
    done = fraudwatch("replay", str(sample_data / FILE))
    assert done.returncode == 0, done.stderr
    done = fraudwatch("verify", *SIGNALS, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    for parity in json.loads(done.stdout):
        assert parity["equal"] + parity["waiting"] == TRANSACTIONS
        assert parity["waiting"] < 20
    for name, topic in SIGNALS.items():
        live = live_scores(stack, topic)
        rows = tmp_path / f"{name}.parquet"
        done = fraudwatch(
            "backtest", "transaction", "--signal", name, "--rows", str(rows), "--json"
        )
        assert done.returncode == 0, done.stderr
        (figures,) = json.loads(done.stdout)
        assert (figures["transactions"], figures["fraud"]) == (TRANSACTIONS, 573)
        batch = {
            identity(row): (row["score"], row["reasons"])
            for row in duckdb.sql(
                f"SELECT * REPLACE (trans_date_trans_time::VARCHAR AS trans_date_trans_time) "
                f"FROM '{rows}'"
            )
            .fetch_arrow_table()
            .to_pylist()
        }
        assert len(batch) == TRANSACTIONS
        assert live.keys() <= batch.keys()
        for key, (score, reasons) in live.items():
            assert score == pytest.approx(batch[key][0], rel=1e-9, abs=1e-12)
            assert reasons == batch[key][1]
    verdicts_count(stack, fraudwatch)
    states = {job["name"]: job["state"] for job in json.loads(fraudwatch("jobs", "--json").stdout)}
    assert {states[name] for name in SIGNALS} == {"RUNNING"}
    # Another model is refused while this one runs, which `verify` then still proves.
    other = tmp_path / "other.model"
    small = (str(sample_data / FILE), "--trees", "3", "--out", str(other))
    assert fraudwatch("train", *small).returncode == 0
    done = fraudwatch("start", "model", "--model", str(other))
    assert done.returncode == 4
    assert "model still runs as it was before it changed" in done.stderr
    assert fraudwatch("verify", "model").returncode == 0
    # Of no concern to the tests that follow.
    assert fraudwatch("stop", *SIGNALS, "--discard").returncode == 0
    listed = {job["name"] for job in json.loads(fraudwatch("jobs", "--json").stdout)}
    assert not listed & {*SIGNALS}


def test_a_second_model_is_proved_replaced_promoted_and_rolled_back(
    running_stack: Runtime, fraudwatch: Run, sample_data: Path, tmp_path: Path
) -> None:
    emptied(running_stack)
    assert fraudwatch("replay", str(sample_data / FILE)).returncode == 0
    digests: list[str] = []
    for trees in ("2", "3"):
        path = tmp_path / f"{trees}.model"
        small = (str(sample_data / FILE), "--trees", trees, "--out", str(path))
        assert fraudwatch("train", *small).returncode == 0
        done = fraudwatch("start", "shadow", "--model", str(path), "--fresh")
        assert done.returncode == 0, done.stderr
        if not digests:
            assert fraudwatch("verify", "shadow").returncode == 0
        listed = {each["name"]: each for each in json.loads(fraudwatch("signals", "--json").stdout)}
        digests.append(listed["shadow"]["definition"])
        # What the first definition has written is of no use for judging the second one.
        assert (listed["shadow"]["since"] is None) is (len(digests) == 1)
        assert fraudwatch("stop", "shadow", "--discard").returncode == 0
    assert digests[0] != digests[1]
    assert "shadow is the live" in fraudwatch("signals", "--promote", "shadow").stderr
    first = json.loads(fraudwatch("signals", "--json").stdout)[0]
    assert (first["name"], first["live"]) == ("shadow", True)
    assert "rules is the live" in fraudwatch("signals", "--roll-back").stderr
    history = json.loads(fraudwatch("signals", "--history", "--json").stdout)
    assert [each["what"] for each in history][-4:] == [
        *("defined", "defined", "promoted", "rolled back")
    ]
