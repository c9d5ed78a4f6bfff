"""A merchant gone bad: for some hours it charges cards that it has seen before once more."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from pipeline.simulator.merchants import Category
from pipeline.simulator.people import Person

from .purchase import Purchase

FEWEST_CUSTOMERS: Final = 8
_MOST_CUSTOMERS: Final = 40
_SHORTEST, _LONGEST = 2 * 3600.0, 8 * 3600.0
_MOST_CHARGES: Final = 3
# Moderate, so that neither the amount nor one customer's purchases give it away.
_SMALLEST_AMOUNT, _LARGEST_AMOUNT, _USUAL_AMOUNT = 15.0, 150.0, 60.0


def plan_merchant(
    random: Random, merchant: str, category: Category, customers: Sequence[Person]
) -> list[Purchase]:
    """Plan charges of up to 40 customers, one to three each, over two to eight hours.

    The first charge is due at once.

    Args:
        random: Of the generator.
        merchant: Name of the merchant.
        category: Of the merchant.
        customers: Distinct people with a purchase there; at least one.
    """
    span = random.uniform(_SHORTEST, _LONGEST)
    charged = random.sample(customers, min(len(customers), _MOST_CUSTOMERS))
    each = [person for person in charged for _ in range(random.randint(1, _MOST_CHARGES))]
    random.shuffle(each)
    delays = [0.0, *sorted(random.uniform(0, span) for _ in each[1:])]
    return [
        Purchase(delay, person, category, _amount(random), merchant)
        for delay, person in zip(delays, each, strict=True)
    ]


def _amount(random: Random) -> float:
    return random.triangular(_SMALLEST_AMOUNT, _LARGEST_AMOUNT, _USUAL_AMOUNT)
