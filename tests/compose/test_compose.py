"""`docker compose up -d`, and then `fraudwatch --profile compose`, in containers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from pipeline import contract, features

from .stack import Stack, described

ONE_SHOT = "topics"
CONSOLE = "console"
STAYING = [name for name in described()["services"] if name not in (ONE_SHOT, CONSOLE)]
JOBS = [feature.name for feature in features.BUILT_IN]
FILE = "sparkov-60-customers.csv.gz"


@pytest.mark.parametrize("service", STAYING)
def test_a_service_is_healthy_and_confined(stack: Stack, service: str) -> None:
    assert_healthy(stack, service)
    assert_confined(stack, service)


def test_topics_are_made_once_for_all(stack: Stack) -> None:
    state = stack.container(ONE_SHOT)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    listed = json.loads(run(stack, "topics", "--json"))
    assert {topic["name"]: len(topic["partitions"]) for topic in listed} == {
        contract.TRANSACTION_TOPIC: contract.PARTITIONS,
        **{feature.topic: contract.PARTITIONS for feature in features.BUILT_IN},
    }


def test_ports_are_open_on_loopback_alone(stack: Stack) -> None:
    for variable in ("FRAUDWATCH_KAFKA_PORT", "FRAUDWATCH_FLINK_PORT"):
        assert addresses(int(stack.environment[variable])) == {"127.0.0.1"}


def test_status_tells_of_the_stack(stack: Stack) -> None:
    status = json.loads(run(stack, "status", "--json"))
    assert status["profile"] == "compose"
    assert status["kafka"]["up"]
    assert status["flink"]["up"]
    assert status["flink"]["slots"] == {"total": 8, "free": 8}


def test_features_of_a_file_are_right_and_their_state_is_restored(
    stack: Stack, sample_data: Path
) -> None:
    """After a restart of the jobs from savepoints, and after one of the TaskManager.

    The file is sent before the jobs start: an idle partition does not hold the watermark back, so
    with months of event time in a second the other partitions may advance beyond it.
    """
    stack.compose("stop", "simulator")
    assert stack.container("simulator")["State"]["ExitCode"] == 0
    run(stack, "replay", str(sample_data / FILE), "--shift")
    run(stack, "start", "--all")
    assert_proved(stack)
    run(stack, "stop", "--all")
    found = stack.inside("taskmanager", "find", "/savepoints", "-name", "_metadata").splitlines()
    assert len(found) == len(JOBS)
    run(stack, "replay", str(sample_data / FILE), "--shift")
    run(stack, "start", "--all")
    stack.compose("restart", "taskmanager")
    assert_proved(stack)


def test_the_console_in_a_browser_attaches_to_the_jobs_that_run(stack: Stack, console: str) -> None:
    assert_healthy(stack, CONSOLE)
    assert_confined(stack, CONSOLE)
    assert addresses(urlsplit(console).port or 0) == {"127.0.0.1"}
    assert "fraudwatch" in httpx.get(console, timeout=10).raise_for_status().text
    status = json.loads(run(stack, "status", "--json"))
    assert {job["name"]: job["state"] for job in status["jobs"]} == dict.fromkeys(JOBS, "RUNNING")
    assert status["flink"]["slots"] == {"total": 8, "free": 8 - len(JOBS)}


def run(stack: Stack, *arguments: str) -> str:
    """Return the output of a command, which has to succeed."""
    done = stack.fraudwatch(*arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


def assert_healthy(stack: Stack, service: str) -> None:
    deadline = time.monotonic() + 900
    while (state := stack.container(service)["State"])["Health"]["Status"] != "healthy":
        assert state["Running"], state
        assert time.monotonic() < deadline, f"{service} is not healthy: {state['Health']}"
        time.sleep(0.1)


def assert_confined(stack: Stack, service: str) -> None:
    assert stack.inside(service, "id", "-u") != "0"
    container = stack.container(service)
    limits = container["HostConfig"]
    assert all(limits[name] > 0 for name in ("Memory", "NanoCpus", "PidsLimit")), limits
    assert not container["EffectiveCaps"]


def assert_proved(stack: Stack) -> None:
    reports = json.loads(run(stack, "verify", "--json"))
    assert [report["name"] for report in reports] == JOBS
    for report in reports:
        assert report["equal"] > 0, report
        assert (report["missing"], report["different"]) == (0, 0), report


def addresses(port: int) -> set[str]:
    """Addresses on which this machine listens on a port."""
    sockets = psutil.net_connections(kind="tcp")
    return {
        socket.laddr.ip
        for socket in sockets
        if socket.status == psutil.CONN_LISTEN and socket.laddr and socket.laddr.port == port
    }
