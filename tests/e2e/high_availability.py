"""A Flink with two JobManagers, one of which leads through ZooKeeper, and a Kafka."""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pipeline import config
from pipeline.config import Settings
from pipeline.flink.rest import FlinkRest
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.cluster import FlinkHome
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import LOOPBACK, free_port, listening

from . import session_cluster
from .conftest import stack_environment
from .processes import Started, started, wait_while_alive

SLOTS = 4
# Time after which a silent leader is replaced; Flink's default is a minute.
_SESSION = "3 s"
_TICK_MS = 500


@dataclass(frozen=True)
class HighlyAvailable:
    """The running processes.

    Attributes:
        settings: Settings of a profile that attaches through the JobManager that does not lead.
        leader: The process of the leading JobManager.
    """

    settings: Settings
    leader: Started


@contextmanager
def highly_available(folder: Path) -> Iterator[HighlyAvailable]:
    """Start all processes with a known leader, and end them."""
    own = msgspec.structs.replace(
        config.load(environment=stack_environment(folder / "flink")), slots=SLOTS
    )
    jars.fetch(jars.manifest().jars, own.jars_dir)
    zookeeper_port, kafka_port, *rest_ports = (free_port() for _ in range(4))
    java = java_home(own)
    home = session_cluster.home(own, rest_ports[0])
    addresses = [f"http://{LOOPBACK}:{port}" for port in rest_ports]
    first, second = (FlinkRest(own.flink.at(address)) for address in addresses)
    options = {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": f"{LOOPBACK}:{zookeeper_port}",
        "high-availability.zookeeper.client.session-timeout": _SESSION,
        "high-availability.storageDir": (folder / "ha").as_uri(),
    }

    def manager(name: str, rest: FlinkRest, port: int) -> ProcessSpec:
        spec = session_cluster.jobmanager(own, java, home, rest)
        return _named(
            _with(spec, options | {"rest.port": str(port), "rest.bind-port": str(port)}), name
        )

    worker = _with(session_cluster.taskmanager(own, java, home, first), options)
    kafka = broker.broker(own, java, cluster.wheel_lib(), kafka_port, controller_port=free_port())
    before = [kafka, _zookeeper(own, home, zookeeper_port)]
    with closing(first), closing(second), started(before) as quorum:
        wait_while_alive(quorum, lambda: listening(zookeeper_port), 60, "ZooKeeper")
        with started([manager("leader", first, rest_ports[0])]) as (leader,):
            wait_while_alive([*quorum, leader], first.reachable, 120, "a leader")
            with started([manager("standby", second, rest_ports[1]), worker]) as others:
                wait_while_alive(
                    [*quorum, leader, *others],
                    lambda: second.reachable() and second.overview().slots_free == SLOTS,
                    120,
                    "the other JobManager and the TaskManager",
                )
                attached = msgspec.structs.replace(
                    own,
                    profile="company",
                    state_dir=folder / "company",
                    kafka=own.kafka.at(f"{LOOPBACK}:{kafka_port}"),
                    flink=own.flink.at(addresses[1]),
                )
                yield HighlyAvailable(attached, leader)


def _zookeeper(own: Settings, home: FlinkHome, port: int) -> ProcessSpec:
    """The ZooKeeper that is part of Flink."""
    folder = own.state_dir / "zookeeper"
    folder.mkdir(parents=True)
    settings = folder / "zoo.cfg"
    settings.write_text(
        f"dataDir={folder / 'data'}\n"
        f"clientPort={port}\n"
        f"clientPortAddress={LOOPBACK}\n"
        f"tickTime={_TICK_MS}\n"
        f"server.1={LOOPBACK}:{free_port()}:{free_port()}\n"
    )

    async def ready(_: Process) -> bool:
        return listening(port)

    return ProcessSpec(
        name="zookeeper",
        title="ZooKeeper",
        command=(
            str(java_home(own) / "bin" / "java"),
            "-Xmx128m",
            "-Dzookeeper.admin.enableServer=false",
            f"-Dlog4j.configurationFile={home.conf / 'log4j.properties'}",
            "-cp",
            f"{home.lib}/*",
            "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer",
            "--zkConfigFile",
            str(settings),
            "--peerId",
            "1",
        ),
        log=own.logs_dir / "zookeeper.log",
        ready=ready,
    )


def _with(spec: ProcessSpec, options: dict[str, str]) -> ProcessSpec:
    """A process of Flink with more options than its configuration has."""
    words = (word for name, value in options.items() for word in ("-D", f"{name}={value}"))
    return replace(spec, command=(*spec.command, *words))


def _named(spec: ProcessSpec, name: str) -> ProcessSpec:
    return replace(spec, name=name, log=spec.log.with_name(f"{name}.log"))
