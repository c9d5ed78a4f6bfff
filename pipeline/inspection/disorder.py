"""How far records are out of order, and the watermark that this asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_ZERO: Final = timedelta()
_STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
)
_NEARLY_ALL: Final = 0.999


@dataclass(frozen=True, slots=True)
class Disorder:
    """How far records are behind the newest one before them in their partition.

    Attributes:
        most: By how much the farthest is.
        nearly_all: By how much all but one in a thousand are at most.
        watermark: A watermark under which no record is late or, if that would be more than an
            hour, not more than one in a thousand.
        late: Records that would be late under it.
    """

    most: timedelta
    nearly_all: timedelta
    watermark: timedelta
    late: int


def disorder(times: Iterable[tuple[int, datetime]]) -> Disorder:
    """Measure the disorder of records.

    Args:
        times: Partition and event time of each record, in the order of offsets.
    """
    newest: dict[int, datetime] = {}
    behind = []
    for partition, time in times:
        ahead = max(newest.get(partition, time), time)
        newest[partition] = ahead
        behind.append(ahead - time)
    behind.sort()
    most = behind[-1] if behind else _ZERO
    nearly_all = behind[int((len(behind) - 1) * _NEARLY_ALL)] if behind else _ZERO
    wanted = most if most <= _STEPS[-1] else nearly_all
    watermark = next((step for step in _STEPS if wanted < step), _rounded_up(wanted))
    return Disorder(most, nearly_all, watermark, sum(each > watermark for each in behind))


def _rounded_up(length: timedelta) -> timedelta:
    hour = _STEPS[-1]
    return -(-length // hour) * hour
