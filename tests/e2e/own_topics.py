"""Topics and jobs of a test's own on the stack of a run: the others' stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from pipeline.config import Settings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.stack.runtime import Runtime

from .conftest import Run, command, stack_environment


@dataclass(frozen=True, slots=True)
class OwnTopics:
    """The stack of a run as of a profile with a topic prefix.

    Attributes:
        runtime: The profile's pipeline.
        run: Runs `fraudwatch` with it.
        variables: Its environment variables.
    """

    runtime: Runtime
    run: Run
    variables: Mapping[str, str]

    @property
    def transactions(self) -> str:
        """The topic of transactions."""
        return self.runtime.kafka.topic(TRANSACTION_TOPIC)

    def sink(self, job: str) -> str:
        """The topic of a job."""
        (feature,) = self.runtime.features.find([job])
        return self.runtime.kafka.topic(feature.topic)

    def producer(self, **options: Any) -> Producer:
        """A new producer, which has not cached the number of partitions."""
        dotted = {name.replace("_", "."): value for name, value in options.items()}
        return Producer({"bootstrap.servers": self.runtime.bootstrap} | dotted)

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.runtime.bootstrap})

    def configure(self, topic: str, **options: str) -> None:
        """Change options of a topic."""
        self._configure(ResourceType.TOPIC, topic, options)

    @contextmanager
    def broker_with(self, **options: str) -> Iterator[None]:
        """Change options of the broker for a while."""
        (broker,) = map(str, self.admin().list_topics(timeout=10).brokers)
        self._configure(ResourceType.BROKER, broker, options)
        try:
            yield
        finally:
            self._configure(ResourceType.BROKER, broker, dict.fromkeys(options))

    def _configure(self, kind: ResourceType, name: str, options: Mapping[str, str | None]) -> None:
        entries = [
            ConfigEntry(
                option.replace("_", "."),
                value,
                incremental_operation=(
                    AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
                ),
            )
            for option, value in options.items()
        ]
        resource = ConfigResource(kind, name, incremental_configs=entries)
        # The client has to outlive its futures.
        admin = self.admin()
        admin.incremental_alter_configs([resource])[resource].result(60)


@contextmanager
def own_topics(settings: Settings, prefix: str) -> Iterator[OwnTopics]:
    """Topics with a prefix, all empty; the jobs that read them are discarded at the end.

    Args:
        settings: Those of the run's stack.
        prefix: Prefix of the names of the topics and of the jobs.
    """
    own = msgspec.structs.replace(
        settings,
        kafka=msgspec.structs.replace(settings.kafka, topic_prefix=prefix),
        flink=msgspec.structs.replace(settings.flink, job_prefix=prefix),
    )
    variables = {
        **stack_environment(settings.state_dir),
        "FRAUDWATCH_KAFKA_TOPIC_PREFIX": prefix,
        "FRAUDWATCH_FLINK_JOB_PREFIX": prefix,
    }
    with closing(Runtime(own)) as runtime:
        runtime.fresh()
        yield OwnTopics(runtime, command(settings, variables), variables)
        for job in runtime.status().jobs:
            if job.job_id:
                runtime.stop_job(job.name, discard=True)
