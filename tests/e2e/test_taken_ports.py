"""Somebody else listens on a port of the local stack before its own process does."""

from __future__ import annotations

import json
import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import psutil
import pytest

from pipeline import config
from pipeline.config import Settings
from pipeline.errors import UnavailableError
from pipeline.kafka import topics
from pipeline.kafka.client import Probe
from pipeline.model.simulator import SimulatorCommand
from pipeline.model.stack import Health
from pipeline.stack.local.control import Control, GetReport, ProcessReport, Report
from pipeline.stack.local.ports import free_port
from pipeline.stack.runtime import Runtime

from .conftest import assert_nothing_wrong, running, stack_environment, wait_until

OVERVIEW: Final = {
    "taskmanagers": 1,
    "slots-total": 9,
    "slots-available": 9,
    "flink-version": "2.3.0",
}


class Relay(socketserver.BaseRequestHandler):
    """Forwards every byte to the broker of another stack, as a forwarded port does."""

    server: Forwarder

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as broker:
            ends = {broker: self.request, self.request: broker}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65_536)
                    if not data:
                        return
                    ends[end].sendall(data)


class Forwarder(socketserver.ThreadingTCPServer):
    """A foreign Kafka on a port.

    Args:
        port: Its port.
        target: The address to which it forwards.

    Raises:
        OSError: The port is taken.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, target: str) -> None:
        host, _, number = target.rpartition(":")
        self.target = (host, int(number))
        super().__init__(("127.0.0.1", port), Relay)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Overview(BaseHTTPRequestHandler):
    """Answers as a Flink cluster with free slots does."""

    def do_GET(self) -> None:
        answer = json.dumps(OVERVIEW).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing of it belongs to the output of a test."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """End a server at the end."""
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a stack on chosen ports, which the first test starts."""
    environment = stack_environment(tmp_path_factory.mktemp("own")) | {
        "FRAUDWATCH_KAFKA_PORT": str(free_port()),
        "FRAUDWATCH_FLINK_PORT": str(free_port()),
    }
    settings = config.load(environment=environment)
    yield settings
    Runtime(settings).down()


def process(settings: Settings, name: str) -> ProcessReport:
    with Control(settings.state_dir) as control:
        processes = control.ask(GetReport(), Report).processes
    return next(each for each in processes if each.name == name)


def foreign_flink(port: int) -> ThreadingHTTPServer:
    """Something that answers like a Flink.

    Raises:
        OSError: The port is taken.
    """
    server = ThreadingHTTPServer(("127.0.0.1", port), Overview)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def wait_for_new_runs(runtime: Runtime, before: Mapping[str, str]) -> None:
    """Wait until each of these jobs has been restarted."""

    def restarted() -> bool:
        try:
            now = running(runtime.status())
        except UnavailableError:
            return False  # Flink is being started.
        return now.keys() >= before.keys() and set(before.values()).isdisjoint(now.values())

    wait_until(restarted, 90, "new runs of the jobs")


def records(runtime: Runtime, topic: str) -> int:
    held = {info.name: info.offsets for info in topics.list_topics(runtime.kafka)}
    return held[topic] or 0


def test_at_the_last_moment_before_the_start(own: Settings, stack: Runtime) -> None:
    """The start takes other ports, and nothing is written to what listens on the chosen ones."""
    before = topics.list_topics(stack.kafka)
    kafka, rest = own.kafka.port, own.flink.port
    runtime = Runtime(own)
    # Both are written when the ports have been chosen, and before any JVM has started.
    chosen = [own.state_dir / Path(name) for name in ("kafka/server.properties", "flink/conf")]
    with ThreadPoolExecutor(1) as pool:
        start = pool.submit(runtime.bring_up, simulator=False, jobs=False, stay=True)
        wait_until(lambda: all(path.exists() for path in chosen), 60, "the ports to be chosen")
        try:
            foreign_kafka = Forwarder(kafka, stack.bootstrap)
            other_flink = foreign_flink(rest)
        except OSError:
            start.result()
            pytest.skip("the stack was there before the strangers")
        with serving(foreign_kafka), serving(other_flink):
            start.result()
            status = runtime.status()
            assert (status.kafka, status.flink) == (Health.UP, Health.UP)
            assert status.bootstrap not in (f"127.0.0.1:{kafka}", stack.bootstrap)
            assert status.rest not in (f"http://127.0.0.1:{rest}", stack.status().rest)
            assert status.slots.total == own.slots != OVERVIEW["slots-total"]
            assert topics.list_topics(stack.kafka) == before
            runtime.start_job("flagged")
    runtime.close()


def test_while_the_broker_is_started_again(own: Settings, stack: Runtime) -> None:
    """The other Kafka has the same topics, and jobs write to the address that it has taken."""
    before = topics.list_topics(stack.kafka)
    runtime = Runtime(own)
    runtime.bring_up(jobs=False)
    names = ("flagged", "rolling")
    for name in names:
        runtime.start_job(name)
    sink = own.kafka.topic("user_trans_amt_last_360min")
    runtime.simulate(SimulatorCommand(running=True))
    wait_until(lambda: records(runtime, sink), 60, "results")
    address, jobs = runtime.bootstrap, running(runtime.status())
    port = int(address.rpartition(":")[2])

    psutil.Process(process(own, "kafka").pid).kill()
    wait_until(lambda: process(own, "kafka").restarts, 30, "another start of the broker")
    strangers: list[Forwarder] = []

    def taken() -> bool:
        try:
            strangers.append(Forwarder(port, stack.bootstrap))
        except OSError:
            return process(own, "kafka").health is Health.UP
        return True

    wait_until(taken, 60, "the port of the broker")
    if not strangers:
        pytest.skip("the broker was there before the stranger")
    with serving(strangers[0]):
        wait_until(lambda: runtime.bootstrap != address, 30, "another address")
        wait_until(lambda: process(own, "kafka").health is Health.UP, 60, "the broker")
        assert runtime.bootstrap != stack.bootstrap
        wait_for_new_runs(runtime, jobs)
        had = records(runtime, sink)
        wait_until(lambda: records(runtime, sink) > had, 60, "more results")
        runtime.simulate(SimulatorCommand(running=False))
        for name in names:
            assert_nothing_wrong(runtime.verify(name), outage=True)
        assert topics.list_topics(stack.kafka) == before
    runtime.close()


def test_while_flink_is_started_again(own: Settings) -> None:
    """Nobody takes the other Flink for ours, whose jobs it does not know."""
    runtime = Runtime(own)
    runtime.bring_up(simulator=False, jobs=False)
    runtime.start_job("rolling")
    status = runtime.status()
    psutil.Process(process(own, "flink").pid).kill()
    strangers: list[ThreadingHTTPServer] = []

    def taken() -> bool:
        with suppress(OSError):
            strangers.append(foreign_flink(int(status.rest.rpartition(":")[2])))
        return bool(strangers)

    wait_until(taken, 30, "the port of Flink")
    with serving(strangers[0]):
        wait_for_new_runs(runtime, running(status))
        assert runtime.status().rest != status.rest
    runtime.close()


def test_a_probe_tells_another_cluster(stack: Runtime) -> None:
    Probe(stack.kafka).ask(20)
    with pytest.raises(UnavailableError, match="another Kafka answers"):
        Probe(stack.kafka).ask(20, cluster_id="not that one's")
