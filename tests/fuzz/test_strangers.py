"""What answers properly, but is something else: another server, another Flink, half a Kafka."""

from __future__ import annotations

import json
import time
from random import Random
from types import SimpleNamespace

import pytest

from pipeline import config
from pipeline.cli.app import main
from pipeline.errors import JobError, UnavailableError
from pipeline.kafka import leaders

from .flink import Flink
from .http_server import GARBLES
from .trial import OTHERS, OWN, REGISTERED, Servers

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("alone", "in_process"),
]
LOST = "somebodys"


def run(capture: pytest.CaptureFixture[str], command: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code and all that it printed."""
    capture.readouterr()
    code = main(command.split())
    return code, "".join(capture.readouterr())


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("html", "a web page at /overview"),
        ("redirect", "it redirects to https://sso.example/login"),
        ("object", "an unknown answer at /overview"),
    ],
)
def test_a_server_that_is_no_flink(
    servers: Servers, kind: str, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    servers.begin()
    servers.flink.begin(Random(0), GARBLES[kind])
    said = f"{servers.flink.address} answers, but is not Flink's REST API ({what})"
    for command in ("check", "check rolling --max-lag 5 --json", "check --prometheus --verify"):
        code, printed = run(capfd, f"{command} --profile {OTHERS}")
        assert (code, said in printed) == (UnavailableError.exit_code, True), printed
    code, printed = run(capfd, "profiles --json")
    listed = {each["name"]: each for each in json.loads(printed)}
    assert (code, list(listed)) == (0, list(config.profiles()))
    assert {*listed} >= {"local", "compose", OWN, OTHERS, REGISTERED}
    ours = (OWN, OTHERS, REGISTERED)
    for name in ours:
        assert listed[name]["kafka"]["health"] == "up"
        assert listed[name]["flink"]["health"] == "down"
        assert said in listed[name]["problems"][0]
    code, printed = run(capfd, "profiles")
    assert (code, printed.count(said)) == (0, len(ours))
    # Flink is not needed to see what there is in Kafka.
    code, printed = run(capfd, f"topics --profile {OTHERS}")
    assert code == 0
    assert "transaction" in printed


@pytest.mark.parametrize("version", ["1.18.1", "1.20.1", "2.2.0", "3.0.0"])
def test_another_flink_is_recognised_before_anything_is_sent(
    servers: Servers, version: str, capfd: pytest.CaptureFixture[str]
) -> None:
    servers.begin()
    flink = Flink(version)
    servers.flink.begin(Random(0), api=flink)
    said = f"{servers.flink.address} is version {version}, but fraudwatch submits jobs to Flink 2.3"
    code, printed = run(capfd, f"doctor --json --profile {OTHERS}")
    (finding,) = (each for each in json.loads(printed) if each["check"] == "Flink")
    assert (code != 0, finding["outcome"], said in finding["found"]) == (True, "failed", True)
    assert flink.changes == []
    # What runs there can be watched and stopped, and then has a savepoint.
    code, printed = run(capfd, f"jobs --profile {OTHERS}")
    assert (code, "RUNNING" in printed) == (0, True), printed
    assert run(capfd, f"stop rolling --profile {OTHERS}")[0] == 0
    stopped = flink.changes.copy()
    assert len(stopped) == 1
    for command in ("start rolling", "start rolling --fresh"):
        code, printed = run(capfd, f"{command} --profile {OTHERS}")
        assert (code, said in printed) == (JobError.exit_code, True), printed
        assert flink.changes == stopped


def test_a_topic_without_leaders_is_the_only_one_that_suffers(
    servers: Servers, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.begin()
    servers.kafka.begin(Random(0), leaderless=LOST)
    said = f"Partitions 0, 1 of {LOST} have no leader"
    waited: list[str] = []

    def wait(seconds: float) -> None:
        waited.append(LOST)
        # The wait of the program itself, which is observed here.
        time.sleep(seconds)

    awaited = SimpleNamespace(monotonic=time.monotonic, sleep=wait)
    monkeypatch.setattr(leaders, "time", awaited)
    options = "--from beginning --no-follow --json"
    code, printed = run(capfd, f"tail transaction {options} --profile {OTHERS}")
    assert (code, printed.count('"offset"')) == (0, 3), printed
    code, printed = run(capfd, f"topics --profile {OTHERS}")
    assert (code, said in printed) == (0, True), printed
    code, printed = run(capfd, f"doctor --profile {OTHERS}")
    assert said in printed, printed
    assert not waited
    # It is waited for only where it is asked for.
    code, printed = run(capfd, f"tail {LOST} {options} --profile {OTHERS}")
    assert (code, said in printed) == (UnavailableError.exit_code, True), printed
    assert waited
