"""Two signals on the same records: where they agree, and where only one of them alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from pipeline.signals.agreement import Alerts, Beside

from .signal_row import identity_shown, is_hidden

if TYPE_CHECKING:
    from .signal_state import Counted, SignalState

# The newest of them; more would make the feed wait noticeably.
_RECORDS: Final = 20_000
_FLIPS: Final = 200


@dataclass(frozen=True, slots=True)
class Flip:
    """A record on which two signals disagree.

    Attributes:
        identity: What names the record, as text.
        shown: The same as it is shown.
        time: Its event time.
        amount: Its amount; None if it has none, or if that is not shown.
        fraud: Whether it is fraud; None if that is not known, or not shown.
        first: The score of the first signal.
        second: The score of the second one.
        alerts: Whether the first one alerts, and the second does not.
    """

    identity: str
    shown: str
    time: datetime
    amount: float | None
    fraud: bool | None
    first: float
    second: float
    alerts: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two signals say of the newest records that both have scored.

    Attributes:
        records: Their number.
        beside: The counts.
        flips: The records on which they disagree, the newest first.
    """

    records: int
    beside: Beside
    flips: tuple[Flip, ...]


def compare(first: str, one: SignalState, second: str, other: SignalState) -> Comparison:
    """Compare two signals.

    Args:
        first: Name of the first signal.
        one: What is held of it.
        second: Name of the second signal.
        other: What is held of it.
    """
    sides: dict[tuple[bool, bool], list[Counted]] = {}
    flips: list[Flip] = []
    for identity, mine in islice(reversed(one.counted.items()), _RECORDS):
        yours = other.counted.get(identity)
        if yours is None:
            continue
        alerts = mine.score >= one.threshold, yours.score >= other.threshold
        sides.setdefault(alerts, []).append(mine)
        if alerts[0] != alerts[1]:
            flips.append(
                Flip(
                    identity,
                    identity_shown(identity, one.sink),
                    mine.at,
                    None if is_hidden(one.sink, one.sink.amount) else mine.amount,
                    None if is_hidden(one.sink, one.sink.label) else mine.label,
                    mine.score,
                    yours.score,
                    alerts[0],
                )
            )
    both, neither = _alerts(sides.get((True, True))), _alerts(sides.get((False, False)))
    records = sum(map(len, sides.values()))
    flips.sort(key=lambda flip: flip.time, reverse=True)
    return Comparison(
        records,
        Beside(
            first=first,
            second=second,
            both=both,
            only_first=_alerts(sides.get((True, False))),
            only_second=_alerts(sides.get((False, True))),
            neither=neither,
            agreement=(both.transactions + neither.transactions) / records if records else None,
        ),
        tuple(flips[:_FLIPS]),
    )


def _alerts(found: list[Counted] | None) -> Alerts:
    records = found or []
    fraud = [each for each in records if each.label]
    return Alerts(
        fraud=len(fraud),
        fraud_amount=sum(each.amount or 0.0 for each in fraud),
        legitimate=sum(each.label is False for each in records),
        unlabelled=sum(each.label is None for each in records),
    )
