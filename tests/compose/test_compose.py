"""`docker compose up -d`, and then `fraudwatch --profile compose`: all of it, in containers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from pipeline import features, schema

from .stack import Stack, described

SERVICES = tuple(described()["services"])
ONE_SHOT = "topics"
STAYING = tuple(name for name in SERVICES if name != ONE_SHOT)
FILE = "sparkov-60-customers.csv.gz"


def wait_until(condition: Callable[[], object], patience: float, what: str) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s for {what}"
        time.sleep(0.5)


@pytest.mark.parametrize("service", STAYING)
def test_a_service_becomes_healthy(stack: Stack, service: str) -> None:
    def healthy() -> bool:
        state = stack.container(service)["State"]
        assert state["Running"], state
        return state["Health"]["Status"] == "healthy"

    wait_until(healthy, 180, f"{service} to be healthy")


def test_topics_are_made_once_for_all(stack: Stack) -> None:
    state = stack.container(ONE_SHOT)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    listed = json.loads(stack.fraudwatch("topics", "--json").stdout)
    assert {topic["name"]: len(topic["partitions"]) for topic in listed} == {
        schema.TRANSACTION_TOPIC: schema.PARTITIONS,
        **{feature.topic: schema.PARTITIONS for feature in features.BUILT_IN},
    }


@pytest.mark.parametrize("service", STAYING)
def test_a_service_runs_as_nobody_special_within_limits(stack: Stack, service: str) -> None:
    assert stack.inside(service, "id", "-u") != "0"
    container = stack.container(service)
    limits = container["HostConfig"]
    assert all(limits[name] > 0 for name in ("Memory", "NanoCpus", "PidsLimit")), limits
    assert not container["EffectiveCaps"]


def test_ports_are_open_on_loopback_alone(stack: Stack) -> None:
    ports = {int(port) for name, port in stack.environment.items() if name.endswith("_PORT")}
    listening = [
        socket.laddr
        for socket in psutil.net_connections(kind="tcp")
        if socket.status == psutil.CONN_LISTEN and socket.laddr.port in ports
    ]
    assert {address.port for address in listening} == ports
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_the_console_is_served_to_browsers(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.environment['FRAUDWATCH_CONSOLE_PORT']}/"
    assert "fraudwatch" in httpx.get(address, timeout=10).raise_for_status().text


def test_status_tells_of_the_stack(stack: Stack) -> None:
    status = json.loads(stack.fraudwatch("status", "--json").stdout)
    assert status["profile"] == "compose"
    assert status["kafka"]["up"]
    assert status["flink"]["up"]
    assert status["flink"]["slots"]["total"] == 8


def test_features_of_a_file_are_right_and_their_state_is_kept(
    stack: Stack, sample_data: Path
) -> None:
    """Through a restart of the jobs from savepoints, and one of the TaskManager."""
    stack.compose("stop", "simulator", "console")
    assert stack.container("simulator")["State"]["ExitCode"] == 0
    run(stack, "start", "--all")
    run(stack, "replay", str(sample_data / FILE), "--shift")
    proved(stack)
    run(stack, "stop", "--all")
    kept = stack.inside("taskmanager", "find", "/savepoints", "-name", "_metadata").splitlines()
    assert len(kept) == len(features.BUILT_IN)
    run(stack, "start", "--all")
    stack.compose("restart", "taskmanager")
    run(stack, "replay", str(sample_data / FILE), "--shift")
    proved(stack)


def run(stack: Stack, *arguments: str) -> str:
    done = stack.fraudwatch(*arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


def proved(stack: Stack) -> None:
    reports = json.loads(run(stack, "verify", "--json"))
    assert [report["name"] for report in reports] == [feature.name for feature in features.BUILT_IN]
    for report in reports:
        assert report["equal"] > 0, report
        assert (report["missing"], report["different"]) == (0, 0), report
