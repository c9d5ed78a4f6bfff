"""Which rows of a file are left out: they cannot be read, or would be invalid on the topic.

The rules of the topic are those of `features.validity`, which Flink runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline import contract

from .left_out import Fault

_TEXTS: Final = tuple(f for f, kind in contract.TRANSACTION_FIELDS.items() if kind == "string")
_TIME: Final = contract.TIME_COLUMN
FUTURE: Final = Fault("the time is in the future", invalid=True)
PAST: Final = Fault("the time is before 1970", invalid=True)


@dataclass(frozen=True, slots=True)
class _Check:
    """A fault, its condition, and the field to show; `raw` has texts, `value` values."""

    fault: Fault
    condition: str
    field: str


_HINTS: Final = {
    contract.KEY_COLUMN: "Of any text a number is made by --map user_id='user_of(column)'."
}


def _checks() -> tuple[_Check, ...]:
    wholes = [
        _Check(fault, condition, field)
        for field in ("cc_num", "user_id")
        for fault, condition in (
            (
                Fault(f"{field} is too large for 64 bits"),
                f"value.{field} IS NULL AND is_whole(raw.{field})",
            ),
            (
                Fault(f"{field} is not a whole number", hint=_HINTS.get(field, "")),
                f"value.{field} IS NULL",
            ),
        )
    ]
    most = int(contract.MOST_AMOUNT)
    return (
        _Check(Fault("the time is missing"), f"coalesce(raw.{_TIME}, '') = ''", _TIME),
        _Check(
            Fault("the time has a zone, and event times have none"),
            f"value.{_TIME} IS NULL AND has_zone(raw.{_TIME})",
            _TIME,
        ),
        _Check(
            Fault("the time is not YYYY-MM-DD HH:MM:SS or similar"), f"value.{_TIME} IS NULL", _TIME
        ),
        *wholes,
        _Check(Fault("amt is not an amount"), "value.amt IS NULL", "amt"),
        _Check(Fault("is_fraud is not 0 or 1"), "value.is_fraud IS NULL", "is_fraud"),
        *(_Check(Fault(f"{f} is missing"), f"value.{f} IS NULL", f) for f in _TEXTS),
        _Check(PAST, f"value.{_TIME} < TIMESTAMP '{contract.EARLIEST}'", _TIME),
        _Check(FUTURE, f"value.{_TIME} > getvariable('latest')", _TIME),
        _Check(Fault(f"amt is beyond ±{most:,}", invalid=True), f"abs(value.amt) > {most}", "amt"),
        *(
            _Check(
                Fault(f"{f} has more than {contract.MOST_CHARACTERS:,} characters", invalid=True),
                f"length(value.{f}) > {contract.MOST_CHARACTERS}",
                f,
            )
            for f in _TEXTS
        ),
    )


_CHECKS: Final = _checks()
FAULTS: Final = tuple(check.fault for check in _CHECKS)
"""By the number that `fault_number` gives them."""


def fault_number() -> str:
    """SQL of the number of a row's first fault; null for a row that is sent."""
    cases = " ".join(
        f"WHEN {check.condition} THEN {number}" for number, check in enumerate(_CHECKS)
    )
    return f"CAST(CASE {cases} END AS UTINYINT)"


def example() -> str:
    """SQL of the value of the field at fault, by the column `fault`."""
    cases = " ".join(
        f"WHEN {number} THEN left(raw.{check.field}, 40)" for number, check in enumerate(_CHECKS)
    )
    return f"CASE fault {cases} END"
