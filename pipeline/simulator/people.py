"""Card holders: their names and cards, how much they spend, and when they are awake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from pipeline.files.identity import user_id

from .names import FIRST_NAMES, LAST_NAMES

# Issuer prefix and length of a card number: two of Visa's lengths, Mastercard, Amex, Discover.
_ISSUERS: Final = (("4", 16), ("4", 13), ("5", 16), ("37", 15), ("6011", 16))

# The hours in which a person buys: early risers, most people, and night owls.
_AWAKE: Final = ((5, 20), (7, 22), (7, 22), (11, 26))


@dataclass(frozen=True, slots=True)
class Person:
    """One card holder.

    Attributes:
        user_id: Signed 64-bit.
        cc_num: With a valid check digit.
        first: First name.
        last: Last name.
        zipcode: Five digits.
        dob: Date of birth, ISO.
        spending: Amount of a purchase relative to the average person; around 1.
        activity: Number of purchases relative to the average person; around 1.
        awake: First and last hour of their day; above 23 means past midnight.
    """

    user_id: int
    cc_num: int
    first: str
    last: str
    zipcode: str
    dob: str
    spending: float
    activity: float
    awake: tuple[int, int]

    def at(self, hour: int) -> float:
        """Return their weight among all people in one hour of the day."""
        return self.activity if self.is_awake(hour) else self.activity * 0.2

    def is_awake(self, hour: int) -> bool:
        """Whether an hour of the day is one in which they buy."""
        first, last = self.awake
        return first <= hour <= last or first <= hour + 24 <= last


def make_people(random: Random, count: int) -> tuple[Person, ...]:
    """Return `count` card holders, each with a card number of their own."""
    people: dict[int, Person] = {}
    while len(people) < count:
        person = _make_person(random)
        people[person.cc_num] = person
    return tuple(people.values())


def _make_person(random: Random) -> Person:
    cc_num = _card_number(random)
    born = date(1935, 1, 1) + timedelta(days=random.randrange(70 * 365))
    return Person(
        user_id=user_id(cc_num),
        cc_num=cc_num,
        first=random.choice(FIRST_NAMES),
        last=random.choice(LAST_NAMES),
        zipcode=f"{random.randrange(501, 99951):05d}",
        dob=born.isoformat(),
        spending=random.lognormvariate(0, 0.4),
        activity=random.lognormvariate(0, 0.6),
        awake=random.choice(_AWAKE),
    )


def _card_number(random: Random) -> int:
    prefix, length = random.choice(_ISSUERS)
    body = prefix + "".join(random.choices("0123456789", k=length - len(prefix) - 1))
    return int(body + str(_luhn_digit(body)))


def _luhn_digit(body: str) -> int:
    """Return the check digit that makes a card number valid (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
