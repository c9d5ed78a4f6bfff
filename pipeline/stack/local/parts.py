"""The processes of a profile: all of a local stack, or only the submitter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipeline.config import FlinkSettings, Settings
from pipeline.sources.formats import AVRO, AVRO_CONFLUENT, PROTOBUF

from . import cluster, gateway_process, jars, java
from .broker import ManagedBroker
from .gateway_process import GatewaySpec
from .jars import DownloadProgress, Jar
from .ports import LOOPBACK, free_port

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """What the supervisor runs.

    Attributes:
        broker: The managed broker; None if Kafka is external.
        flink: Settings of the Flink cluster, with its current or future address.
        gateway: The JVM that plans jobs, and runs them if Flink is managed.
    """

    broker: ManagedBroker | None
    flink: FlinkSettings
    gateway: GatewaySpec


def needed_jars(settings: Settings) -> tuple[Jar, ...]:
    """Return the jars that a profile needs."""
    known = jars.manifest()
    return known.planner + known.connector if settings.kafka.attached else known.jars


def jars_of(format: str) -> tuple[Jar, ...]:
    """Return the jars that a job needs besides, for the format of its source."""
    known = jars.manifest()
    formats = {AVRO: known.avro, AVRO_CONFLUENT: known.avro, PROTOBUF: known.protobuf}
    return formats.get(format, ())


def fetch_jars(
    settings: Settings,
    report: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    *,
    wanted: tuple[Jar, ...] | None = None,
) -> None:
    """Download the missing jars of a profile.

    Args:
        settings: Settings of the profile.
        report: Called with the progress, in words.
        stop: Called often; True cancels the download.
        wanted: Other jars than those that the profile needs.

    Raises:
        UnavailableError: A jar could not be downloaded.
        Cancelled: `stop` returned True.
    """

    def show(progress: DownloadProgress) -> None:
        received, total = progress.received / _MIB, progress.size_total / _MIB
        files = f"{progress.files} of {progress.files_total} files"
        report(f"{received:,.0f} of {total:,.0f} MiB, {files}")

    jars.fetch(
        needed_jars(settings) if wanted is None else wanted,
        settings.jars_dir,
        repository=settings.maven_repository,
        report=show,
        stop=stop,
    )


def parts(settings: Settings) -> Parts:
    """Return the processes of a profile, with ports chosen for those that listen.

    Raises:
        PipelineError: Java or a secret is missing, or Flink's wheel is not installed.
    """
    home_of_java = java.java_home(settings)
    kafka, flink = settings.kafka, settings.flink
    managed = None
    if not kafka.attached:
        managed = ManagedBroker(settings, home_of_java, cluster.wheel_lib())
    if flink.attached:
        home = cluster.client_home(settings)
        planner = gateway_process.submitter(settings, home_of_java, home, flink)
    else:
        port = free_port(flink.port)
        flink = flink.at(f"http://{LOOPBACK}:{port}")
        planner = gateway_process.flink(
            settings, home_of_java, cluster.cluster_home(settings, port)
        )
    return Parts(managed, flink, planner)
