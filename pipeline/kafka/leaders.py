"""Partitions without a leader: a request to one runs into its timeout."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka.admin import TopicMetadata

from pipeline.errors import UnavailableError

_NONE: Final = -1
# A topic that was made a moment ago has no leaders yet.
_SETTLE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


def led(topic: TopicMetadata) -> list[int]:
    """The partitions that have a leader, by number."""
    return sorted(number for number, part in topic.partitions.items() if part.leader != _NONE)


def leaderless(topic: TopicMetadata) -> tuple[int, ...]:
    """Those that have none."""
    return tuple(sorted(topic.partitions.keys() - set(led(topic))))


def all_led(look: Callable[[], TopicMetadata]) -> list[int]:
    """The partitions of a topic, when all of them have a leader.

    Args:
        look: Asks for what is known of the topic.

    Raises:
        UnavailableError: One has none, also some seconds later.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while without := leaderless(known := look()):
        if time.monotonic() > deadline:
            raise no_leader(known.topic, without)
        time.sleep(_POLL_SECONDS)
    return led(known)


def no_leader(topic: str, without: tuple[int, ...]) -> UnavailableError:
    """That partitions of a topic cannot be read."""
    return UnavailableError(f"{in_words(topic, without)}.", "See whether all brokers run.")


def in_words(topic: str, without: tuple[int, ...]) -> str:
    """Which partitions have no leader, without a full stop."""
    numbers = ", ".join(map(str, without))
    partitions, have = ("Partition", "has") if len(without) == 1 else ("Partitions", "have")
    return f"{partitions} {numbers} of {topic} {have} no leader"
