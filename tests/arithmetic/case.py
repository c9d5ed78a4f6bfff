"""A case of the arithmetic of features: rows in, rows out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import pytest

from pipeline.contract import Transaction
from pipeline.features import Feature

DAY = datetime(2024, 3, 1)
Expression = Callable[[ir.Table], ir.Table]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Sent:
    """A transaction of the day, at `HH:MM:SS`."""

    at: str
    amount: float = 1.0
    user: int = 1
    category: str = "gas"


@dataclass(frozen=True)
class Case:
    """A sentence of the page, and what holds it.

    Attributes:
        says: The sentence, or a unique part of it; of a feature of the page, its name.
        expression: The feature's function.
        sent: The transactions, in the order in which they are sent.
        rows: The rows of the sink, in any order; times as `HH:MM:SS`.
        judged: Whether the rows do not depend on the order of equal times.
    """

    says: str
    expression: Expression
    sent: tuple[Sent, ...]
    rows: tuple[Row, ...]
    judged: bool = True

    def feature(self, name: str) -> Feature:
        """The feature over the case's own transactions, which are marked by its name."""
        return Feature(
            name, f"own_{name}", lambda rows: self.expression(rows.filter(rows.merchant == name))
        )


def transaction(name: str, sent: Sent, number: int = 0) -> Transaction:
    """A transaction of a case."""
    hours, minutes, seconds = map(int, sent.at.split(":"))
    return Transaction(
        DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds),
        cc_num=4, merchant=name, category=sent.category, amt=sent.amount,
        first="f", last="l", zipcode="z", dob="1980-01-01", trans_num=f"{number}",
        is_fraud=0, user_id=sent.user,
    )  # fmt: skip


def of_case(name: str, case: Case) -> list[Transaction]:
    """The transactions of a case."""
    return [transaction(name, sent, number) for number, sent in enumerate(case.sent, 1)]


def readable(row: Iterable[Any]) -> Row:
    """A row as it is written in a case, from DuckDB's values or those of a topic."""
    return tuple(map(_readable, row))


def _readable(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value.strftime("%H:%M:%S") if value.date() == DAY.date() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return {"Infinity": float("inf"), "NaN": float("nan")}.get(value, value)


def equal(found: Iterable[Row], expected: Sequence[Row]) -> bool:
    """Whether these are the rows, in any order; floats to the last digits."""
    rows = sorted(found, key=repr)
    if len(rows) != len(expected):
        return False
    left = list(expected)
    for row in rows:
        same = [one for one in left if len(one) == len(row) and all(map(_same, row, one))]
        if not same:
            return False
        left.remove(same[0])
    return True


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, Decimal):
        return Decimal(str(found)) == expected
    if isinstance(expected, float) and isinstance(found, int | float):
        return bool(found == pytest.approx(expected, rel=1e-12, abs=0, nan_ok=True))
    return bool(found == expected)


@dataclass(frozen=True)
class Late:
    """A sentence about transactions that come after event time has passed them.

    Attributes:
        says: The sentence of the page.
        expression: The feature's function.
        sent: What comes in time.
        written: Its rows.
        late: What comes when event time is at midnight; half an hour later, another of its user.
        counted: Whether the late one counts.
        more: The rows that follow.
    """

    says: str
    expression: Expression
    sent: tuple[Sent, ...]
    written: tuple[Row, ...]
    late: Sent
    counted: bool
    more: tuple[Row, ...]

    def feature(self, name: str) -> Feature:
        """The feature over its own transactions."""
        return self.in_time().feature(name)

    @property
    def after(self) -> Sent:
        """What comes after the late one, in time."""
        return replace(self.late, at="24:30:00")

    def in_time(self) -> Case:
        """As if all that counts had come in time."""
        sent = (*self.sent, *([self.late] if self.counted else []), self.after)
        return Case(self.says, self.expression, sent, (*self.written, *self.more))


@dataclass(frozen=True)
class Refused:
    """A sentence about what is refused, an expression, and the reason given."""

    says: str
    expression: str
    reason: str
