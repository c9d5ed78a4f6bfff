"""Transactions out of thin air: seeded, endless, in event time that never runs backwards."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from pipeline.errors import ConfigError
from pipeline.model import Transaction

from .fraud import Purchase, plan_episode
from .merchants import CATEGORIES, Category, make_merchants
from .people import Person, make_people

DEFAULT_SEED: Final = 20_230_301
DEFAULT_USERS: Final = 1_000
DEFAULT_START: Final = datetime(2023, 3, 1, 6)

# Episodes per ordinary transaction, by hour: rarer by day, and about 0.7 % fraud in all.
_EPISODES_BY_HOUR: Final = tuple(
    0.0030 if hour in (22, 23, 0, 1, 2, 3) else 0.0004 for hour in range(24)
)
_MERCHANTS_PER_CATEGORY: Final = 50


class _Weighted:
    """Draws items by weight, in one step however many there are."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._bounds = list(accumulate(weights))

    @property
    def total(self) -> float:
        """All weights together."""
        return self._bounds[-1]

    def draw(self, random: Random) -> int:
        return bisect(self._bounds, random.random() * self._bounds[-1])


class Generator:
    """An endless stream of transactions: the same for the same seed and the same calls.

    Args:
        seed: Decides everything.
        start: Event time of the beginning.
        users: How many card holders there are.

    Raises:
        ConfigError: There are no users.
    """

    def __init__(
        self, seed: int = DEFAULT_SEED, start: datetime = DEFAULT_START, users: int = DEFAULT_USERS
    ) -> None:
        if users < 1:
            raise ConfigError(
                f"The simulator cannot do with {users} users.", "Give it one or more."
            )
        # People and merchants come from the seed alone, so that a restarted simulator has the same
        # ones; what they do depends on when it starts, so that it does not do the same again.
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
        """The next transaction.

        Args:
            mean_gap: Seconds of event time that pass between two transactions on average.
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
        """How busy this hour of the day is; 1 on average over a day, less at night."""
        return self._intensity_at[self.event_time.hour]

    def inject_fraud(self) -> int:
        """Let an episode begin now; the user whom it hits."""
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
        """How far event time has come."""
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
