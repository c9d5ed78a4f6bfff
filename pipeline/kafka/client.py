"""What every Kafka client of ours has in common, and how its errors reach the user."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from pipeline.errors import UnavailableError

REQUEST_SECONDS: Final = 10.0


def client_config(bootstrap: str) -> dict[str, Any]:
    """The part of a client's configuration that is the same for all.

    Args:
        bootstrap: Kafka's address.
    """
    return {
        "bootstrap.servers": bootstrap,
        "broker.address.family": "v4",
        # librdkafka writes to stderr, into whatever screen is there, unless it has a logger.
        "logger": logging.getLogger("pipeline.kafka"),
        "socket.timeout.ms": 10_000,
        "reconnect.backoff.max.ms": 2_000,
        "topic.metadata.refresh.interval.ms": 10_000,
    }


def unavailable(bootstrap: str, error: KafkaError | KafkaException) -> UnavailableError:
    """What a client's error means to the user."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    reason = cause.str() if isinstance(cause, KafkaError) else str(cause)
    return UnavailableError(
        f"Kafka at {bootstrap} cannot be used: {reason}.",
        "See whether it runs with `fraudwatch status`.",
    )


@contextmanager
def reporting(bootstrap: str) -> Iterator[None]:
    """Turn a client's exceptions into an UnavailableError.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    try:
        yield
    except KafkaException as error:
        raise unavailable(bootstrap, error) from error
