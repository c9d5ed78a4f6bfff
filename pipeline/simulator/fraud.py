"""Episodes of fraud: a stolen card, tried with a small amount, then used fast and dear."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from .merchants import FRAUD_CATEGORIES, Category
from .people import Person

_FEWEST, _MOST = 4, 12
_LONGEST_PAUSE_SECONDS: Final = 8 * 60
_DEAREST: Final = 1_400.0


@dataclass(frozen=True, slots=True)
class Purchase:
    """One fraudulent purchase to come: `delay` in seconds of event time from now."""

    delay: float
    person: Person
    category: Category
    amount: float


def plan_episode(random: Random, person: Person) -> list[Purchase]:
    """What a thief does with a card: a burst from now on, far above its owner's amounts.

    The first purchase is due at once, so that an episode can be called up and seen in real time.
    """
    purchases = []
    delay = 0.0
    for number in range(random.randint(_FEWEST, _MOST)):
        trial = number == 0
        if not trial:
            delay += random.uniform(20, _LONGEST_PAUSE_SECONDS)
        category = random.choice(FRAUD_CATEGORIES)
        amount = random.uniform(1, 10) if trial else random.triangular(150, _DEAREST, 400)
        purchases.append(Purchase(delay, person, category, amount))
    return purchases
