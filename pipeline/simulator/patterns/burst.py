"""A burst: a stolen card is tried with a small amount, then used often for large ones."""

from __future__ import annotations

from random import Random
from typing import Final

from pipeline.simulator.merchants import FRAUD_CATEGORIES
from pipeline.simulator.people import Person

from .purchase import Purchase

_FEWEST_PURCHASES, _MOST_PURCHASES = 4, 12
_LONGEST_PAUSE_SECONDS: Final = 8 * 60
_LARGEST_AMOUNT: Final = 1_400.0


def plan_burst(random: Random, person: Person) -> list[Purchase]:
    """Plan a burst of purchases whose amounts are far above those of the card's owner.

    The first purchase is due at once, so that an injected episode shows immediately.
    """
    purchases = []
    delay = 0.0
    for number in range(random.randint(_FEWEST_PURCHASES, _MOST_PURCHASES)):
        trial = number == 0
        if not trial:
            delay += random.uniform(20, _LONGEST_PAUSE_SECONDS)
        category = random.choice(FRAUD_CATEGORIES)
        amount = random.uniform(1, 10) if trial else random.triangular(150, _LARGEST_AMOUNT, 400)
        purchases.append(Purchase(delay, person, category, amount))
    return purchases
