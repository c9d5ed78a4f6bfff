"""Kafka releases other than the project's own: their jars, and their brokers as processes."""

from __future__ import annotations

import subprocess
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline import config
from pipeline.config import KafkaSettings
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.jars import Jar
from pipeline.stack.local.java import java_home
from pipeline.stack.local.log4j import write_log4j
from pipeline.stack.local.ports import LOOPBACK, free_port, listening

from .conftest import stack_environment
from .processes import started, wait_while_alive

PINS: Final = Path(__file__).with_suffix(".json")
_JVM: Final = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# Earlier releases have only a preview of the mode without ZooKeeper.
_WITHOUT_ZOOKEEPER: Final = (3, 3)
_LOGGING: Final = ("log4j-api", "log4j-core", "log4j-slf4j-impl", "log4j-1.2-api")
_START_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Kafka; its text is its version.

    Attributes:
        version: Kafka's version.
        jars: Jars of its broker, without a logging binding.
    """

    version: str
    jars: tuple[Jar, ...]

    def __str__(self) -> str:
        return self.version

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as comparable numbers."""
        return tuple(map(int, self.version.split(".")))


def releases() -> tuple[Release, ...]:
    """Those that can run, the oldest first."""
    pins = msgspec.json.decode(PINS.read_bytes(), type=dict[str, tuple[Jar, ...]])
    return tuple(sorted((Release(*pin) for pin in pins.items()), key=lambda one: one.numbers))


def fetched(release: Release) -> tuple[Path, ...]:
    """The jars of a release, downloaded if necessary.

    Raises:
        UnavailableError: A jar is not available.
    """
    # Apart from the jars of the program, of which there is one version each.
    directory = config.load(environment={}).cache_dir / "releases"
    jars.fetch(release.jars, directory)
    return jars.paths(release.jars, directory)


@contextmanager
def running(release: Release, classpath: tuple[Path, ...], folder: Path) -> Iterator[KafkaSettings]:
    """Start the broker of a release, and end it.

    Args:
        release: The release.
        classpath: Its jars.
        folder: Folder for its files.
    """
    settings = config.load(environment=stack_environment(folder))
    logging = (next(cluster.wheel_lib().glob(f"{name}-[0-9]*.jar")) for name in _LOGGING)
    write_log4j(folder / "log4j2.properties")
    java = (
        str(java_home(settings) / "bin" / "java"),
        *_JVM,
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        "-cp",
        ":".join(map(str, (*classpath, *logging))),
    )
    old = release.numbers < _WITHOUT_ZOOKEEPER
    port, other = free_port(), free_port()
    properties = folder / "server.properties"
    values = _COMMON | {"listeners": f"PLAINTEXT://{LOOPBACK}:{port}", "log.dirs": folder / "data"}
    values |= _with_zookeeper(other) if old else _alone(port, other)
    properties.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    before = (_zookeeper(java, folder, other),) if old else ()
    if not old:
        _format(java, properties, folder)
    with started(before) as zookeeper:
        if before:
            wait_while_alive(zookeeper, lambda: listening(other), _START_SECONDS, "ZooKeeper")
        spec = _spec("kafka", folder, port, (*java, "kafka.Kafka", str(properties)))
        with started([spec]) as (process,):
            wait_while_alive([process], lambda: listening(port), _START_SECONDS, f"Kafka {release}")
            yield KafkaSettings(bootstrap=f"{LOOPBACK}:{port}")


_COMMON: Final[dict[str, object]] = {
    "auto.create.topics.enable": "false",
    **broker.ALONE,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
}


def _with_zookeeper(port: int) -> dict[str, object]:
    return {"broker.id": 1, "zookeeper.connect": f"{LOOPBACK}:{port}"}


def _alone(port: int, controller: int) -> dict[str, object]:
    listeners = f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": listeners,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    }


def _zookeeper(java: tuple[str, ...], folder: Path, port: int) -> ProcessSpec:
    file = folder / "zookeeper.properties"
    file.write_text(
        f"dataDir={folder / 'zookeeper'}\nclientPort={port}\nclientPortAddress={LOOPBACK}\n"
        "admin.enableServer=false\n"
    )
    command = (*java, "org.apache.zookeeper.server.ZooKeeperServerMain", str(file))
    return _spec("zookeeper", folder, port, command)


def _format(java: tuple[str, ...], properties: Path, folder: Path) -> None:
    tool = ("kafka.tools.StorageTool", "format", f"--config={properties}")
    command = (*java, *tool, f"--cluster-id={broker.new_id()}")
    with (folder / "format.log").open("ab") as log:
        subprocess.run(command, stdout=log, stderr=log, check=True)


def _spec(name: str, folder: Path, port: int, command: tuple[str, ...]) -> ProcessSpec:
    async def ready(_: Process) -> bool:
        return listening(port)

    return ProcessSpec(name, name, command, folder / f"{name}.log", ready)
