"""Where to start reading a topic."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reset(Enum):
    """The end of a topic to start reading from, as in Kafka's `auto.offset.reset`."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` records of a topic, an equal share from each partition, and then new ones.

    Offsets of deleted and compacted records count too.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Since:
    """From the first record whose Kafka timestamp is `timestamp_ms` or later."""

    timestamp_ms: int


Start = Reset | Last | Since

"""Where to start reading a topic."""
