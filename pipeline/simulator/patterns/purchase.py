"""A fraudulent purchase that an episode has planned."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.simulator.merchants import Category
from pipeline.simulator.people import Person


@dataclass(frozen=True, slots=True)
class Purchase:
    """A fraudulent purchase that is due `delay` seconds of event time after the episode begins.

    Attributes:
        delay: In seconds, not negative.
        person: The owner of the card.
        category: Of the merchant.
        amount: Not yet rounded.
        merchant: Its name; empty for any of the category.
    """

    delay: float
    person: Person
    category: Category
    amount: float
    merchant: str = ""
