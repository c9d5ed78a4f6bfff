"""Types that any thread may decode into."""

from __future__ import annotations

import threading
from typing import Any, Final, TypeVar

import msgspec

KindT = TypeVar("KindT")

_ready: Final[set[Any]] = set()
_preparing: Final = threading.Lock()


def ready(kind: KindT) -> KindT:
    """Return a type once msgspec has read its fields.

    msgspec reads the fields of a type when it is first used. A thread that uses the type meanwhile
    finds some of them missing, which ends the process with a segmentation fault (seen with 0.19 to
    0.22). Every type that is decoded into goes through here.
    """
    with _preparing:
        if kind not in _ready:
            msgspec.json.Decoder(kind)
            _ready.add(kind)
    return kind
