"""Merchants and the 14 categories of purchases of the public data set."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from .names import LAST_NAMES


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of purchase.

    Attributes:
        name: As in the public data set; `_net` is online, `_pos` in a shop.
        weight: Share of all purchases, relative to the other categories.
        median: Median amount.
        spread: Standard deviation of the amount's logarithm.
        hours: First and last hour of the day in which it is common.
    """

    name: str
    weight: float
    median: float
    spread: float
    hours: tuple[int, int]

    def at(self, hour: int) -> float:
        """Return its weight in one hour of the day."""
        first, last = self.hours
        return self.weight if first <= hour <= last else self.weight * 0.15


CATEGORIES: Final = (
    Category("gas_transport", 10.0, 62.0, 0.25, (6, 21)),
    Category("grocery_pos", 9.5, 104.0, 0.45, (7, 21)),
    Category("grocery_net", 3.5, 48.0, 0.45, (8, 23)),
    Category("home", 9.4, 44.0, 0.85, (8, 21)),
    Category("shopping_pos", 9.0, 30.0, 1.2, (9, 21)),
    Category("shopping_net", 7.5, 32.0, 1.3, (8, 23)),
    Category("kids_pets", 8.7, 44.0, 0.8, (8, 20)),
    Category("entertainment", 7.2, 44.0, 0.9, (11, 23)),
    Category("food_dining", 7.0, 40.0, 0.8, (11, 22)),
    Category("personal_care", 7.0, 34.0, 0.9, (8, 20)),
    Category("health_fitness", 6.6, 42.0, 0.8, (6, 21)),
    Category("misc_pos", 6.1, 26.0, 1.1, (8, 21)),
    Category("misc_net", 4.9, 28.0, 1.3, (8, 23)),
    Category("travel", 3.1, 15.0, 1.6, (6, 22)),
)

# Where stolen cards are used: online shops, and goods that can be resold.
FRAUD_CATEGORIES: Final = tuple(
    category
    for category in CATEGORIES
    if category.name in {"shopping_net", "misc_net", "grocery_pos", "shopping_pos", "gas_transport"}
)

ONLINE_CATEGORIES: Final = tuple(c for c in CATEGORIES if c.name.endswith("_net"))

# Electronics, clothes and vouchers find a buyer; a meal does not.
RESOLD_CATEGORIES: Final = tuple(
    category
    for category in CATEGORIES
    if category.name in {"shopping_net", "shopping_pos", "misc_net", "home"}
)

_FORMS: Final = ("LLC", "Inc", "Ltd", "PLC", "Group", "and Sons")


def make_merchants(random: Random, count: int) -> tuple[str, ...]:
    """Return names of merchants as in the public data set, where each begins with `fraud_`."""
    return tuple(_name(random) for _ in range(count))


def _name(random: Random) -> str:
    first, second, third = random.sample(LAST_NAMES, 3)
    kind = random.random()
    if kind < 0.4:
        return f"fraud_{first}, {second} and {third}"
    if kind < 0.7:
        return f"fraud_{first}-{second}"
    return f"fraud_{first} {random.choice(_FORMS)}"
