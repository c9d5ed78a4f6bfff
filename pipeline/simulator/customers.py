"""Who has bought where: the people that a merchant can charge again."""

from __future__ import annotations

from random import Random
from typing import Final

from .merchants import Category
from .people import Person

# Of each merchant; the oldest are forgotten.
_MOST_REMEMBERED: Final = 60

Shop = tuple[str, Category]
"""Name and category: merchants of two categories may share a name."""


class Customers:
    """The latest customers of each merchant.

    Args:
        fewest: Distinct customers that a merchant needs to be drawn.
    """

    def __init__(self, fewest: int) -> None:
        self._fewest = fewest
        self._people: dict[tuple[str, str], dict[int, Person]] = {}
        self._frequented: list[Shop] = []

    def remember(self, merchant: str, category: Category, person: Person) -> None:
        """Remember a purchase."""
        shop = merchant, category.name
        people = self._people.get(shop)
        if people is None:
            people = self._people[shop] = {}
        if person.user_id in people:
            return
        if len(people) == _MOST_REMEMBERED:
            del people[next(iter(people))]
        people[person.user_id] = person
        if len(people) == self._fewest and self._fewest < _MOST_REMEMBERED:
            self._frequented.append((merchant, category))

    def draw(self, random: Random) -> tuple[Shop, list[Person]] | None:
        """Draw a merchant with enough customers, and return those; None if there is none yet."""
        if not self._frequented:
            return None
        merchant, category = shop = random.choice(self._frequented)
        return shop, list(self._people[merchant, category.name].values())
