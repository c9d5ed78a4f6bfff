"""A Kafka of several brokers and a Flink of several TaskManagers, as companies have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.errors import PipelineError
from pipeline.flink.rest import FlinkRest
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import LOOPBACK, free_port

from . import session_cluster
from .conftest import stack_environment
from .processes import Started, started, wait_while_alive

BROKERS = TASKMANAGERS = 3
SLOTS_EACH = PARALLELISM = 4
PARTITIONS = 64


@dataclass(frozen=True)
class Many:
    """The running processes.

    Attributes:
        settings: Settings of a profile that attaches to them.
        brokers: Processes of the brokers, by id.
    """

    settings: Settings
    brokers: tuple[Started, ...]


@contextmanager
def many(folder: Path) -> Iterator[Many]:
    """Start all processes at once, and end them."""
    own = msgspec.structs.replace(
        config.load(environment=stack_environment(folder / "flink")), slots=SLOTS_EACH
    )
    jars.fetch(jars.manifest().jars, own.jars_dir)
    ports = tuple(free_port() for _ in range(BROKERS))
    rest = f"http://{LOOPBACK}:{(port := free_port())}"
    client = FlinkRest(own.flink.at(rest))
    home = session_cluster.home(own, port)
    java = java_home(own)
    flink = [
        session_cluster.jobmanager(own, java, home, client),
        *(
            session_cluster.taskmanager(own, java, home, client, f"taskmanager-{number}")
            for number in range(TASKMANAGERS)
        ),
    ]
    with (
        started(_brokers(own, folder, ports)) as brokers,
        started(flink) as cluster_processes,
        closing(client),
    ):
        wait_while_alive(
            (*brokers, *cluster_processes),
            lambda: _slots(client) == TASKMANAGERS * SLOTS_EACH,
            120,
            "TaskManagers",
        )
        kafka = KafkaSettings(
            bootstrap=",".join(f"{LOOPBACK}:{port}" for port in ports),
            partitions=PARTITIONS,
            replication=BROKERS,
        )
        attached = msgspec.structs.replace(
            own,
            profile="company",
            state_dir=folder / "company",
            kafka=kafka,
            flink=own.flink.at(rest),
            parallelism=PARALLELISM,
        )
        yield Many(attached, brokers)


def _brokers(own: Settings, folder: Path, ports: tuple[int, ...]) -> list[ProcessSpec]:
    """One quorum, in which each node is both broker and controller."""
    controllers = [free_port() for _ in ports]
    voters = ",".join(f"{i}@{LOOPBACK}:{port}" for i, port in enumerate(controllers, 1))
    cluster_id = broker.new_id()
    return [
        broker.broker(
            msgspec.structs.replace(own, state_dir=folder / f"broker-{number}"),
            java_home(own),
            cluster.wheel_lib(),
            port,
            controller,
            cluster_id=cluster_id,
            more={
                "node.id": number,
                "controller.quorum.voters": voters,
                "offsets.topic.replication.factor": len(ports),
                "transaction.state.log.replication.factor": len(ports),
                "min.insync.replicas": 2,
            },
        )
        for number, (port, controller) in enumerate(zip(ports, controllers, strict=True), 1)
    ]


def _slots(client: FlinkRest) -> int:
    try:
        return client.overview().slots_total
    except PipelineError:
        return 0
