"""Generates transactions: seeded, endless, and in order of event time."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from pipeline.contract import Transaction
from pipeline.errors import ConfigError
from pipeline.model.simulator import Pattern

from .customers import Customers
from .merchants import CATEGORIES, Category, make_merchants
from .patterns.burst import plan_burst
from .patterns.merchant import FEWEST_CUSTOMERS, plan_merchant
from .patterns.purchase import Purchase
from .patterns.takeover import plan_takeover
from .patterns.testing import plan_testing
from .people import Person, make_people

DEFAULT_SEED: Final = 20_230_301
DEFAULT_USERS: Final = 1_000
DEFAULT_START: Final = datetime(2023, 3, 1, 6)

# Fraud episodes per ordinary transaction, by hour: rarer by day, about 0.7 % fraud overall.
_EPISODES_BY_HOUR: Final = tuple(
    0.0030 if hour in (22, 23, 0, 1, 2, 3) else 0.0004 for hour in range(24)
)
# Per ordinary transaction, while the pattern is on: each adds 0.1 to 0.3 % fraud.
_EPISODES_OF: Final = {
    Pattern.TESTING: 0.0003,
    Pattern.TAKEOVER: 0.0001,
    Pattern.MERCHANT: 0.000_03,
}
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
        self._customers = Customers(FEWEST_CUSTOMERS)
        self._patterns: tuple[Pattern, ...] = ()
        self._first: set[Pattern] = set()

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
            self._plan(plan_burst(self._random, person))
        for pattern in self._patterns:
            self._may_begin(pattern, person, now)
        category = CATEGORIES[self._category_at[now.hour].draw(self._random)]
        amount = category.median * person.spending * self._random.lognormvariate(0, category.spread)
        merchant = self._random.choice(self._merchants[category])
        self._customers.remember(merchant, category, person)
        return self._transaction(now, person, category, merchant, max(1.0, amount), is_fraud=0)

    @property
    def intensity(self) -> float:
        """Share of the average rate at this hour of event time; 1 on average over a day."""
        return self._intensity_at[self.event_time.hour]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """What is switched on beyond bursts."""
        return self._patterns

    def switch(self, patterns: Collection[Pattern]) -> None:
        """Switch these patterns on, and all others off; episodes that have begun go on.

        The first episode of a pattern that was off begins with the next ordinary transaction, so
        that it shows immediately; that of a merchant as soon as one has enough customers.
        """
        self._first |= {*patterns} - {*self._patterns}
        self._first &= {*patterns}
        self._patterns = tuple(pattern for pattern in Pattern if pattern in patterns)

    def inject_fraud(self) -> int:
        """Begin a burst now; returns the id of the user whose card was stolen."""
        person = self._random.choice(self._people)
        self._plan(plan_burst(self._random, person))
        return person.user_id

    def _may_begin(self, pattern: Pattern, person: Person, now: datetime) -> None:
        """Draw whether an episode begins, of this person unless it is that of a merchant."""
        if pattern not in self._first and self._random.random() >= _EPISODES_OF[pattern]:
            return
        match pattern:
            case Pattern.TESTING:
                self._plan(plan_testing(self._random, person))
            case Pattern.TAKEOVER:
                self._plan(plan_takeover(self._random, person, now))
            case Pattern.MERCHANT:
                if (drawn := self._customers.draw(self._random)) is None:
                    return
                (merchant, category), customers = drawn
                self._plan(plan_merchant(self._random, merchant, category, customers))
        self._first.discard(pattern)

    def _plan(self, episode: list[Purchase]) -> None:
        for purchase in episode:
            self._plans += 1
            heapq.heappush(self._planned, (self._elapsed + purchase.delay, self._plans, purchase))

    @property
    def event_time(self) -> datetime:
        """Event time of the latest transaction; the start before the first."""
        return self._start + timedelta(seconds=int(self._elapsed))

    def _fraudulent(self, purchase: Purchase) -> Transaction:
        person, category = purchase.person, purchase.category
        merchant = purchase.merchant or self._random.choice(self._merchants[category])
        return self._transaction(
            self.event_time, person, category, merchant, purchase.amount, is_fraud=1
        )

    def _transaction(
        self,
        now: datetime,
        person: Person,
        category: Category,
        merchant: str,
        amount: float,
        *,
        is_fraud: int,
    ) -> Transaction:
        return Transaction(
            trans_date_trans_time=now,
            cc_num=person.cc_num,
            merchant=merchant,
            category=category.name,
            amt=round(amount, 2),
            first=person.first,
            last=person.last,
            zipcode=person.zipcode,
            dob=person.dob,
            trans_num=f"{self._random.getrandbits(128):032x}",
            is_fraud=is_fraud,
            user_id=person.user_id,
        )
