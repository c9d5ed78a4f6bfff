"""User ids for files without them."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


def user_id(cc_num: int) -> int:
    """Return a stable signed 64-bit user id for a card number.

    BLAKE2b with an 8-byte digest over the card number's decimal digits, read as a big-endian signed
    number: the same in every process and on every machine, and negative in half of all cases.
    """
    return user_of(str(cc_num))


@lru_cache(maxsize=100_000)
def user_of(text: str) -> int:
    """Return a user id for any text that identifies a user."""
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
