"""Values that a broker may refuse: its version lacks the request, or this user may not send it.

Callers show such a value as unknown and go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from confluent_kafka import KafkaError, KafkaException

T = TypeVar("T")

_NO_SUCH_REQUEST: Final = (
    # The client's error, from the broker's list of API versions, and the broker's own.
    KafkaError._UNSUPPORTED_FEATURE,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
)
_NOT_ALLOWED: Final = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands for a value that the broker refuses; `reason` is part of a sentence."""

    reason: str


OTHER_VERSION: Final = Unknown("this version of Kafka does not report it")


def given(ask: Callable[[], T]) -> T | Unknown:
    """Return a value, or `Unknown` if the broker refuses it.

    Args:
        ask: Requests the value, or waits for it.

    Raises:
        KafkaException: The request failed for any other reason.
    """
    try:
        return ask()
    except KafkaException as error:
        code = error.args[0].code()
        if code in _NO_SUCH_REQUEST:
            return OTHER_VERSION
        if code in _NOT_ALLOWED:
            return Unknown("Kafka denies it to this user")
        raise
