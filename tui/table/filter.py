"""The filter language of all tables: words, and comparisons on fields such as `count>5 user:-31`.

Terms are separated by blanks and all have to hold; `"two words"` is one term, `!` before a term
turns it round. `:` means "begins with" for numbers and times and "contains" for text; the other
operators compare numbers as numbers, times as far as they are written, text as people read it,
without case.
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
    """A filter that cannot be understood; the message says which part, and what would do."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Attributes:
        field: The field's name; empty for a word, which any text may contain.
        op: One of `COMPARISONS`, `CONTAINS`, or `WORD`.
        text: What the field is compared with, folded.
        number: The same as a number; None when it is none.
        negated: Whether it must not hold.
    """

    field: str
    op: str
    text: str
    number: float | None = None
    negated: bool = False

    def holds(self, value: object) -> bool:
        """Whether a field's value, or the texts of a row for a word, satisfies the condition."""
        return self._test(value) is not self.negated

    def _test(self, value: object) -> bool:
        if self.op == WORD:
            return any(self.text in folded(text) for text in _texts(value))
        if value is None:
            return False
        if isinstance(value, datetime):
            return self._test_time(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.op == CONTAINS:
                return str(value).startswith(self.text)
            return self.number is not None and self._compare(value, self.number)
        text = folded(str(value))
        return self.text in text if self.op == CONTAINS else self._compare(text, self.text)

    def _test_time(self, value: datetime) -> bool:
        written = str(value)[11:19] if _CLOCK.fullmatch(self.text) else str(value)[:19]
        wanted = self.text.zfill(len("hh:mm")) if ":" in self.text[:3] else self.text
        written = written[: len(wanted)]
        return self._compare(written, wanted)

    def _compare(self, value: object, wanted: object) -> bool:
        # A time "contains" what it begins with: the part that is compared is cut to its length.
        compare = COMPARISONS["=" if self.op == CONTAINS else self.op]
        return bool(compare(value, wanted))


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows have to be like; an empty one lets all pass."""

    text: str = ""
    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def matches(self, get: Get) -> bool:
        """Whether a row passes.

        Args:
            get: A field's value, or None; for the name `""` the texts that words are looked for in.
        """
        return all(term.holds(get(term.field)) for term in self.terms)


def parse(text: str, fields: Mapping[str, type] | None = None) -> Filter:
    """Understand a filter.

    Args:
        text: What somebody typed.
        fields: The fields that there are, with their types; any field may be named when None.

    Raises:
        FilterError: A field is not known, or is a number and compared with something else.
    """
    try:
        parts = shlex.split(text)
    except ValueError:
        # Half-typed: the closing quotation mark is still to come.
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
    if fields is not None and op != CONTAINS and number is None and fields[name] in (int, float):
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
