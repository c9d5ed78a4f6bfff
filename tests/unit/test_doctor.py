"""What `doctor` and the commands say about invalid settings and unsuitable machines."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import config
from pipeline.checks.doctor import CheckOutcome, Finding, examine, machine
from pipeline.checks.doctor.finding import run_check
from pipeline.model.stack import Health
from pipeline.stack.local import disk, jars
from pipeline.stack.local.control import ProcessReport
from tests.idle import DEADLINE_SECONDS

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with empty directories for state and cache."""
    monkeypatch.chdir(tmp_path)
    for name in ("KAFKA_PORT", "FLINK_PORT"):
        monkeypatch.setenv(f"FRAUDWATCH_{name}", "0")
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FRAUDWATCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def run(*arguments: str) -> Done:
    """Run a command as a user does; no error may be a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def found(check: str, profile: str = "local") -> Finding:
    return next(
        finding for finding in examine(lambda: config.load(profile)) if finding.check == check
    )


def fake_java(home: Path, version: str) -> Path:
    java = home / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '    java.version = {version}' >&2\n")
    java.chmod(0o755)
    return home / "jdk"


def test_without_anything_it_is_well(home: Path) -> None:
    findings = list(examine(config.load))
    by_check = {finding.check: finding for finding in findings}
    assert len(by_check) == len(findings) == 18
    assert by_check["Java"].outcome is CheckOutcome.GOOD
    assert by_check["Flink jars"].outcome is CheckOutcome.WARNING
    assert "downloads" in by_check["Flink jars"].hint
    assert by_check["Kafka"].outcome is CheckOutcome.SKIPPED
    assert not any(finding.exit_code for finding in findings)
    assert not (home / "state").exists(), "doctor changes nothing"


def test_as_text_and_as_json(home: Path) -> None:
    done = run("doctor")
    assert done.returncode == 0
    assert "✓ Java              openjdk" in done.stdout
    assert "· Kafka             the stack does not run" in done.stdout
    assert "\x1b" not in done.stdout
    listed = json.loads(run("doctor", "--json").stdout)
    assert [finding["check"] for finding in listed][:2] == ["Settings", "Java"]
    assert {finding["outcome"] for finding in listed} <= {"good", "warning", "skipped"}


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("[profile.local", "fraudwatch.toml cannot be read: ", "Correct the file."),
        (
            "[profile.local]\nslots = 'many'",
            "slots must be a whole number, not a text",
            "fraudwatch.toml",
        ),
        ("[profile.local]\nslots = 0", "a whole number of at least 1", "fraudwatch.toml"),
        ("[profile.local]\nslotz = 4", "sets 'slotz', which is unknown", "Perhaps it is slots."),
        ("[profile.local]\nxyzzy = 4", "sets 'xyzzy'", "Known settings: kafka"),
        ("[profiles.local]\nslots = 4", "has 'profiles' outside of a profile", "below a line"),
    ],
)
@pytest.mark.parametrize("command", [("doctor",), ("status",), ("up",), ("verify",), ()])
def test_settings_that_are_not_valid(
    home: Path, text: str, said: str, hint: str, command: tuple[str, ...]
) -> None:
    (home / "fraudwatch.toml").write_text(text)
    if not command:
        done = subprocess.run(
            [sys.executable, "-m", "tui"],
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr
    else:
        done = run(*command)
    assert done.returncode == 2
    output = done.stdout + done.stderr
    assert said in output
    assert hint in output


def test_unknown_profile(home: Path) -> None:
    for command in ("doctor", "status", "up"):
        done = run(command, "--profile", "nowhere")
        assert done.returncode == 2
        assert "There is no profile named 'nowhere'" in done.stdout + done.stderr


def test_java_is_missing_or_too_old(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAUDWATCH_JAVA_HOME", str(home / "none"))
    assert "where there is no Java" in found("Java").found
    monkeypatch.setenv("FRAUDWATCH_JAVA_HOME", str(fake_java(home, "11.0.2")))
    finding = found("Java")
    assert "where there is Java 11" in finding.found
    assert "17 or 21" in finding.found
    assert finding.exit_code == 2


def test_java_that_the_environment_keeps_from_running(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_JAVA_OPTIONS", "-Xmx1m")
    finding = found("Java")
    assert finding.found.endswith("bin/java does not run: it ended with exit code 1.")
    assert finding.hint == "Look at what _JAVA_OPTIONS tells every Java."
    assert finding.exit_code == 2


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"])
def test_options_of_java_in_the_environment_are_not_printed(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plain = found("Java").found
    monkeypatch.setenv(name, "-Djavax.net.ssl.keyStorePassword=hidden")
    assert found("Java").found == plain
    assert " version " in plain


def test_a_port_that_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        monkeypatch.setenv("FRAUDWATCH_KAFKA_PORT", str(number))
        finding = found("Kafka port")
    assert finding.outcome is CheckOutcome.WARNING
    assert str(number) in finding.found
    assert found("Kafka port").outcome is CheckOutcome.GOOD
    assert found("Flink port").outcome is CheckOutcome.SKIPPED


def test_a_state_directory_that_is_a_file(home: Path) -> None:
    (home / "state").write_text("")
    finding = found("State directory")
    assert finding.exit_code == 3
    assert "is not a directory" in finding.found
    for command in (("up",), ("status",), ("replay", "x.csv"), ("jobs",)):
        assert run(*command).returncode != 0


def test_a_disk_that_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LEAST_FREE", 1 << 60)
    finding = found("State directory")
    assert finding.exit_code == 3
    assert "MiB of free space" in finding.found
    assert "another disk" in finding.hint


def test_a_state_directory_from_which_no_library_can_be_loaded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("State directory").outcome is CheckOutcome.GOOD
    real = os.statvfs

    def noexec(path: Path) -> os.statvfs_result:
        values = list(real(path))
        values[8] |= os.ST_NOEXEC
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "statvfs", noexec)
    finding = found("State directory")
    assert finding.outcome is CheckOutcome.WARNING
    assert "cannot read snappy and zstd" in finding.found
    assert "FRAUDWATCH_STATE_DIR" in finding.hint


@pytest.mark.parametrize(
    ("most", "outcome", "said"),
    [
        (512, CheckOutcome.WARNING, "up to 512 per process"),
        (4_096, CheckOutcome.GOOD, "up to 4,096 per process"),
    ],
)
def test_the_limit_of_open_files_is_what_a_start_would_inherit(
    home: Path, most: int, outcome: CheckOutcome, said: str
) -> None:
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (256, int(sys.argv[1])));"
        "from pipeline.cli.app import main; sys.argv = ['fraudwatch', 'doctor', '--json']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(most)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)}
    assert findings["Open files"]["found"] == said
    assert findings["Open files"]["outcome"] == outcome
    assert bool(findings["Open files"]["hint"]) is (outcome is CheckOutcome.WARNING)


@pytest.mark.parametrize(
    ("count", "outcome", "said"),
    [
        (10, CheckOutcome.GOOD, "; open: Kafka broker 13"),
        (58, CheckOutcome.WARNING, "Kafka broker has 61 of at most 64 open"),
    ],
)
def test_a_process_that_has_most_of_its_files_open(
    count: int, outcome: CheckOutcome, said: str
) -> None:
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64));"
        "held = [open('/dev/null') for _ in range(int(sys.argv[1]))];"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        report = ProcessReport("kafka", "Kafka broker", Health.UP, process.pid)
        finding = machine.open_files([report])
        process.communicate()
    assert finding.outcome is outcome
    assert finding.found.endswith(said)


def test_jars_that_cannot_be_had(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("FRAUDWATCH_MAVEN_REPOSITORY", f"http://127.0.0.1:{closed}")
    done = run("up")
    assert done.returncode == 3
    assert "fraudwatch: " in done.stderr
    absent = jars.missing(jars.manifest().connector, home / "cache" / "jars")
    assert len(absent) == len(jars.manifest().connector)


def test_an_unexpected_error_is_a_finding_too() -> None:
    def look() -> Finding:
        raise ZeroDivisionError("by zero")

    finding = run_check("Odd", look)
    assert finding.outcome is CheckOutcome.FAILED
    assert finding.found == "ZeroDivisionError: by zero."
    assert finding.exit_code == 1


def test_a_file_with_features_that_cannot_be_used(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("Features").outcome is CheckOutcome.GOOD
    monkeypatch.setenv("FRAUDWATCH_FEATURES", str(home / "none.py"))
    finding = found("Features")
    assert (finding.outcome, finding.exit_code) == (CheckOutcome.FAILED, 5)
    assert finding.found == f"There is no file {home / 'none.py'}."
    # Commands that need the features fail with a message; a stack can be stopped all the same.
    for command in ("status", "up", "verify"):
        done = run(command)
        assert done.returncode == 5
        assert f"There is no file {home / 'none.py'}." in done.stderr
    assert run("down").returncode == 0


def test_options_of_every_command_may_stand_before_it(home: Path) -> None:
    for arguments in (("status", "--profile", "nowhere"), ("--profile", "nowhere", "status")):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "There is no profile named 'nowhere'" in done.stderr
    assert run("--profile=local", "--features", "x.py", "down").returncode == 0
    assert run("--profile", "local", "--help").returncode == 0
