"""What a written time looks like, for Java's and Python's regular expressions alike."""

from __future__ import annotations

from typing import Final

ISO: Final = (
    "(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)"
    "(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)"
)
"""A time in ISO 8601; its group is the time to the millisecond, without the zone.

The dollar sign would also match before the end of a line.
"""
EPOCH_S: Final = (-62_135_596_800, 253_402_300_799)
"""First and last second of the years 1 to 9999, since 1970."""
_MOST_INT64: Final = 2**63 - 1


def epoch_bounds(per_second: int) -> tuple[int, int]:
    """Return the first and the last time of the years 1 to 9999 that 64 bits hold, since 1970.

    Args:
        per_second: How many units are a second.
    """
    first, last = EPOCH_S
    return (
        max(first * per_second, -_MOST_INT64),
        min((last + 1) * per_second - 1, _MOST_INT64),
    )
