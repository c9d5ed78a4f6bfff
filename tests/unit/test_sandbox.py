"""Commands for sandboxes are refused elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.app import main

FILE = """
[profile.work.kafka]
bootstrap = "127.0.0.1:1"
[profile.work.flink]
rest = "http://127.0.0.1:1"
"""


@pytest.mark.parametrize(
    "command",
    [("simulate", "--here"), ("simulate",), ("topics", "--create")],
    ids="-".join,
)
def test_a_stack_that_is_no_sandbox_is_left_alone(
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "fraudwatch.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--profile", "work"]) == 2
    assert "'work' is not a sandbox" in capsys.readouterr().err


def test_a_simulator_in_the_foreground_takes_no_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--here", "--off"]) == 2
    assert (
        "--here takes only --rate, --speed, --pattern and --label-delay" in capsys.readouterr().err
    )


@pytest.mark.parametrize("wrong", ["0", "-1", "1e9", "inf", "nan"])
@pytest.mark.parametrize("option", ["--rate", "--speed"])
def test_a_pace_that_the_simulator_does_not_take_is_refused_at_once(
    option: str, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", option, wrong]) == 2
    said = capsys.readouterr().err
    assert f"{option} is {float(wrong):g}" in said
    assert "greater than 0, and 1,000,000 at most" in " ".join(said.split())
