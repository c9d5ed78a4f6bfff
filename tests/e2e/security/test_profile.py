"""A profile of a secured Kafka, as a user has it: in a file, with commands and a console."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline import config
from pipeline.stack.runtime import Runtime

from ..conftest import stack_environment
from ..test_console import Terminal
from .secured import PASSWORD, Secured

PROFILE = """
[profile.company]
sandbox = {sandbox}
parallelism = 1

[profile.company.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"
security_protocol = "SASL_SSL"
sasl_mechanism = "SCRAM-SHA-256"
username = "alice"
password = {{ env = "{variable}" }}
ca_file = "{ca_file}"

[profile.company.flink]
rest = "{rest}"
job_prefix = "company-"
"""

Fraudwatch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def company(
    tmp_path: Path, secured: Secured, running_stack: Runtime, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Fraudwatch]:
    """Return a function that writes the profile with some changes, and runs commands with it."""

    monkeypatch.setenv("WRONG", "guess")

    def write(**otherwise: object) -> Fraudwatch:
        known = {
            "bootstrap": secured.sasl,
            "prefix": "profile.",
            "variable": "CANARY_PASSWORD",
            "ca_file": "ca.pem",
            "sandbox": "true",
            "rest": running_stack.status().rest,
        }
        values = known | otherwise
        values["ca_file"] = secured.certificates.path(str(values["ca_file"]))
        (tmp_path / "fraudwatch.toml").write_text(PROFILE.format(**values))

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            done = subprocess.run(
                [Path(sys.executable).parent / "fraudwatch", *arguments, "--profile", "company"],
                env=os.environ | stack_environment(tmp_path / "state"),
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert PASSWORD not in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
            return done

        return run

    return write


@pytest.mark.parametrize(
    ("otherwise", "said", "code"),
    [
        ({"variable": "WRONG"}, "refuses access to 'alice'", 2),
        ({"variable": "NOWHERE"}, "There is no secret in env NOWHERE.", 2),
        ({"ca_file": "stranger.pem"}, "is not trusted.", 2),
        ({"bootstrap": "kafka.invalid:9093"}, "The host name of Kafka at kafka.invalid:9093", 3),
        ({"bootstrap": "localhost:1"}, "Kafka at localhost:1 does not answer", 3),
    ],
)
def test_what_is_wrong_is_one_sentence(
    company: Callable[..., Fraudwatch], otherwise: dict[str, str], said: str, code: int
) -> None:
    fraudwatch = company(**otherwise)
    # At once, since each of them waits for something that does not answer.
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(fraudwatch, *words) for words in (("doctor", "--json"), ("status",))]
        up = fraudwatch("up")
        doctor, status = (each.result() for each in asked)
    findings = {finding["check"]: finding for finding in json.loads(doctor.stdout)}
    assert findings["Kafka"]["outcome"] == "failed"
    assert said in findings["Kafka"]["found"]
    assert findings["Kafka"]["hint"]
    assert (up.returncode, said in up.stderr) == (code, True), up.stderr
    assert status.returncode == 3


def test_a_topic_that_is_missing(company: Callable[..., Fraudwatch]) -> None:
    fraudwatch = company(prefix="nobody.made.this.", sandbox="false")
    done = fraudwatch("start", "rolling")
    assert done.returncode == 5
    assert "has no topic nobody.made.this.transaction and no nobody.made.this.user_" in done.stderr


@pytest.mark.usefixtures("stack")
def test_the_console_attaches_and_shows_no_secret(
    company: Callable[..., Fraudwatch], tmp_path: Path
) -> None:
    fraudwatch = company()
    assert fraudwatch("up", "--no-jobs").returncode == 0
    # A profile that starts nothing without a command.
    fraudwatch = company(sandbox="false")
    assert fraudwatch("start", "flagged").returncode == 0
    base = config.load(environment=stack_environment(tmp_path / "state"))
    terminal = Terminal(base, "--profile", "company", folder=tmp_path)
    try:
        terminal.wait_for(r"● kafka.*● flink", 60)
        terminal.wait_for(r"flagged +running", 60)
        terminal.process.send("1")
        for _ in range(2):
            terminal.process.send("j")
        terminal.process.send("\r")
        terminal.wait_for(r"CREATE TEMPORARY|expression|Ibis", 30)
        terminal.drain(2)
        assert PASSWORD.encode() not in bytes(terminal.sent)
    finally:
        terminal.process.sendcontrol("q")
        terminal.close()
        fraudwatch("stop", "flagged", "--discard")
        fraudwatch("down")
