"""A job's definition: its SQL without the way to Kafka, recorded to detect when it has changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from pipeline.config import KafkaSettings, Secret
from pipeline.formats import registry_client
from pipeline.kafka import security
from pipeline.sources.formats import AVRO_CONFLUENT
from pipeline.text.sql import literal

# Placeholder for the address and security options of Kafka, which may change between starts; in
# the form in which `ddl` writes table options.
ANY_BOOTSTRAP: Final = "{bootstrap}"
# Placeholder for the address and credentials of the schema registry, which may change likewise.
ANY_REGISTRY: Final = "{registry}"
# Placeholder for the compression of the sink, which does not change the results.
ANY_COMPRESSION: Final = "{compression}"

_TABLE: Final = "CREATE TEMPORARY TABLE "
# The option of a table, in a line of its own; no name of a topic has a quote.
_TOPIC: Final = re.compile(r"^ *'topic' = '([^']+)'", re.MULTILINE)

DIGEST_PARAMETER: Final = "fraudwatch.definition"
"""Global job parameter that carries the digest of a job's definition."""

# Kafka's timestamps have a time zone and event times do not; they are compared in this one.
SESSION_TIME_ZONE: Final = "UTC"


class Definition(msgspec.Struct, frozen=True):
    """A job's SQL, with placeholders for the way to Kafka; state is valid for one definition only.

    It contains no secrets, so it can be stored.

    Attributes:
        statements: In the order of execution; the last one is the INSERT.
    """

    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """First 16 characters of a hash of the statements."""
        return sha256("\0".join(self.statements).encode()).hexdigest()[:16]

    @property
    def topics(self) -> tuple[str, ...]:
        """Names in Kafka of the topics that it reads and writes."""
        tables = (text for text in self.statements if text.startswith(_TABLE))
        found = (name for table in tables for name in _TOPIC.findall(table))
        return tuple(dict.fromkeys(found))

    @property
    def sink(self) -> str:
        """Name in Kafka of the topic that it writes, which is the last one; empty without any."""
        return next(reversed(self.topics), "")

    def at(self, kafka: KafkaSettings, show: Callable[[Secret | str], str]) -> tuple[str, ...]:
        """Return the statements for a Kafka cluster.

        Args:
            kafka: The cluster and its credentials.
            show: `reveal` to include secrets, `hide` to mask them.

        Raises:
            ConfigError: A certificate, a key or a secret cannot be read.
        """
        options = {"bootstrap.servers": kafka.bootstrap_for_flink or kafka.bootstrap}
        options |= security.java(kafka, show)
        chosen = {
            _options({"bootstrap.servers": ANY_BOOTSTRAP}): _options(options),
            _options({"compression.type": ANY_COMPRESSION}): _options(
                {"compression.type": kafka.compression}
            ),
        }
        statements = self.statements
        any_registry = _options({"url": ANY_REGISTRY}, AVRO_CONFLUENT)
        if any(any_registry in text for text in statements):
            # Its secrets are no concern of other jobs.
            chosen[any_registry] = _options(
                registry_client.flink(kafka.registry, show), AVRO_CONFLUENT
            )
        for left_open, said in chosen.items():
            statements = tuple(text.replace(left_open, said) for text in statements)
        return statements


def _options(options: Mapping[str, str], of: str = "properties") -> str:
    """Format options of a Kafka client, or of another prefix, as table options, as `ddl` does."""
    return ",\n  ".join(
        f"{literal(f'{of}.{name}')} = {literal(value)}" for name, value in options.items()
    )
