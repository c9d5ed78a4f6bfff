"""Partitions without a leader, on which every request would time out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka.admin import TopicMetadata

from pipeline.errors import UnavailableError

_NONE: Final = -1
# A topic created a moment ago has no leaders yet.
_SETTLE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


def led(topic: TopicMetadata) -> list[int]:
    """Return the partitions that have a leader."""
    return sorted(number for number, part in topic.partitions.items() if part.leader != _NONE)


def leaderless(topic: TopicMetadata) -> tuple[int, ...]:
    return tuple(sorted(topic.partitions.keys() - set(led(topic))))


def await_leaders(look: Callable[[], TopicMetadata]) -> list[int]:
    """Return the partitions of a topic once all of them have a leader.

    Args:
        look: Requests the topic's metadata.

    Raises:
        UnavailableError: One still has none after some seconds.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while without := leaderless(known := look()):
        if time.monotonic() > deadline:
            raise no_leader_error(known.topic, without)
        time.sleep(_POLL_SECONDS)
    return led(known)


def no_leader_error(topic: str, without: tuple[int, ...]) -> UnavailableError:
    return UnavailableError(f"{describe(topic, without)}.", "See whether all brokers run.")


def describe(topic: str, without: tuple[int, ...]) -> str:
    """Say which partitions have no leader, without a full stop."""
    numbers = ", ".join(map(str, without))
    partitions, have = ("Partition", "has") if len(without) == 1 else ("Partitions", "have")
    return f"{partitions} {numbers} of {topic} {have} no leader"
