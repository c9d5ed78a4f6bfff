"""Detection of duplicate rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Unseen:
    """Remembers a bounded number of the latest rows.

    A job that restarts may write a transaction twice, with different offsets. Duplicates are found
    by the whole content, since `trans_num` is not unique.

    Args:
        limit: Rows to remember.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, row: Hashable) -> bool:
        """Remember a row, and return whether it is new."""
        identity = hash(row)
        if identity in self._seen:
            return False
        self._seen[identity] = None
        if len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return True
