"""Card testing: small amounts show that a stolen card works, large ones follow hours later."""

from __future__ import annotations

from random import Random
from typing import Final

from pipeline.simulator.merchants import ONLINE_CATEGORIES
from pipeline.simulator.people import Person

from .purchase import Purchase

_FEWEST_TESTS, _MOST_TESTS = 4, 9
# A program tries the card, so that the tests are closer together than a person's purchases.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_SMALLEST_TEST, _LARGEST_TEST = 0.5, 5.0
# The card is sold before it is used. From the last test on, in seconds.
_EARLIEST_USE, _LATEST_USE = 20 * 60.0, 6 * 3600.0
_MOST_USES: Final = 3
_LARGEST_AMOUNT: Final = 2_000.0


def plan_testing(random: Random, person: Person) -> list[Purchase]:
    """Plan four to nine tests within minutes, and one to three large purchases within six hours.

    All are online, and the first test is due at once.
    """
    purchases = []
    delay = 0.0
    for number in range(random.randint(_FEWEST_TESTS, _MOST_TESTS)):
        if number:
            delay += random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE)
        amount = random.uniform(_SMALLEST_TEST, _LARGEST_TEST)
        purchases.append(Purchase(delay, person, random.choice(ONLINE_CATEGORIES), amount))
    uses = (
        delay + random.uniform(_EARLIEST_USE, _LATEST_USE)
        for _ in range(random.randint(1, _MOST_USES))
    )
    for use in sorted(uses):
        amount = random.triangular(300, _LARGEST_AMOUNT, 600)
        purchases.append(Purchase(use, person, random.choice(ONLINE_CATEGORIES), amount))
    return purchases
