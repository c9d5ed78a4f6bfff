"""Which processes a profile needs: all of a stack, or only what attaches to somebody's."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.flink.rest import FlinkRest

from . import broker, cluster, gateway, jars, java
from .jars import Jar
from .ports import LOOPBACK, free_port
from .process import ProcessSpec


@dataclass(frozen=True, slots=True)
class Parts:
    """What the supervisor runs, and where that is.

    Attributes:
        kafka: Where Kafka is, or will be.
        flink: Where Flink is, or will be.
        services: The broker and the cluster, where they are ours.
        submitter: What hands jobs to the cluster; it is ours always.
    """

    kafka: KafkaSettings
    flink: FlinkSettings
    services: tuple[ProcessSpec, ...]
    submitter: ProcessSpec


def needed_jars(settings: Settings) -> tuple[Jar, ...]:
    """The jars that a start needs."""
    known = jars.manifest()
    return known.connector if settings.kafka.attached else known.jars


def parts(settings: Settings) -> Parts:
    """The processes of a profile, with ports chosen for those that listen.

    Raises:
        PipelineError: Java or a secret is not where the settings say, or the wheel of Flink is not
            installed.
    """
    home_of_java = java.java_home(settings)
    services: list[ProcessSpec] = []
    kafka, flink = settings.kafka, settings.flink
    if not kafka.attached:
        port = free_port(kafka.port)
        kafka = kafka.at(f"{LOOPBACK}:{port}")
        services.append(
            broker.broker(
                settings, home_of_java, cluster.wheel_lib(), port, controller_port=free_port()
            )
        )
    if flink.attached:
        home = cluster.client_home(settings)
    else:
        port = free_port(flink.port)
        flink = flink.at(f"http://{LOOPBACK}:{port}")
        home = cluster.cluster_home(settings, port, rpc_port=free_port())
        rest = FlinkRest(flink)
        services += [
            cluster.jobmanager(settings, home_of_java, home, rest),
            cluster.taskmanager(settings, home_of_java, home, rest),
        ]
    submitter = gateway.submitter(settings, home_of_java, home, flink)
    return Parts(kafka, flink, tuple(services), submitter)
