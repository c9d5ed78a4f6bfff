"""A profile with `built_in = false`: only features of the user's own, and what they read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import config
from pipeline.checks.doctor import examine
from pipeline.cli.app import main
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.features import BUILT_IN
from pipeline.kafka import topics
from pipeline.model.simulator import SimulatorCommand
from pipeline.stack import catalog
from pipeline.stack.bring_up import create_topics
from pipeline.stack.runtime import Runtime
from pipeline.stack.startup import titles
from tests import streams

OWN = streams.FOLDER / "own_sources.py"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile `mine` with features of its own, and one `empty` that has none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "state"))
    Path(config.FILE_NAME).write_text(
        f"""
        [profile.mine]
        sandbox = true
        built_in = false
        features = ["{OWN}"]
        [profile.empty]
        sandbox = true
        built_in = false
        """
    )


def mine() -> Settings:
    return config.load("mine")


def test_only_its_own_features_and_their_streams() -> None:
    everything = catalog.load(config.load(features=[OWN]))
    own = catalog.runnable(mine())
    assert own.names == everything.names[-len(own) :]
    assert not set(own.names) & {"rules", *BUILT_IN.names}
    assert {source.topic for source in own.sources} == {feature.source.topic for feature in own}
    assert "transaction" not in {source.topic for source in own.sources}
    assert [job.name for job in Runtime(mine()).status().jobs] == list(own.at_start.names)


def test_only_its_own_topics_are_created(monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []
    monkeypatch.setattr(topics, "create_topics", lambda _, names, **__: created.extend(names))
    own = catalog.runnable(mine())
    create_topics(mine(), mine().kafka, own)
    read_and_written = [topic for each in own for topic in (each.source.topic, each.topic)]
    assert created == list(dict.fromkeys(read_and_written))


def test_without_a_feature_there_is_nothing_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    settings = config.load("empty")
    assert not catalog.load(settings)
    with pytest.raises(ConfigError, match="'empty' has nothing to run: built_in is false"):
        catalog.runnable(settings)
    for command in (("status",), ("start", "--all"), ("check",), ("up",)):
        assert main([*command, "--profile", "empty"]) == ConfigError.exit_code
        said = " ".join(capsys.readouterr().err.split())
        assert "nothing to run: built_in is false, and there is no feature of your own." in said
        assert "--features" in said


def test_doctor_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    checks = {each.check: each for each in examine(mine)}
    assert "profile mine, with features of its own only" in checks["Settings"].found
    assert checks["Features"].found == ", ".join(catalog.runnable(mine()).names)
    assert "Transactions" not in checks
    assert "Records of payments.v2" in checks
    found = {each.check: each for each in examine(lambda: config.load("empty"))}
    assert found["Features"].exit_code == ConfigError.exit_code
    assert "nothing to run" in found["Features"].found
    assert not any(check.startswith(("Transactions", "Records")) for check in found)
    assert main(["profiles", "--json"]) == 0
    shown = {row["name"]: row["built_in"] for row in json.loads(capsys.readouterr().out)}
    assert (shown["local"], shown["mine"]) == (True, False)


@pytest.mark.parametrize("command", [("simulate",), ("simulate", "--here")], ids="-".join)
def test_it_has_no_simulator(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--profile", "mine"]) == ConfigError.exit_code
    said = " ".join(capsys.readouterr().err.split())
    assert "'mine' has only features of its own, so it has no simulator." in said
    assert "Set built_in = true in it" in said
    with pytest.raises(ConfigError, match="so it has no simulator"):
        Runtime(mine()).simulate(SimulatorCommand(running=True))
    assert "simulator" not in titles(mine())
    assert "simulator" in titles(config.load())


def test_the_status_has_no_line_of_a_simulator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--profile", "mine"]) == 3
    assert "simulator" not in capsys.readouterr().out
    assert main(["status"]) == 3
    assert "simulator" in capsys.readouterr().out


def test_rows_of_a_file_need_a_stream(capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.csv").write_text("a\n1\n")
    assert main(["replay", "rows.csv", "--profile", "mine"]) == ConfigError.exit_code
    said = " ".join(capsys.readouterr().err.split())
    assert "so --source has to name the topic of the rows." in said


def test_names_of_built_in_features_stay_taken() -> None:
    """A file of features that is good in one profile is good in all."""
    Path("taken.py").write_text(
        OWN.read_text() + '\n\n@feature(topic="own_rolling", source=payments)\n'
        "def rolling(payments):\n    return payments.select('account', 'booked_at', 'amount')\n"
    )
    assert main(["jobs", "--profile", "empty", "--features", "taken.py"]) == 5
