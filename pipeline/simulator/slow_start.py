"""Sends the first transactions of a replay slowly, so that no partition is idle when it speeds up.

Flink ignores an idle partition in the watermark until its next record. At full speed, the first
partition that is read would advance the watermark by days before the first records of the others
are read, and those would be late. So the jobs get time to read the first record of each partition
before the next records are sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

# Much longer than a running job takes to read a record.
_PAUSE_SECONDS: Final = 0.5
# A file with few users may have no records for some partitions.
_FIRST_RECORDS: Final = 200


class Sender(Protocol):
    """A producer, such as `TopicProducer`."""

    @property
    def partitions(self) -> int:
        """Number of partitions of the topic."""

    @property
    def reached(self) -> frozenset[int]:
        """Partitions for which at least one delivery was acknowledged."""

    def send(self, key: bytes | None, value: bytes) -> None:
        """Queue one record."""

    def flush(self, timeout: float) -> None:
        """Wait until every record is delivered."""


class SlowStart:
    """Sends records, and waits after the first one of each partition.

    Args:
        sender: The producer.
        sleep: Sleeps for a number of seconds.
    """

    def __init__(self, sender: Sender, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sender = sender
        self._sleep = sleep
        self._partitions = sender.partitions
        self._left = _FIRST_RECORDS if self._partitions > 1 else 0

    def send(self, key: bytes | None, value: bytes) -> None:
        """Send one record; the first one of a partition takes a moment.

        Raises:
            UnavailableError: An earlier record could not be delivered.
        """
        self._sender.send(key, value)
        if self._left:
            self._left -= 1
            self._await_reading()

    def _await_reading(self) -> None:
        before = self._sender.reached
        self._sender.flush(30.0)
        reached = self._sender.reached
        if reached != before:
            self._sleep(_PAUSE_SECONDS)
        if len(reached) == self._partitions:
            self._left = 0
