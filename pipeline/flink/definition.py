"""What a job computes, apart from where it runs: kept beside its state, to tell when it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from pipeline.config import KafkaSettings, Secret
from pipeline.kafka import security

# Stands for how Kafka is reached, which may be another way at each start: one option of a table,
# as `ddl` writes it.
ANY_BOOTSTRAP: Final = "{bootstrap}"
# Likewise how what is written is compressed, which changes nothing of what is computed.
ANY_COMPRESSION: Final = "{compression}"

DIGEST_PARAMETER: Final = "fraudwatch.definition"
"""The parameter of a job by which others can tell what it computes."""

# Event times have no zone, Kafka's timestamps have one: this is where they meet.
SESSION_TIME_ZONE: Final = "UTC"


class Definition(msgspec.Struct, frozen=True):
    """A job's SQL with the way to Kafka left open; state belongs to the SQL that made it.

    So no secret stands in what is kept.

    Attributes:
        statements: In the order in which they are executed; the last one is the INSERT.
    """

    statements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What tells it from other definitions, in 16 characters."""
        return sha256("\0".join(self.statements).encode()).hexdigest()[:16]

    def at(self, kafka: KafkaSettings, show: Callable[[Secret | str], str]) -> tuple[str, ...]:
        """The statements for a Kafka.

        Args:
            kafka: Where it is, and how Flink gets in.
            show: Tells a secret, or hides it: `security.reveal` or `security.hide`.

        Raises:
            ConfigError: A certificate, a key or a secret is not where the settings say.
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
        for left_open, said in chosen.items():
            statements = tuple(text.replace(left_open, said) for text in statements)
        return statements


def _options(client: Mapping[str, str]) -> str:
    """Options of a Kafka client as `ddl` writes them in a table."""
    return ",\n  ".join(
        f"{literal(f'properties.{name}')} = {literal(value)}" for name, value in client.items()
    )


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"
