"""The first transactions of a replay, sent so that no partition sleeps through them.

Flink leaves a partition that has been silent for a while out of the watermark, until its next
record comes. At full speed the partition that is read first would take the watermark days ahead
before the others' first records are read, and those would be late. So the first record of each
partition is given the time to be read before anything follows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

# Much longer than a job takes to read a record that it waits for.
_PAUSE_SECONDS: Final = 0.5
# A file of few users may never reach some partition; by then others are well awake.
_FIRST: Final = 200


class Sender(Protocol):
    """Where records go, as `TransactionProducer` does it."""

    @property
    def partitions(self) -> int:
        """How many the topic has."""

    @property
    def reached(self) -> frozenset[int]:
        """Those that have taken a record."""

    def send(self, key: bytes, value: bytes) -> None:
        """Queue one record."""

    def flush(self, timeout: float) -> None:
        """Wait until all is delivered."""


class Waking:
    """Sends records, the first ones of each partition slowly.

    Args:
        sender: Where records go.
        sleep: Waits so many seconds.
    """

    def __init__(self, sender: Sender, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sender = sender
        self._sleep = sleep
        self._partitions = sender.partitions
        self._left = _FIRST if self._partitions > 1 else 0

    def send(self, key: bytes, value: bytes) -> None:
        """Send one record; returns after a moment when it is the first of its partition.

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
