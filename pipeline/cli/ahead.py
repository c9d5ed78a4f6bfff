"""Makes what is needed next while the last is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")

_END: Final = object()


@contextmanager
def ahead(items: Iterable[T], most: int) -> Iterator[Iterator[T]]:
    """Iterate in a thread, which is worth it where that is done without Python's lock.

    Args:
        items: They are asked for in that thread alone, one after the other. Those that nobody takes
            until the context ends are lost; what is being made then is waited for.
        most: How many are made before they are taken.

    Raises:
        Exception: What `items` raises, where it would be the next one.
    """
    iterator = iter(items)
    pool = ThreadPoolExecutor(1, "ahead")

    def taken() -> Iterator[T]:
        pending = deque(pool.submit(next, iterator, _END) for _ in range(most))
        while (item := pending.popleft().result()) is not _END:
            pending.append(pool.submit(next, iterator, _END))
            yield item  # type: ignore[misc]  # Only the end is no item.

    try:
        yield taken()
    finally:
        pool.shutdown(cancel_futures=True)
