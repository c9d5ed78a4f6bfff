"""What is known of records beyond what they say themselves, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from .label import LaterLabel
from .verdict import Decision, Verdict

# A console that was killed releases nothing.
_CLAIM_SECONDS: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one record.

    Attributes:
        label: Whether it is fraud, by the topic of labels; None if that says nothing.
        verdict: The last decision on it; None if there is none, or if it was undone.
        claim: Who last took it to decide; None if nobody did, or if it was decided or released.
    """

    label: bool | None = None
    verdict: Verdict | None = None
    claim: Verdict | None = None

    def fraud(self, own: bool | None) -> bool | None:
        """Return whether the record is fraud.

        A label of the topic counts more than a verdict, and a verdict more than the record's own.

        Args:
            own: What the record says itself.
        """
        if self.label is not None:
            return self.label
        return own if self.verdict is None else self.verdict.fraud

    def claimed_by(self, now: float) -> str:
        """Return who is looking at it; empty for nobody, or if a claim is too old to count.

        Args:
            now: Seconds since the epoch.
        """
        fresh = self.claim is not None and now - self.claim.seconds < _CLAIM_SECONDS
        return self.claim.by if self.claim is not None and fresh else ""


UNKNOWN: Final = Known()


class KnownLabels:
    """Labels and verdicts by record.

    Args:
        most: Records to remember; those that were heard of first are forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[str, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, identity: str) -> Known:
        """Return what is known of a record."""
        return self._known.get(identity, UNKNOWN)

    def decided(self) -> dict[str, bool]:
        """Return which records are fraud and which are not, by identity, as far as is known."""
        found = ((identity, known.fraud(None)) for identity, known in self._known.items())
        return {identity: fraud for identity, fraud in found if fraud is not None}

    def apply(self, labels: Iterable[LaterLabel], verdicts: Iterable[Verdict]) -> set[str]:
        """Take labels and verdicts in the order in which they arrived.

        Returns:
            The identities of the records of which something else is known now.
        """
        changed = set()
        for label in labels:
            before = self.of(label.identity)
            changed |= self._note(label.identity, replace(before, label=label.fraud))
        for verdict in verdicts:
            before = self.of(verdict.identity)
            changed |= self._note(verdict.identity, _with(before, verdict))
        return changed

    def _note(self, identity: str, known: Known) -> set[str]:
        if known == self.of(identity):
            return set()
        self._known[identity] = known
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return {identity}


def _with(known: Known, verdict: Verdict) -> Known:
    if verdict.decision is Decision.CLAIMED:
        # The first of two claims counts, in the order of the topic.
        holder = known.claimed_by(verdict.seconds)
        return replace(known, claim=known.claim if holder not in ("", verdict.by) else verdict)
    if verdict.decision is Decision.RELEASED:
        own = known.claim is not None and known.claim.by == verdict.by
        return replace(known, claim=None) if own else known
    return replace(known, verdict=None if verdict.fraud is None else verdict, claim=None)
