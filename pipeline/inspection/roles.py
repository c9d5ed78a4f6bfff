"""Which fields are the time, the user, the amount and the label, as far as one can see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.sources.column_types import TIME, is_number, is_whole

from .fields import MOST_DISTINCT, Field

_TIME: Final = re.compile(r"(^|_)(time|timestamp|ts|at|date|datetime|when|epoch|created)(_|$)|time")
_FIRST_TIMES: Final = re.compile(r"event|trans|occurred|booked|created")
_USER: Final = re.compile(r"user|account|customer|client|member|iban|cardholder")
_CARD: Final = re.compile(r"card|(^|_)cc(_|$)")
_AMOUNT: Final = re.compile(r"(^|_)(amount|amt|price|total|sum|value|paid)(_|$)|amount")
_LABEL: Final = re.compile(r"fraud|chargeback|label")
_IDENTITY: Final = re.compile(r"(^|_)(id|uid|uuid|guid|num|number|no|ref|reference|key)(_|$)")
_SENSITIVE: Final = re.compile(
    r"card|(^|_)(cc|pan|iban|ssn|dob|birth|birthday|e?mail|phone|street|address|passport)(_|$)"
    r"|^(first|last|full|sur|given|family|holder|customer)?_?(name|first|last)$"
)
_TWO: Final = 2


def time_of(fields: Sequence[Field], *, named: bool = True) -> Field | None:
    """Return the field that is most likely the event time; None if none looks like one.

    A whole number is taken for a time only if its name says so, too.

    Args:
        fields: The fields.
        named: Whether their names were given by the producer or told.
    """
    times = [
        field
        for field in fields
        if field.time_format is not None
        and (not named or field.type in ("string", TIME) or _named(_TIME, field))
    ]
    return max(
        times,
        key=lambda field: (
            field.always,
            _named(_FIRST_TIMES, field),
            _named(_TIME, field),
            # A card number may look like microseconds.
            field.type in ("string", TIME),
        ),
        default=None,
    )


def user_of(fields: Sequence[Field], key: str) -> Field | None:
    """Return the field that says whose a record is; None if none looks so.

    Args:
        fields: The fields.
        key: The field that is the key of the records; empty if none is.
    """
    wanted = [field for field in fields if field.type == "string" or is_whole(field.type)]
    keyed = next((field for field in wanted if field.name == key), None)
    if keyed is not None and 1 < keyed.distinct < keyed.values:
        return keyed
    return _first(_USER, wanted) or _first(_CARD, wanted)


def amount_of(fields: Sequence[Field], *, named: bool = True) -> Field | None:
    """Return the field with the amount; None if none looks so.

    Without names, it is the only one of numbers with a fraction.
    """
    if not named:
        return _only([field for field in fields if field.type == "float64"])
    return _first(_AMOUNT, [field for field in fields if is_number(field.type)])


def label_of(fields: Sequence[Field], *, named: bool = True) -> Field | None:
    """Return the field that says whether a record is fraud; None if none looks so.

    Without names, it is the only one that could be.
    """

    def two(field: Field) -> bool:
        whole = is_whole(field.type) and field.distinct <= _TWO
        return whole or field.type == "boolean" or field.labels

    could_be = [field for field in fields if two(field)]
    return _first(_LABEL, could_be) if named else _only(could_be)


def identity_of(fields: Sequence[Field]) -> Field | None:
    """Return the field that names a record, with another value in each; None if none looks so."""
    return _first(
        _IDENTITY,
        [
            field
            for field in fields
            if field.always
            and field.records > 1
            and field.distinct == min(field.records, MOST_DISTINCT)
            and (field.type == "string" or is_whole(field.type))
        ],
    )


def sensitive_of(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that identify a person or a means of payment."""
    kinds = ("string", "int64", "date")
    return [field for field in fields if field.type in kinds and _named(_SENSITIVE, field)]


def _first(pattern: re.Pattern[str], fields: Sequence[Field]) -> Field | None:
    return next((field for field in fields if _named(pattern, field)), None)


def _only(fields: Sequence[Field]) -> Field | None:
    return fields[0] if len(fields) == 1 else None


def _named(pattern: re.Pattern[str], field: Field) -> bool:
    # bookedAt is booked_at.
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field.name).lower()
    return pattern.search(snake) is not None
