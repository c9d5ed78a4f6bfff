"""Verdicts of analysts on alerts, as the records of a topic: who, when, what, why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready

if TYPE_CHECKING:
    from pipeline.kafka.records import Record


class Decision(StrEnum):
    """What an analyst does with an alert."""

    FRAUD = "fraud"
    LEGITIMATE = "legitimate"
    UNDONE = "undone"
    CLAIMED = "claimed"
    RELEASED = "released"


CLAIMS: Final = frozenset({Decision.CLAIMED, Decision.RELEASED})
"""What reserves an alert, and decides nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The alert that a verdict is on.

    Attributes:
        identity: The identity of the record, as text.
        source: The topic of the record, without the profile's prefix.
        signal: The signal that alerted.
        user: The user of the record, as text; empty if it has none.
        score: The record's score.
    """

    identity: str
    source: str
    signal: str
    user: str = ""
    score: float = 0.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an analyst decided on one alert.

    Attributes:
        identity: The identity of the record, as text.
        source: The topic of the record, without the profile's prefix.
        signal: The signal that alerted.
        decision: What was decided.
        by: Who decided.
        at: When, in UTC: `2026-01-05T08:04:00Z`.
        user: The user of the record, as text; empty if it has none.
        score: The record's score at that time.
        note: Why, in the analyst's words.
    """

    identity: str
    source: str
    signal: str
    decision: Decision
    by: str
    at: str
    user: str = ""
    score: float = 0.0
    note: str = ""

    @classmethod
    def of(cls, subject: Subject, decision: Decision, by: str, at: float, note: str) -> Verdict:
        """Sign a decision; `at` is in seconds since the epoch."""
        when = datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")
        return cls(**asdict(subject), decision=decision, by=by, at=when, note=note)

    @property
    def seconds(self) -> float:
        """When it was given, in seconds since the epoch; long ago if it does not say."""
        try:
            return datetime.fromisoformat(self.at).timestamp()
        except ValueError:
            return 0.0

    @property
    def fraud(self) -> bool | None:
        """Whether it says fraud; None if it says nothing about that."""
        return {Decision.FRAUD: True, Decision.LEGITIMATE: False}.get(self.decision)


def encoded(verdict: Verdict) -> tuple[bytes, bytes]:
    """Return the key and the value of a verdict's record."""
    return verdict.identity.encode(), msgspec.json.encode(verdict)


def verdicts_in(records: Iterable[Record]) -> Iterator[Verdict]:
    """Return the verdicts in records of their topic; what is none is passed over."""
    for record in records:
        with suppress(*MALFORMED):
            yield msgspec.json.decode(record.value or b"null", type=ready(Verdict))
