"""Signals of one's own, and jobs that start on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import ConfigError, InputError
from pipeline.model.jobs import JobState
from pipeline.signals import Signal, signal
from pipeline.signals.trees import Model, Training, Tree, write_model
from pipeline.stack import feature_files
from pipeline.stack.installed_model import installed
from pipeline.stack.runtime import Runtime

HEAD = "import ibis\nfrom fraudwatch import signal\n"
COPIED = "'user_id', 'trans_date_trans_time', 'amt', 'is_fraud'"


def written(folder: Path, select: str, options: str = "") -> Path:
    path = folder / "mine.py"
    path.write_text(
        f"{HEAD}@signal(topic='my_signal'{options})\ndef mine(transaction):\n"
        f"    t = transaction\n    return t.select({select})\n"
    )
    return path


def test_a_signal_of_ones_own(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"{COPIED}, score=(t.amt > 9).ifelse(1.0, 0.0), reasons=ibis.literal('a')",
        ", threshold=0.9",
    )
    mine = feature_files.load([path])[-1]
    assert isinstance(mine, Signal)
    assert (mine.name, mine.threshold, mine.on_request) == ("mine", 0.9, False)


@pytest.mark.parametrize(
    ("select", "said"),
    [
        (COPIED, "it has no column 'score'"),
        (f"{COPIED}, score=t.amt > 1, reasons=ibis.literal('a')", "its score is of type boolean"),
        (f"{COPIED}, score=t.amt", "it has no column 'reasons'"),
        (
            "'user_id', 'trans_date_trans_time', 'amt', score=t.amt, reasons=ibis.literal('a')",
            "is_fraud",
        ),
        (
            "'user_id', 'trans_date_trans_time', 'is_fraud', amt=t.amt * 2, score=t.amt, "
            "reasons=ibis.literal('a')",
            "no unchanged amt",
        ),
    ],
)
def test_what_is_no_signal_is_refused_with_its_line(tmp_path: Path, select: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        feature_files.load([written(tmp_path, select)])
    assert said in caught.value.message
    assert "line 3: mine is no signal" in caught.value.message


@pytest.mark.parametrize("threshold", [0, 1.5, -1])
def test_a_threshold_is_a_score(threshold: float) -> None:
    with pytest.raises(InputError, match="scores are from 0 to 1"):
        signal(topic="t", threshold=threshold)


def test_a_signal_is_listed_once_it_was_started(tmp_path: Path) -> None:
    runtime = Runtime(config.load(environment={"FRAUDWATCH_STATE_DIR": str(tmp_path)}))
    assert "rules" in runtime.features.names
    assert "rules" not in {job.name for job in runtime.status().jobs}
    assert {job.state for job in runtime.status().jobs} == {JobState.STOPPED}
    assert "rules" not in {feature.name for feature in runtime.chosen(())}
    assert [feature.name for feature in runtime.chosen(["rules"])] == ["rules"]


def test_a_model_that_does_not_start_is_not_installed(tmp_path: Path) -> None:
    settings = config.load(environment={"FRAUDWATCH_STATE_DIR": str(tmp_path)})
    with (
        pytest.raises(InputError, match="is no model"),
        installed(tmp_path / "none", settings, ["model"]),
    ):
        raise AssertionError
    with (
        pytest.raises(ConfigError, match="There is no model yet"),
        installed(None, settings, ["model"]),
    ):
        raise AssertionError
    with (
        pytest.raises(ConfigError, match="--model is for one of the jobs 'model' and 'shadow'"),
        installed(tmp_path / "m", settings, ["rules"]),
    ):
        raise AssertionError
    assert not settings.model_file.exists()


def test_another_model_has_its_own_threshold(tmp_path: Path) -> None:
    settings = config.load(environment={"FRAUDWATCH_STATE_DIR": str(tmp_path / "state")})
    leaf = Tree((-1,), (0.0,), (-1,), (-1,), (False,), (0.1,))
    model = Model(
        inputs=("amt",),
        base=0.0,
        trees=(leaf,),
        threshold=0.7,
        training=Training("", 0, 0, 0, "", ""),
    )
    write_model(model, tmp_path / "m")
    with installed(tmp_path / "m", settings, ["model"]):
        Runtime(settings).set_threshold("model", 0.3)
        Runtime(settings).set_threshold("rules", 0.4)
    found = {sink.feature: sink.threshold for sink in Runtime(settings).sinks()}
    assert (found["model"], found["rules"]) == (0.7, 0.4)
