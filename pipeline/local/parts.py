"""Which processes a profile needs: all of a stack, or only what attaches to somebody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipeline.config import FlinkSettings, KafkaSettings, Settings

from . import broker, cluster, gateway, jars, java
from .gateway import GatewaySpec
from .jars import Jar, Progress
from .ports import LOOPBACK, free_port
from .process import ProcessSpec

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """What the supervisor runs, and where that is.

    Attributes:
        kafka: Where Kafka is, or will be.
        flink: Where Flink is, or will be.
        services: The broker, where it is managed.
        gateway: What plans jobs, and runs them where Flink is managed.
    """

    kafka: KafkaSettings
    flink: FlinkSettings
    services: tuple[ProcessSpec, ...]
    gateway: GatewaySpec


def needed_jars(settings: Settings) -> tuple[Jar, ...]:
    """The jars that a start needs."""
    known = jars.manifest()
    return known.planner + known.connector if settings.kafka.attached else known.jars


def fetch_jars(
    settings: Settings,
    report: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Download the jars that a start needs and that are missing.

    Args:
        settings: Of the profile.
        report: Told how far it is, in words.
        stop: Asked often; True ends the download.

    Raises:
        UnavailableError: A jar could not be had.
        Cancelled: `stop` said so.
    """

    def show(progress: Progress) -> None:
        received, total = progress.received / _MIB, progress.size_total / _MIB
        files = f"{progress.files} of {progress.files_total} files"
        report(f"{received:,.0f} of {total:,.0f} MiB, {files}")

    jars.fetch(
        needed_jars(settings),
        settings.jars_dir,
        repository=settings.maven_repository,
        report=show,
        stop=stop,
    )


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
        planner = gateway.submitter(settings, home_of_java, home, flink)
    else:
        port = free_port(flink.port)
        flink = flink.at(f"http://{LOOPBACK}:{port}")
        planner = gateway.flink(settings, home_of_java, cluster.cluster_home(settings, port))
    return Parts(kafka, flink, tuple(services), planner)
