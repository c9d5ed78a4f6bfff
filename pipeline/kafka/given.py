"""Figures that a broker may not give: it is of another version or make, or this user may not ask.

Whoever shows such a figure goes without it; everything else goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from confluent_kafka import KafkaError, KafkaException

T = TypeVar("T")

_NO_SUCH_REQUEST: Final = (
    # What the client finds out from the broker's list of versions, and what the broker answers.
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
    """In place of a figure that the broker does not give; `reason` is a part of a sentence."""

    reason: str


OTHER_VERSION: Final = Unknown("this version of Kafka does not tell")


def given(ask: Callable[[], T]) -> T | Unknown:
    """A figure, or why the broker does not give it.

    Args:
        ask: Asks for it, or takes the answer.

    Raises:
        KafkaException: Anything else is wrong, such as a broker that does not answer.
    """
    try:
        return ask()
    except KafkaException as error:
        code = error.args[0].code()
        if code in _NO_SUCH_REQUEST:
            return OTHER_VERSION
        if code in _NOT_ALLOWED:
            return Unknown("Kafka does not tell this user")
        raise
