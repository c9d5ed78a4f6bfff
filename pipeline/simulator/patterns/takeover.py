"""Account takeover: a thief buys what can be resold while the owner goes on buying, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from pipeline.simulator.merchants import RESOLD_CATEGORIES
from pipeline.simulator.people import Person

from .purchase import Purchase

_FEWEST_PURCHASES, _MOST_PURCHASES = 6, 15
_SHORTEST, _LONGEST = 4 * 3600.0, 24 * 3600.0
# How often the thief buys while the owner is awake, relative to the hours of the owner's sleep.
_BY_DAY = 0.1
_SMALLEST_AMOUNT, _LARGEST_AMOUNT, _USUAL_AMOUNT = 250.0, 1_500.0, 500.0


def plan_takeover(random: Random, person: Person, begin: datetime) -> list[Purchase]:
    """Plan the thief's purchases over four hours to a day.

    Amounts are far above what the owner spends, at merchants whose goods can be resold, and most
    of the purchases are made while the owner sleeps. The first is due at once.

    Args:
        random: Of the generator.
        person: The owner of the account.
        begin: Event time of the first purchase.
    """
    span = random.uniform(_SHORTEST, _LONGEST)
    others = random.randint(_FEWEST_PURCHASES, _MOST_PURCHASES) - 1
    delays = [0.0, *sorted(_delay(random, person, begin, span) for _ in range(others))]
    return [
        Purchase(delay, person, random.choice(RESOLD_CATEGORIES), _amount(random, person))
        for delay in delays
    ]


def _delay(random: Random, person: Person, begin: datetime, span: float) -> float:
    """Draw seconds up to `span`, rarely such that the owner is awake."""
    while True:
        delay = random.uniform(0, span)
        awake = person.is_awake((begin + timedelta(seconds=delay)).hour)
        if not awake or random.random() < _BY_DAY:
            return delay


def _amount(random: Random, person: Person) -> float:
    amount = random.triangular(_SMALLEST_AMOUNT, _LARGEST_AMOUNT, _USUAL_AMOUNT)
    return amount * max(1.0, person.spending)
