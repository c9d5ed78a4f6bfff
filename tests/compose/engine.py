"""A container engine of the tests' own: podman's service, with its own images and networks."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from .packages import CannotRunError

_READY_SECONDS = 180.0
_CHECK_SECONDS = 1.0

_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]

[network]
network_backend = "netavark"
network_config_dir = "{home}/networks"

[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
tmp_dir = "{home}/tmp"
# Images are only ever those made here.
compat_api_enforce_docker_hub = false
"""
_STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{home}/storage"
runroot = "{home}/run"
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine.

    Attributes:
        environment: Variables with which `podman` and `docker-compose` use it.
    """

    environment: Mapping[str, str]

    def run(
        self,
        *command: str | Path,
        timeout: float = 600,
        check: bool = True,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command with the engine's variables.

        Raises:
            AssertionError: It failed; with its output.
        """
        done = subprocess.run(
            command,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        said = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}:\n{said}"
        return done


@contextmanager
def engine(home: Path) -> Iterator[Engine]:
    """Start an engine that stores everything under `home`, and stop it at the end.

    Raises:
        CannotRunError: Containers cannot run here.
    """
    environment = _configure(home)
    with TemporaryDirectory(prefix="engine-") as folder:
        socket = Path(folder) / "engine.sock"
        # The tests run the health checks: podman needs systemd for that.
        service = subprocess.Popen(
            ("podman", "system", "service", "--time=0", f"unix://{socket}"),
            env=environment | {"DISABLE_HC_SYSTEMD": "true"},
            stdin=subprocess.DEVNULL,
            stdout=(home / "service.log").open("w"),
            stderr=subprocess.STDOUT,
        )
        ended = threading.Event()
        checks = threading.Thread(target=_check_health, args=(socket, ended), name="health")
        try:
            _wait_ready(service, socket, home / "service.log")
            checks.start()
            yield Engine(environment | {"DOCKER_HOST": f"unix://{socket}"})
        finally:
            ended.set()
            if checks.is_alive():
                checks.join()
            _end(service)
            # The engine leaves its storage mounted onto itself.
            subprocess.run(
                ("umount", home / "storage" / "overlay"), capture_output=True, check=False
            )


def _configure(home: Path) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    names = {"containers.conf": _CONTAINERS_CONF, "storage.conf": _STORAGE_CONF}
    for name, text in names.items():
        (home / name).write_text(text.format(home=home))
    return {
        **os.environ,
        "CONTAINERS_CONF": str(home / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
    }


def _wait_ready(service: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(socket):
        if service.poll() is not None or time.monotonic() > deadline:
            raise CannotRunError(f"podman does not run: {log.read_text()[-300:]}")
        time.sleep(0.1)


def _answers(socket: Path) -> bool:
    try:
        with _client(socket) as client:
            return client.get("/_ping").is_success
    except httpx.TransportError:
        return False


def _client(socket: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(socket))
    return httpx.Client(transport=transport, base_url="http://engine", timeout=60)


def _check_health(socket: Path, ended: threading.Event) -> None:
    """Run every running container's check, as an engine with systemd does.

    It runs every second during the start period, when a failure does not count, and then at the
    check's interval. It ends for a healthy container, since the tests check that one themselves.
    """
    checked: dict[str, float] = {}
    with _client(socket) as client:
        while not ended.wait(_CHECK_SECONDS):
            try:
                waiting = client.get(
                    "/containers/json", params={"filters": '{"health": ["starting", "unhealthy"]}'}
                )
                for container in waiting.json():
                    address = f"/v4.0.0/libpod/containers/{container['Id']}"
                    said = client.get(f"{address}/json").json()
                    due = checked.get(container["Id"], 0.0) + _pause(said)
                    if time.monotonic() >= due:
                        client.get(f"{address}/healthcheck")
                        checked[container["Id"]] = time.monotonic()
            except (httpx.TransportError, KeyError):
                # Every user of the engine notices when it is gone, and a container that is gone has
                # no health.
                continue


def _pause(container: Mapping[str, Any]) -> float:
    """Seconds from one check of a container to its next."""
    check = container["Config"]["Healthcheck"]
    started = datetime.fromisoformat(container["State"]["StartedAt"])
    starting = datetime.now(UTC) - started < timedelta(microseconds=check["StartPeriod"] / 1_000)
    return _CHECK_SECONDS if starting else check["Interval"] / 1e9


def _end(service: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(service.pid).children(recursive=True)
    service.terminate()
    try:
        service.wait(timeout=20)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    for process in alive:
        process.kill()
