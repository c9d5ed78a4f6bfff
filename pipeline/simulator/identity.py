"""Who a card belongs to, for files that do not say."""

from __future__ import annotations

from hashlib import blake2b


def user_id(cc_num: int) -> int:
    """A stable signed 64-bit user id for a card number.

    BLAKE2b with an 8-byte digest over the card number's decimal digits, read as a big-endian signed
    number: the same in every process, on every machine, and as often negative as not.
    """
    digest = blake2b(b"%d" % cc_num, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
