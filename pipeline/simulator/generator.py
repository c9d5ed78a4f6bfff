"""Generates transactions: seeded, endless, and in order of event time."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from pipeline.contract import Transaction
from pipeline.errors import ConfigError

from .fraud import Purchase, plan_episode
from .merchants import CATEGORIES, Category, make_merchants
from .people import Person, make_people

DEFAULT_SEED: Final = 20_230_301
DEFAULT_USERS: Final = 1_000
DEFAULT_START: Final = datetime(2023, 3, 1, 6)

# Fraud episodes per ordinary transaction, by hour: rarer by day, about 0.7 % fraud overall.
_EPISODES_BY_HOUR: Final = tuple(
    0.0030 if hour in (22, 23, 0, 1, 2, 3) else 0.0004 for hour in range(24)
)
_MERCHANTS_PER_CATEGORY: Final = 50


class _Weighted:
    """Draws indices in proportion to their weights, by bisection."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._bounds = list(accumulate(weights))

    @property
    def total(self) -> float:
        return self._bounds[-1]

    def draw(self, random: Random) -> int:
        return bisect(self._bounds, random.random() * self._bounds[-1])


class Generator:
    """An endless stream of transactions: the same for the same seed and the same calls.

    Args:
        seed: Of all random numbers.
        start: Event time of the beginning.
        users: Number of card holders.

    Raises:
        ConfigError: There are no users.
    """

    def __init__(
        self, seed: int = DEFAULT_SEED, start: datetime = DEFAULT_START, users: int = DEFAULT_USERS
    ) -> None:
        if users < 1:
            raise ConfigError(f"The number of simulated users is {users}.", "Set it to 1 or more.")
        # People and merchants depend on the seed alone, so that a restarted simulator has the same
        # ones. Their purchases depend on the start as well, so that they are not repeated.
        people = Random(seed)
        self._people = make_people(people, users)
        self._merchants = {
            category: make_merchants(people, _MERCHANTS_PER_CATEGORY) for category in CATEGORIES
        }
        self._random = Random(f"{seed} {start.isoformat()}")
        self._start = start
        self._elapsed = 0.0
        self._person_at = [_Weighted([p.at(hour) for p in self._people]) for hour in range(24)]
        totals = [choice.total for choice in self._person_at]
        self._intensity_at = [total * 24 / sum(totals) for total in totals]
        self._category_at = [_Weighted([c.at(hour) for c in CATEGORIES]) for hour in range(24)]
        self._planned: list[tuple[float, int, Purchase]] = []
        self._plans = 0

    def next(self, mean_gap: float) -> Transaction:
        """Return the next transaction and advance event time to it.

        Args:
            mean_gap: Average seconds of event time between two transactions.
        """
        ordinary = self._elapsed + self._random.expovariate(1.0) * mean_gap
        if self._planned and self._planned[0][0] <= ordinary:
            self._elapsed, _, purchase = heapq.heappop(self._planned)
            return self._fraudulent(purchase)
        self._elapsed = ordinary
        now = self.event_time
        person = self._people[self._person_at[now.hour].draw(self._random)]
        if self._random.random() < _EPISODES_BY_HOUR[now.hour]:
            self._plan(person)
        category = CATEGORIES[self._category_at[now.hour].draw(self._random)]
        amount = category.median * person.spending * self._random.lognormvariate(0, category.spread)
        return self._transaction(now, person, category, amount, is_fraud=0)

    @property
    def intensity(self) -> float:
        """Share of the average rate at this hour of event time; 1 on average over a day."""
        return self._intensity_at[self.event_time.hour]

    def inject_fraud(self) -> int:
        """Begin a fraud episode now; returns the id of the user whose card was stolen."""
        person = self._random.choice(self._people)
        self._plan(person)
        return person.user_id

    def _plan(self, person: Person) -> None:
        for purchase in plan_episode(self._random, person):
            self._plans += 1
            heapq.heappush(self._planned, (self._elapsed + purchase.delay, self._plans, purchase))

    def _fraudulent(self, purchase: Purchase) -> Transaction:
        return self._transaction(
            self.event_time, purchase.person, purchase.category, purchase.amount, is_fraud=1
        )

    @property
    def event_time(self) -> datetime:
        """Event time of the latest transaction; the start before the first."""
        return self._start + timedelta(seconds=int(self._elapsed))

    def _transaction(
        self, now: datetime, person: Person, category: Category, amount: float, *, is_fraud: int
    ) -> Transaction:
        return Transaction(
            trans_date_trans_time=now,
            cc_num=person.cc_num,
            merchant=self._random.choice(self._merchants[category]),
            category=category.name,
            amt=max(1.0, round(amount, 2)),
            first=person.first,
            last=person.last,
            zipcode=person.zipcode,
            dob=person.dob,
            trans_num=f"{self._random.getrandbits(128):032x}",
            is_fraud=is_fraud,
            user_id=person.user_id,
        )
