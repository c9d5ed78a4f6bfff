"""A broker that moves the older segments of a topic to a store of its own, as in companies.

The store is the one of Kafka's own tests: a folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline import config
from pipeline.config import KafkaSettings
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.jars import Jar
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import LOOPBACK, free_port, listening

from .conftest import stack_environment
from .processes import started, wait_while_alive

_STORE: Final = Jar(
    "org.apache.kafka:kafka-storage:4.1.0:test:jar",
    530_035,
    "4e082beea53b5a0ccd0864a53034d45abdb6f617481e3118a576cd4d65f1ea94",
)
_START_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Tiered:
    """The running broker.

    Attributes:
        kafka: Its address.
        data: Its folder of local segments.
    """

    kafka: KafkaSettings
    data: Path

    def local_start(self, topic: str, partition: int) -> int:
        """The offset before which a partition's segments are in the store alone."""
        segments = (self.data / f"{topic}-{partition}").glob("*.log")
        return min((int(segment.stem) for segment in segments), default=0)


@contextmanager
def tiered_broker(folder: Path) -> Iterator[Tiered]:
    """Start the broker, and end it.

    Args:
        folder: Folder for its files.
    """
    settings = config.load(environment=stack_environment(folder))
    jars.fetch(jars.manifest().jars, settings.jars_dir)
    releases = settings.cache_dir / "releases"
    jars.fetch((_STORE,), releases)
    (store,) = jars.paths((_STORE,), releases)
    port = free_port()
    spec = broker.broker(
        settings,
        java_home(settings),
        cluster.wheel_lib(),
        port,
        free_port(),
        more=_properties(store, folder / "store"),
    )
    with started([spec]) as (process,):
        wait_while_alive([process], lambda: listening(port), _START_SECONDS, "the broker")
        kafka = KafkaSettings(bootstrap=f"{LOOPBACK}:{port}")
        yield Tiered(kafka, settings.state_dir / "kafka" / "data")


def _properties(jar: Path, store: Path) -> dict[str, object]:
    return {
        "remote.log.storage.system.enable": "true",
        "remote.log.storage.manager.class.name": (
            "org.apache.kafka.server.log.remote.storage.LocalTieredStorage"
        ),
        "remote.log.storage.manager.class.path": jar,
        "remote.log.metadata.manager.listener.name": "PLAINTEXT",
        "rlmm.config.remote.log.metadata.topic.num.partitions": 1,
        "rlmm.config.remote.log.metadata.topic.replication.factor": 1,
        "rsm.config.dir": store,
        "remote.log.manager.task.interval.ms": 200,
        "log.retention.check.interval.ms": 500,
        # Kafka's default for the first check is half a minute.
        "log.initial.task.delay.ms": 100,
        # How long after their deletion local segments leave the folder.
        "log.segment.delete.delay.ms": 100,
    }
