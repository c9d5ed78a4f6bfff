"""The local Apache Kafka: one KRaft node in both roles, on loopback, with bounded memory."""

from __future__ import annotations

import uuid
from asyncio.subprocess import Process
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from pipeline import private_file
from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError

from . import jars
from .child_process import ProcessSpec
from .class_data import class_data
from .java import NO_FILE_OF_COUNTERS, UTF8_NAMES
from .log4j import write_log4j
from .ports import LOOPBACK, free_port, listening, ports_of
from .properties import render

# For a laptop: C1 only and the serial collector start fastest and use the least memory.
_JVM = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    NO_FILE_OF_COUNTERS,
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
)

# Kafka's own file in each directory that it keeps data in.
_META: Final = "meta.properties"
_ID: Final = "cluster.id="

ALONE: Final[Mapping[str, object]] = {
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
}
"""Settings of Kafka's internal topics for a single broker."""


class ManagedBroker:
    """The managed broker of a stack, on free ports.

    Args:
        settings: Settings of the profile, with data directory and preferred port.
        java: The Java home.
        flink_lib: Directory of the apache-flink wheel's jars, for log4j.

    Attributes:
        port: Its port for clients: at first the preferred one, or a free one if that is taken.
        controller_port: The port of its controller; 0 before the first `spec`.
    """

    def __init__(self, settings: Settings, java: Path, flink_lib: Path) -> None:
        self._settings = settings
        self._java = java
        self._flink_lib = flink_lib
        self.port = free_port(settings.kafka.port)
        self.controller_port = 0

    @property
    def kafka(self) -> KafkaSettings:
        """The cluster at the broker's current or future address."""
        return self._settings.kafka.at(f"{LOOPBACK}:{self.port}")

    @property
    def cluster_id(self) -> str:
        """The id of its cluster, once its directory is formatted; empty if it cannot be read."""
        return cluster_id(_data(self._settings))

    def spec(self, port: int) -> ProcessSpec:
        """Return the broker's process on a port, which is its address from now on."""
        controller_port = free_port()
        spec = broker(self._settings, self._java, self._flink_lib, port, controller_port)
        self.port, self.controller_port = port, controller_port
        return spec


def broker(
    settings: Settings,
    java: Path,
    flink_lib: Path,
    port: int,
    controller_port: int,
    *,
    more: Mapping[str, object] | None = None,
    cluster_id: str = "",
) -> ProcessSpec:
    """Return the broker's process.

    Args:
        settings: Settings of the profile, with the data directory.
        java: The Java home.
        flink_lib: Directory of the apache-flink wheel's jars, for log4j.
        port: Port for clients.
        controller_port: Port for the controller.
        more: Properties that override or extend the defaults, such as authenticated listeners.
        cluster_id: Id of an existing cluster to join; a new one when empty.
    """
    home, data = _home(settings), _data(settings)
    tmp = home / "tmp"
    tmp.mkdir(parents=True, exist_ok=True)
    config = home / "server.properties"
    log4j = home / "log4j2.properties"
    properties = {**_properties(data, port, controller_port), **(more or {})}
    private_file.write(config, render(properties))
    write_log4j(log4j, show_values=settings.show_sensitive)
    classpath = _classpath(settings, flink_lib)
    classes = class_data(settings, "kafka", java, _JVM, classpath)
    run = (
        str(java / "bin" / "java"),
        *_JVM,
        *classes.flags(),
        # The libraries of snappy and zstd are unpacked and loaded from there.
        f"-Djava.io.tmpdir={tmp}",
        f"-Dlog4j2.configurationFile={log4j}",
        "-cp",
        ":".join(map(str, classpath)),
    )
    if not (data / _META).is_file():
        _format(data, cluster_id or new_id(), properties["node.id"])

    async def ready(process: Process) -> bool:
        if not listening(port):
            return False
        if port in ports_of(process.pid):
            return True
        raise UnavailableError(f"another process has taken its port {port}")

    return ProcessSpec(
        name="kafka",
        title="Kafka broker",
        command=(*run, "kafka.Kafka", str(config)),
        log=settings.logs_dir / "kafka.log",
        ready=ready,
        environment=UTF8_NAMES,
        tmp=tmp,
        afterwards=classes.make,
    )


def topics_on_disk(settings: Settings) -> frozenset[str]:
    """Return the names of the topics in the managed broker's directory.

    A partition has a directory, called by its topic and number, for as long as it is not deleted.
    """
    directories = (path.name.rpartition("-") for path in _data(settings).iterdir())
    return frozenset(topic for topic, _, number in directories if number.isdigit())


def cluster_id(data: Path) -> str:
    """Return the id of the cluster that a directory was formatted for; empty if it has none."""
    try:
        lines = (data / _META).read_text(encoding="latin-1").splitlines()
    except OSError:
        return ""
    return next((value for line in lines if (value := line.removeprefix(_ID)) != line), "")


def new_id() -> str:
    """Return a random id in Kafka's format, for a cluster or a directory."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _format(data: Path, cluster_id: str, node_id: object) -> None:
    """Format an empty directory like `kafka-storage.sh format`, without starting a JVM.

    The feature levels of the cluster do not depend on the configuration; they are a file written by
    the tool of the same Kafka version.
    """
    data.mkdir(exist_ok=True)
    levels = files("pipeline.stack.local").joinpath("bootstrap.checkpoint").read_bytes()
    private_file.write(data / "bootstrap.checkpoint", levels)
    ids = {"cluster.id": cluster_id, "directory.id": new_id(), "node.id": node_id, "version": 1}
    # Last, since this file marks the directory as formatted.
    private_file.write(data / _META, render(ids))


def _home(settings: Settings) -> Path:
    return settings.state_dir / "kafka"


def _data(settings: Settings) -> Path:
    return _home(settings) / "data"


def _classpath(settings: Settings, flink_lib: Path) -> tuple[Path, ...]:
    kafka = [settings.jars_dir / jar.file_name for jar in jars.manifest().kafka]
    logging = [
        next(flink_lib.glob(f"{name}-[0-9]*.jar"))
        for name in ("log4j-api", "log4j-core", "log4j-slf4j-impl")
    ]
    return (*kafka, *logging)


def _properties(data: Path, port: int, controller_port: int) -> Mapping[str, object]:
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        **ALONE,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # For this long a dead broker counts as alive and cannot register again; a broker that is
        # merely slow loses its partitions after it.
        "broker.session.timeout.ms": 6_000,
        "broker.heartbeat.interval.ms": 500,
        # Kafka's defaults are for servers: 128 MiB for the cleaner, 8 I/O threads.
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.retention.check.interval.ms": 30_000,
    }
