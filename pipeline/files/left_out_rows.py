"""Which rows of a file are left out: they cannot be read, or would be invalid on the topic.

The rules of the topic are those of `features.validity`, which Flink runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from pipeline import contract
from pipeline.sources import Source
from pipeline.sources.column_types import TIME, element, is_decimal, is_number, is_whole
from pipeline.sources.labels import IN_WORDS, NO, YES
from pipeline.sources.written_fields import BINARY
from pipeline.text.sql import literal
from pipeline.text.words import counted

from .left_out import Fault
from .records_sql import in_field
from .target import Target
from .values import duckdb_type, raw, value

FUTURE: Final = Fault("the time is in the future", invalid=True)
PAST: Final = Fault("the time is before 1970", invalid=True)
_HOW_TO_NUMBER: Final = "Of any text a number is made by --map {}='user_of(column)'."


@dataclass(frozen=True, slots=True)
class _Check:
    """A fault, its condition, and the field to show; `raw` has texts, `value` values."""

    fault: Fault
    condition: str
    field: str


@dataclass(frozen=True, slots=True)
class Checks:
    """What is checked of each row; the first fault counts.

    Attributes:
        target: What the rows become.
    """

    target: Target
    _checks: tuple[_Check, ...]

    @classmethod
    def of(cls, target: Target) -> Self:
        """Return the checks of a target."""
        return cls(
            target,
            (
                *_readable_time(target),
                *(_missing(target) if target.nulls else ()),
                *_readable(target),
                *_valid(target.source),
                *_held(target),
            ),
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """By the number that `fault_number` gives them."""
        return tuple(check.fault for check in self._checks)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that each fault is in, by the same number."""
        return tuple(check.field for check in self._checks)

    def fault_number(self) -> str:
        """SQL of the number of a row's first fault; null for a row that is sent."""
        cases = " ".join(
            f"WHEN {check.condition} THEN {number}" for number, check in enumerate(self._checks)
        )
        return f"CAST(CASE {cases} END AS USMALLINT)"

    def example(self) -> str:
        """SQL of the value of the field at fault, by the column `fault`."""
        cases = " ".join(
            f"WHEN {number} THEN left({raw(check.field)}, 40)"
            for number, check in enumerate(self._checks)
        )
        return f"CASE fault {cases} END"


def _readable_time(target: Target) -> Iterator[_Check]:
    time = target.source.time
    yield _Check(Fault("the time is missing"), f"coalesce({raw(time)}, '') = ''", time)
    unread = f"{value(time)} IS NULL"
    yield _Check(Fault("the time is not YYYY-MM-DD HH:MM:SS or similar"), unread, time)


def _missing(target: Target) -> Iterator[_Check]:
    for name in target.source.required:
        yield _Check(Fault(f"{name} is missing"), f"coalesce({raw(name)}, '') = ''", name)


def _readable(target: Target) -> Iterator[_Check]:
    """Checks of what cannot be read as its column's type, in the order of the kinds of columns."""
    source = target.source
    kinds: tuple[list[_Check], ...] = ([], [], [], [], [])
    for name, dtype in source.schema:
        unread = f"{value(name)} IS NULL"
        if name not in source.required:
            unread += f" AND {raw(name)} <> ''"
        if name == source.time:
            continue
        if dtype == "string":
            if name in source.required:
                kinds[4].append(_Check(Fault(f"{name} is missing"), unread, name))
        elif name == source.label:
            kinds[2].append(_Check(Fault(f"{name} is not {_flag(dtype)}"), unread, name))
        elif is_whole(dtype) and name != source.amount:
            kinds[0].extend(_whole(name, dtype, unread, user=name == source.user))
        elif is_number(dtype):
            kinds[1].append(_Check(Fault(f"{name} is not {_number(source, name)}"), unread, name))
        else:
            what = f"an {dtype} in JSON" if element(dtype) else _OTHERS[dtype]
            kinds[3].append(_Check(Fault(f"{name} is not {what}"), unread, name))
    for kind in kinds:
        yield from kind


_OTHERS: Final = {
    "boolean": "true or false",
    "date": "YYYY-MM-DD or similar",
    TIME: "YYYY-MM-DD HH:MM:SS or similar",
}


def _flag(dtype: str) -> str:
    return "true or false" if dtype == "boolean" else "0 or 1"


def _number(source: Source, name: str) -> str:
    what = "an amount" if name == source.amount else "a number"
    dtype = source.columns[name]
    return f"{what} of {dtype}" if is_decimal(dtype) else what


def _whole(name: str, dtype: str, unread: str, *, user: bool) -> Iterator[_Check]:
    bits = dtype.removeprefix("int")
    yield _Check(
        Fault(f"{name} is too large for {bits} bits"), f"{unread} AND is_whole({raw(name)})", name
    )
    hint = _HOW_TO_NUMBER.format(name) if user else ""
    yield _Check(Fault(f"{name} is not a whole number", hint=hint), unread, name)


def _valid(source: Source) -> Iterator[_Check]:
    """Checks of what the topic's readers do not accept; null is accepted by each of them."""
    time = source.time
    yield _Check(PAST, f"{value(time)} < TIMESTAMP '{contract.EARLIEST}'", time)
    yield _Check(FUTURE, f"{value(time)} > getvariable('latest')", time)
    if source.amount is not None:
        most = int(contract.MOST_AMOUNT)
        fault = Fault(f"{source.amount} is beyond ±{most:,}", invalid=True)
        yield _Check(fault, f"abs({value(source.amount)}) > {most}", source.amount)
    for name, dtype in source.schema:
        if dtype.startswith("float") and name != source.amount:
            fault = Fault(f"{name} is beyond ±{contract.MOST_NUMBER:g}", invalid=True)
            yield _Check(fault, f"abs({value(name)}) > {contract.MOST_NUMBER!r}", name)
    if source.label is not None and source.columns[source.label] == "string":
        words = ", ".join(f"'{word}'" for word in YES + NO)
        fault = Fault(f"{source.label} is not {IN_WORDS}", invalid=True)
        yield _Check(fault, f"lower({value(source.label)}) NOT IN ({words})", source.label)
    for name, dtype in source.schema:
        if dtype == "string":
            yield _Check(
                Fault(
                    f"{name} has more than {counted(contract.MOST_CHARACTERS, 'character')}",
                    invalid=True,
                ),
                f"length({value(name)}) > {contract.MOST_CHARACTERS}",
                name,
            )


def _held(target: Target) -> Iterator[_Check]:
    """Checks of what the fields of the records cannot hold, although their columns can."""
    source, fields = target.source, target.encoder.fields
    for name in fields.never_null:
        if name not in source.required:
            fault = Fault(f"{name} is null, which the topic's schema does not allow", invalid=True)
            yield _Check(fault, f"{value(name)} IS NULL", name)
    for name, texts in fields.texts.items():
        fault = Fault(f"{name} is none of {', '.join(texts)}", invalid=True)
        held = ", ".join(map(literal, texts))
        yield _Check(fault, f"{value(name)} NOT IN ({held})", name)
    for name, dtype in fields.narrower(source).items():
        if dtype == BINARY:
            continue
        stored = in_field(source, name, value(name))
        held = f"TRY_CAST({stored} AS {duckdb_type(dtype)})"
        # A fraction would be rounded; of an approximate number, the nearest one is written.
        misfit = f"{held} <> {stored}" if is_whole(dtype) else "false"
        fault = Fault(f"{name} does not fit the topic's schema, which has {dtype}", invalid=True)
        yield _Check(fault, f"{stored} IS NOT NULL AND ({held} IS NULL OR {misfit})", name)
