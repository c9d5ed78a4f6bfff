"""How well a signal does: records counted by score and label, and the figures that follow.

Scores are counted in bins, so that memory is bounded however many records there are. Each edge of a
bin is a score that a threshold may have, at which every figure is exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp, isfinite, log, sqrt
from typing import Final

_BINS: Final = 1_000
# The quantile of the normal distribution that leaves 2.5 % on either side.
_NORMAL: Final = 1.959963984540054
_DAY: Final = timedelta(days=1)
_LEAST_SPAN: Final = timedelta(hours=1)

Label = bool | None
"""Whether a record is labelled fraud; None if it has no label."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, by Wilson's method."""

    value: float
    low: float
    high: float


def share(part: int, of: int) -> Share | None:
    """Return how large a part is; None if it is a part of nothing."""
    if not of:
        return None
    value, square = part / of, _NORMAL**2
    centre = (value + square / (2 * of)) / (1 + square / of)
    spread = sqrt(value * (1 - value) / of + square / (4 * of**2)) * _NORMAL / (1 + square / of)
    # What rounding adds must not leave the scale, nor the share outside of its own interval.
    return Share(
        value, max(0.0, min(value, centre - spread)), min(1.0, max(value, centre + spread))
    )


def average_precision_share(value: float, fraud: int) -> Share:
    """Return an average precision with its 95 % interval.

    It is the logit interval of Boyd, Eng and Page, "Area under the precision-recall curve: point
    estimates and confidence intervals" (2013), which stays within 0 and 1.

    Args:
        value: The average precision, from 0 to 1.
        fraud: The number of records labelled fraud, at least 1.
    """
    # With all or nothing right, a logit has no bounds: half a record less or more has.
    inner = min(max(value, 0.5 / (fraud + 1)), 1 - 0.5 / (fraud + 1))
    middle, spread = log(inner / (1 - inner)), _NORMAL / sqrt(fraud * inner * (1 - inner))
    low, high = (1 / (1 + exp(-at)) for at in (middle - spread, middle + spread))
    return Share(value, min(value, low), max(value, high))


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a threshold makes of the records.

    Attributes:
        caught: Alerts that are labelled fraud.
        false_alerts: Alerts that are labelled legitimate.
        missed: Other records that are labelled fraud.
        passed: Other records that are labelled legitimate.
        unlabelled_alerts: Alerts without a label.
        unlabelled: Records without a label, alerts or not.
        caught_amount: Sum of the amounts of `caught`.
        missed_amount: Sum of the amounts of `missed`.
        alerts_a_day: Alerts per day of event time; None if the records cover less than an hour.
    """

    caught: int = 0
    false_alerts: int = 0
    missed: int = 0
    passed: int = 0
    unlabelled_alerts: int = 0
    unlabelled: int = 0
    caught_amount: float = 0.0
    missed_amount: float = 0.0
    alerts_a_day: float | None = None

    @property
    def alerts(self) -> int:
        return self.caught + self.false_alerts + self.unlabelled_alerts

    @property
    def fraud(self) -> int:
        """Records that are labelled fraud."""
        return self.caught + self.missed

    @property
    def precision(self) -> Share | None:
        """The share of fraud among labelled alerts; None without any."""
        return share(self.caught, self.caught + self.false_alerts)

    @property
    def recall(self) -> Share | None:
        """The share of fraud that is caught; None without any fraud."""
        return share(self.caught, self.fraud)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None without an alert and without fraud."""
        of = 2 * self.caught + self.false_alerts + self.missed
        return 2 * self.caught / of if of else None


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by score and label.

    Attributes:
        edges: The least score of each bin, in order; the first is 0.
        fraud: Records labelled fraud in each bin.
        legitimate: Records labelled legitimate in each bin.
        unlabelled: Records without a label in each bin.
        amounts: Sum of the amounts labelled fraud in each bin.
        span: From the first to the last event time.
    """

    edges: Sequence[float] = field(default=(0.0,), repr=False)
    fraud: Sequence[int] = field(default=(0,), repr=False)
    legitimate: Sequence[int] = field(default=(0,), repr=False)
    unlabelled: Sequence[int] = field(default=(0,), repr=False)
    amounts: Sequence[float] = field(default=(0.0,), repr=False)
    span: timedelta = timedelta()

    @property
    def total(self) -> int:
        return sum(self.fraud) + sum(self.legitimate) + sum(self.unlabelled)

    def outcome(self, threshold: float) -> Confusion:
        """Return what a threshold makes of the records.

        Args:
            threshold: A record with this score or a higher one is an alert. Between two edges,
                the higher one counts.
        """
        at = bisect_left(self.edges, threshold)
        alerts = sum(map(sum, (self.fraud[at:], self.legitimate[at:], self.unlabelled[at:])))
        return Confusion(
            caught=sum(self.fraud[at:]),
            false_alerts=sum(self.legitimate[at:]),
            missed=sum(self.fraud[:at]),
            passed=sum(self.legitimate[:at]),
            unlabelled_alerts=sum(self.unlabelled[at:]),
            unlabelled=sum(self.unlabelled),
            caught_amount=sum(self.amounts[at:]),
            missed_amount=sum(self.amounts[:at]),
            alerts_a_day=None if self.span < _LEAST_SPAN else alerts * (_DAY / self.span),
        )

    def curve(self) -> list[tuple[float, float]]:
        """Return recall and precision for each score that occurs, the highest first."""
        fraud, points, caught, wrong = sum(self.fraud), [], 0, 0
        for positive, negative in zip(reversed(self.fraud), reversed(self.legitimate), strict=True):
            if positive or negative:
                caught, wrong = caught + positive, wrong + negative
                points.append((caught / fraud if fraud else 0.0, caught / (caught + wrong)))
        return points if fraud else []

    @property
    def average_precision(self) -> Share | None:
        """The area under the curve of precision over recall, in steps; None without fraud."""
        points = self.curve()
        if not points:
            return None
        steps = pairwise([(0.0, 0.0), *points])
        area = sum((recall - before) * precision for (before, _), (recall, precision) in steps)
        return average_precision_share(min(1.0, area), sum(self.fraud))

    def histogram(self, counts: Sequence[int], bars: int) -> list[int]:
        """Return counts of the bins in equally wide bars over the scores from 0 to 1."""
        found = [0] * bars
        for edge, count in zip(self.edges, counts, strict=True):
            # An edge such as 0.29 is a little below 29 hundredths.
            found[min(bars - 1, int(edge * bars + 1e-9))] += count
        return found


def edges_with(threshold: float) -> tuple[float, ...]:
    """Return the edges of the bins: thousandths, and a threshold between them."""
    return tuple(sorted({*(number / _BINS for number in range(_BINS + 1)), threshold}))


@dataclass(slots=True)
class Tally:
    """Counts records by score and label, in bounded memory.

    Attributes:
        edges: The least score of each bin, in order; the first is 0.
    """

    edges: Sequence[float]
    _counts: Counter[tuple[int, Label]] = field(default_factory=Counter)
    _amounts: dict[int, float] = field(default_factory=dict)
    _first: datetime | None = None
    _last: datetime | None = None

    def add(self, score: float, label: Label, amount: float | None, at: datetime) -> None:
        """Count a record."""
        place = max(0, bisect_right(self.edges, score) - 1)
        self._counts[place, label] += 1
        if label and amount is not None and isfinite(amount):
            self._amounts[place] = self._amounts.get(place, 0.0) + amount
        self._cover(at, at)

    def relabel(self, score: float, was: Label, label: Label, amount: float | None) -> None:
        """Count a record that was added before under another label."""
        place = max(0, bisect_right(self.edges, score) - 1)
        self._counts[place, was] -= 1
        self._counts[place, label] += 1
        if amount is not None and isfinite(amount) and bool(was) is not bool(label):
            more = amount if label else -amount
            self._amounts[place] = self._amounts.get(place, 0.0) + more

    def merge(self, other: Tally) -> None:
        """Add the records of another tally with the same edges."""
        self._counts.update(other._counts)
        for place, amount in other._amounts.items():
            self._amounts[place] = self._amounts.get(place, 0.0) + amount
        if other._first is not None and other._last is not None:
            self._cover(other._first, other._last)

    @property
    def total(self) -> int:
        """The number of records."""
        return self._counts.total()

    def counts(self) -> Counts:
        """Return the counts as they are now, frozen."""
        bins = range(len(self.edges))
        first, last = self._first, self._last
        return Counts(
            edges=self.edges,
            fraud=tuple(self._counts[place, True] for place in bins),
            legitimate=tuple(self._counts[place, False] for place in bins),
            unlabelled=tuple(self._counts[place, None] for place in bins),
            amounts=tuple(self._amounts.get(place, 0.0) for place in bins),
            span=last - first if first is not None and last is not None else timedelta(),
        )

    def _cover(self, first: datetime, last: datetime) -> None:
        self._first = first if self._first is None else min(first, self._first)
        self._last = last if self._last is None else max(last, self._last)


class MaturingTally:
    """Counts records once their labels have had time to come, and those of the last hours apart.

    Args:
        edges: The least score of each bin, in order; the first is 0.
        maturity: How much event time passes before a record counts.
        recent: How many hours are the last ones, of which the last has only begun.
    """

    def __init__(
        self, edges: Sequence[float], maturity: timedelta = timedelta(), recent: int = 24
    ) -> None:
        self._edges = edges
        self._maturity = maturity
        self._recent = timedelta(hours=recent)
        self._older = Tally(edges)
        self._by_hour: dict[datetime, Tally] = {}
        self._newest = datetime.min

    def add(self, score: float, label: Label, amount: float | None, at: datetime) -> None:
        """Count a record, at once or when it is mature."""
        hour = _hour(at)
        if hour > self._newest:
            self._newest = hour
            for old in [each for each in self._by_hour if not self._kept(each)]:
                self._older.merge(self._by_hour.pop(old))
        self._holding(hour).add(score, label, amount, at)

    def relabel(
        self, score: float, was: Label, label: Label, amount: float | None, at: datetime
    ) -> None:
        """Count a record that was added before under another label."""
        self._holding(_hour(at)).relabel(score, was, label, amount)

    def everything(self) -> Counts:
        """Return the counts of all mature records, frozen."""
        mature = (tally for hour, tally in self._by_hour.items() if self._age(hour) >= timedelta())
        return merged(self._edges, (self._older, *mature)).counts()

    def recent(self) -> Counts:
        """Return the counts of the mature records of the last hours, frozen."""
        within = (
            tally
            for hour, tally in self._by_hour.items()
            if timedelta() <= self._age(hour) < self._recent
        )
        return merged(self._edges, within).counts()

    @property
    def young(self) -> int:
        """The number of records that are not mature yet."""
        young = (tally for hour, tally in self._by_hour.items() if self._age(hour) < timedelta())
        return sum(tally.total for tally in young)

    def alerts(self, threshold: float) -> int:
        """Return how many of all records have this score or a higher one, mature or not."""
        every = merged(self._edges, (self._older, *self._by_hour.values()))
        return every.counts().outcome(threshold).alerts

    def _age(self, hour: datetime) -> timedelta:
        """Return for how long the records of an hour have been mature; negative if they are not."""
        return self._newest - hour - self._maturity

    def _kept(self, hour: datetime) -> bool:
        return self._age(hour) < self._recent

    def _holding(self, hour: datetime) -> Tally:
        return (
            self._by_hour.setdefault(hour, Tally(self._edges)) if self._kept(hour) else self._older
        )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def merged(edges: Sequence[float], tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies with these edges."""
    total = Tally(edges)
    for tally in tallies:
        total.merge(tally)
    return total


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a signal does.

    Attributes:
        threshold: The signal's threshold.
        everything: All mature records.
        recent: Those of the last day of event time.
        young: Number of records whose labels may still be on their way, which count nowhere.
        maturity: From when on records count.
    """

    threshold: float
    everything: Counts = Counts()
    recent: Counts = Counts()
    young: int = 0
    maturity: timedelta = timedelta()
