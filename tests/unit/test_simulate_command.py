"""`fraudwatch simulate`: what it asks of the simulator, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline import config
from pipeline.cli.app import main
from pipeline.config import KafkaSettings
from pipeline.kafka import topics
from pipeline.model.simulator import Pattern, SimulatorCommand, SimulatorStatus
from pipeline.simulator import foreground
from pipeline.stack import bring_up
from pipeline.stack.runtime import Runtime

RUNNING = SimulatorStatus(up=True, rate=100, speed=720)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[SimulatorCommand]:
    """The commands that a stack in the place of the real one has received."""
    commands: list[SimulatorCommand] = []

    def simulate(_: Runtime, change: SimulatorCommand) -> SimulatorStatus:
        commands.append(change)
        return replace(
            RUNNING,
            patterns=change.patterns or (),
            label_delay=change.label_delay or 0.0,
            labels_pending=1_234 if change.label_delay else 0,
        )

    monkeypatch.setattr(Runtime, "simulate", simulate)
    return commands


@pytest.mark.parametrize(
    ("options", "change", "said"),
    [
        ("", {}, "100 transactions/s, ×720."),
        ("--pattern testing", {"patterns": (Pattern.TESTING,)}, "fraud in bursts, testing."),
        (
            "--pattern merchant --pattern takeover",
            {"patterns": (Pattern.MERCHANT, Pattern.TAKEOVER)},
            "fraud in bursts, merchant, takeover.",
        ),
        ("--no-pattern", {"patterns": ()}, "×720."),
        ("--label-delay 2d", {"label_delay": 172_800}, "labels after about 2 d, 1,234 pending."),
        ("--label-delay 90s", {"label_delay": 90}, "labels after about 90 s, 1,234 pending."),
        ("--label-delay 0", {"label_delay": 0}, "×720."),
        ("--label-delay 365d", {"label_delay": 31_536_000}, "about 365 d, 1,234 pending."),
    ],
)
def test_options_are_passed_to_the_simulator(
    options: str,
    change: dict[str, Any],
    said: str,
    asked: list[SimulatorCommand],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", *options.split()]) == 0
    assert asked == [SimulatorCommand(running=True, **change)]
    assert capsys.readouterr().err.rstrip().endswith(said)


@pytest.mark.parametrize("wrong", ["soon", "-1d", "1.5d", "", "2", "366d", "999999999d"])
def test_a_label_delay_that_is_none_is_refused(
    wrong: str, asked: list[SimulatorCommand], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", f"--label-delay={wrong}"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"--label-delay is {wrong!r}." in said
    assert "such as 30min, 12h or 2d, a year (365d) at most, or 0" in said
    assert asked == []


def test_an_unknown_pattern_is_refused(
    asked: list[SimulatorCommand], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--pattern", "bursts"]) == 2
    said = capsys.readouterr().err
    assert all(pattern in said for pattern in Pattern)
    assert asked == []


def test_a_simulator_in_the_foreground_begins_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    created: list[object] = []
    monkeypatch.setattr("pipeline.cli.data.running_kafka", lambda _: "kafka")
    monkeypatch.setattr(bring_up, "create_label_topic", lambda _, kafka: created.append(kafka))
    monkeypatch.setattr(foreground, "run_here", lambda *_, **options: given.update(options))
    options = ["--here", "--pattern", "takeover", "--label-delay", "12h", "--rate", "5"]
    assert main(["simulate", *options]) == 0
    assert (given["rate"], given["speed"]) == (5, 720)
    assert created == ["kafka"]
    initial = given["initial"]
    assert (initial.patterns, initial.label_delay) == ((Pattern.TAKEOVER,), 43_200)


def test_the_topic_of_labels_has_the_prefix_and_the_limits_of_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created: list[tuple[list[str], int]] = []

    def create(_: KafkaSettings, names: list[str], *, retention_bytes: int) -> None:
        created.append((names, retention_bytes))

    monkeypatch.setattr(topics, "create_topics", create)
    settings = config.load(environment={"FRAUDWATCH_KAFKA_TOPIC_PREFIX": "team."})
    bring_up.create_label_topic(settings, settings.kafka)
    assert created == [(["team.fraud_labels"], 256 * 1024 * 1024)]
