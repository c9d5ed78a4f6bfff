"""Notices that a client does not fetch records that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .offsets import Key

LOOK_SECONDS: Final = 5.0
_MOST_SECONDS: Final = 60.0


class Standstill:
    """Compares how far partitions are read with their ends, from one look to the next.

    After a topic is recreated or a broker was away, librdkafka may never fetch a partition again.
    It reports no error then, and answers other requests.

    Attributes:
        seconds: When to look again. It grows while the client stands still, since a slow connection
            may need that long for a single answer.
    """

    def __init__(self) -> None:
        self.seconds = LOOK_SECONDS
        self._unread: dict[Key, int] = {}

    def found(self, at: Mapping[Key, int], ends: Mapping[Key, int], *, waited: bool) -> bool:
        """Return whether a partition is where it was at the last look, before records of that time.

        Args:
            at: The offset up to which each partition is read.
            ends: The ends of partitions; those that are not known are left out.
            waited: Whether records were waited for in vain since the last look. Otherwise, those
                that were fetched may not have been taken yet.
        """
        unread = {key: at[key] for key, end in ends.items() if at[key] < end}
        stands = waited and any(self._unread.get(key) == offset for key, offset in unread.items())
        self._unread = unread
        self.seconds = min(self.seconds * 2, _MOST_SECONDS) if stands else LOOK_SECONDS
        return stands
