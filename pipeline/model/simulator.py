"""The simulator: what it does, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec

FASTEST: Final = 1_000_000

"""Upper bound of the simulator's rate per second and of its speed."""

Pace = Annotated[float, msgspec.Meta(gt=0, le=FASTEST)]

LONGEST_LABEL_DELAY: Final = 365 * 86_400

"""Upper bound of the median delay of the simulator's labels, in seconds of event time."""

LabelDelay = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_LABEL_DELAY)]


class Pattern(StrEnum):
    """Fraud of the simulator beyond bursts, which it always has."""

    TESTING = "testing"
    TAKEOVER = "takeover"
    MERCHANT = "merchant"


@dataclass(frozen=True, slots=True)
class SimulatorStatus:
    """State of the transaction simulator.

    Attributes:
        up: Whether it runs; true while paused, too.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        sent: Transactions since it was started.
        paused: Whether it is paused.
        event_time: Of the newest transaction, as in the topic; empty before the first.
        error: Why transactions do not arrive; empty when they do.
        patterns: What is switched on beyond bursts.
        label_delay: Median seconds of event time until a transaction's label comes; 0 when the
            transaction has it.
        labels_pending: Labels that are held back.
        labels_left_out: Labels that never come, since too many were pending.
    """

    up: bool = False
    rate: float = 0.0
    speed: float = 0.0
    sent: int = 0
    paused: bool = False
    event_time: str = ""
    error: str = ""
    patterns: tuple[Pattern, ...] = ()
    label_delay: float = 0.0
    labels_pending: int = 0
    labels_left_out: int = 0


class SimulatorCommand(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="simulate"
):
    """A change of the simulator; fields that are None stay as they are.

    Attributes:
        running: Start or stop it.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        paused: Pause or resume it.
        inject_fraud: Begin a fraud episode.
        patterns: All that are on beyond bursts; the others are switched off.
        label_delay: Median seconds of event time until a transaction's label comes; 0 puts it in
            the transaction.
    """

    running: bool | None = None
    rate: Pace | None = None
    speed: Pace | None = None
    paused: bool | None = None
    inject_fraud: bool = False
    patterns: tuple[Pattern, ...] | None = None
    label_delay: LabelDelay | None = None
