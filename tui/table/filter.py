"""The filter language of all tables: words, and comparisons on fields such as `count>5 user:-31`.

Terms are separated by blanks and all must match; `"two words"` is one term, and `!` negates a term.
`:` means "starts with" for numbers and times and "contains" for text. The other operators compare
numbers as numbers, times up to the precision of the term, and text without case.
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tui.drawing.text import folded

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], object]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
CONTAINS: Final = ":"
WORD: Final = ""
_TERM: Final = re.compile(r"(!?)([A-Za-z_][\w.]*)(>=|<=|!=|>|<|=|:)(.*)", re.DOTALL)
_CLOCK: Final = re.compile(r"\d?\d:\d\d(:\d\d)?")

Get = Callable[[str], object]


class FilterError(ValueError):
    """A filter that cannot be parsed; the message names the part and what is valid."""


_NUMBERS: Final = (int, float, Decimal)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a filter.

    Attributes:
        field: The field's name; empty for a word, which is searched in all texts.
        op: One of `COMPARISONS`, `CONTAINS`, or `WORD`.
        text: The text to compare with, folded.
        number: The same as a number; None when it is not a number.
        negated: Whether the condition is negated.
    """

    field: str
    op: str
    text: str
    number: float | None = None
    negated: bool = False

    def holds(self, value: object) -> bool:
        """Whether a field's value, or for a word the texts of a row, satisfies the condition."""
        return self._test(value) is not self.negated

    def _test(self, value: object) -> bool:
        if self.op == WORD:
            return any(self.text in folded(text) for text in _texts(value))
        if value is None:
            return False
        if isinstance(value, datetime):
            return self._test_time(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            if self.op == CONTAINS:
                return str(value).startswith(self.text)
            wanted = self.number
            if wanted is not None and isinstance(value, Decimal):
                # 12.10 is not the binary number that is nearest to it.
                return self._compare(value, Decimal(str(wanted)))
            return wanted is not None and self._compare(value, wanted)
        text = folded(str(value))
        return self.text in text if self.op == CONTAINS else self._compare(text, self.text)

    def _test_time(self, value: datetime) -> bool:
        written = str(value)[11:19] if _CLOCK.fullmatch(self.text) else str(value)[:19]
        wanted = self.text.zfill(len("hh:mm")) if ":" in self.text[:3] else self.text
        written = written[: len(wanted)]
        return self._compare(written, wanted)

    def _compare(self, value: object, wanted: object) -> bool:
        # A time "contains" its prefix, so it is cut to the length of the term.
        compare = COMPARISONS["=" if self.op == CONTAINS else self.op]
        return bool(compare(value, wanted))


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that rows must satisfy; an empty filter matches all rows."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, get: Get) -> bool:
        """Whether a row matches.

        Args:
            get: Returns a field's value, or None; for `""`, the texts that are searched for words.
        """
        return all(term.holds(get(term.field)) for term in self.terms)


def parse(text: str, fields: Mapping[str, type] | None = None) -> Filter:
    """Parse a filter.

    Args:
        text: The typed filter.
        fields: The known fields with their types; None allows any field.

    Raises:
        FilterError: A field is unknown, or is a number and compared with something else.
    """
    try:
        parts = shlex.split(text)
    except ValueError:
        # Still being typed: the closing quotation mark is missing.
        parts = text.replace('"', " ").replace("'", " ").split()
    return Filter(text.strip(), tuple(_term(part, fields) for part in parts))


def _term(part: str, fields: Mapping[str, type] | None) -> Term:
    match = _TERM.fullmatch(part)
    if match is None:
        negated = part.startswith("!") and len(part) > 1
        return Term("", WORD, folded(part.removeprefix("!")), negated=negated)
    negation, name, op, value = match.groups()
    if fields is not None and name not in fields:
        raise FilterError(f"There is no field {name!r}; fields: {', '.join(fields)}.")
    number = _number(value)
    if fields is not None and op != CONTAINS and number is None and fields[name] in _NUMBERS:
        wanted = f"{name}{op}5"
        raise FilterError(f"{part!r} needs a number, as in {wanted!r}.")
    return Term(name, op, folded(value), number, bool(negation))


def _number(text: str) -> float | None:
    try:
        # An id has 19 digits, which a float would round.
        return int(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (str(item) for item in value) if isinstance(value, Iterable) else (str(value),)
