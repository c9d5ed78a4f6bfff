"""A file of transactions on its way to the topic: when, how fast, and what was wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline import contract
from pipeline.errors import InputError
from pipeline.model import Transaction

from .files import TransactionFile
from .layouts import UnreadableRow
from .pace import EventPace

BAD_ROWS_KEPT: Final = 20
_REPORT_EVERY_SECONDS: Final = 0.2
# The longest nap, so that a wish to stop is heard.
_NAP_SECONDS: Final = 0.2


class OlderThanTopicError(InputError):
    """A file's transactions are older than what the topic holds, so Flink would drop them."""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay is: rows `sent` and `bad`, the `share` of the file from 0 to 1."""

    sent: int
    bad: int
    share: float
    event_time: datetime | None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did.

    Attributes:
        sent: Transactions sent.
        bad: Malformed rows, which were skipped.
        bad_rows: The first of them.
        backwards: Transactions sent that are older than an earlier one by more than the watermark's
            delay, so that Flink may drop them as late.
        earliest: Event time of the oldest transaction sent.
        latest: Event time of the newest.
        seconds: How long it took.
        complete: False when it was stopped.
    """

    sent: int
    bad: int
    bad_rows: tuple[UnreadableRow, ...]
    backwards: int
    earliest: datetime | None
    latest: datetime | None
    seconds: float
    complete: bool


@dataclass(slots=True)
class _Counts:
    sent: int = 0
    bad: int = 0
    bad_rows: list[UnreadableRow] = field(default_factory=list)
    backwards: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None

    def reject(self, row: UnreadableRow) -> None:
        self.bad += 1
        if len(self.bad_rows) < BAD_ROWS_KEPT:
            self.bad_rows.append(row)

    def accept(self, moment: datetime) -> None:
        self.sent += 1
        if self.earliest is None or self.latest is None:
            self.earliest = self.latest = moment
        elif moment > self.latest:
            self.latest = moment
        else:
            self.backwards += moment < self.latest - contract.WATERMARK_DELAY
            self.earliest = min(self.earliest, moment)


def first_event_time(file: TransactionFile) -> datetime:
    """The time of a file's first transaction.

    Raises:
        InputError: It has none.
    """
    first_bad = ""
    for row, _ in file.rows():
        if isinstance(row, Transaction):
            return row.trans_date_trans_time
        first_bad = first_bad or f"; line {row.line}: {row.reason}"
    raise InputError(f"{file.path} holds no transaction{first_bad}.", "Check the file.")


def plan_shift(first: datetime, newest: datetime | None, *, shift: bool) -> timedelta:
    """By how much a file's times are to be moved.

    Args:
        first: Event time of the file's first transaction.
        newest: Newest event time of the topic; None for an empty topic.
        shift: Whether the user wants them moved behind the topic's newest.

    Raises:
        OlderThanTopicError: The file is older than the topic, so that Flink would drop it as late.
    """
    if newest is None:
        return timedelta()
    if shift:
        return newest + timedelta(seconds=1) - first
    if first < newest - contract.WATERMARK_DELAY:
        raise OlderThanTopicError(
            f"The file begins at {first}, but the topic already holds {newest}, "
            f"{newest - first} later: Flink would drop all that is older as late.",
            "Move the file's times behind the topic's with --shift, or empty the topics and the "
            "jobs' state with --fresh.",
        )
    return timedelta()


def _moved(moment: datetime, shift: timedelta) -> datetime:
    try:
        return moment + shift
    except OverflowError as error:
        raise InputError(
            f"The file's time {moment} cannot be moved by {shift}.", "Take that row out."
        ) from error


def replay(
    file: TransactionFile,
    send: Callable[[Transaction], None],
    *,
    speed: float | None = None,
    shift: timedelta = timedelta(),
    report: Callable[[ReplayProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ReplayReport:
    """Send a file's transactions; malformed rows are counted and skipped.

    Args:
        file: What to send.
        send: Takes one transaction.
        speed: Seconds of event time per second of real time; None for as fast as it goes.
        shift: Added to all times.
        report: Told how far it is, a few times a second.
        stop: Asked between transactions; True ends the replay.
        clock: Seconds, only going forward.
        sleep: Waits so many seconds.

    Raises:
        InputError: A time cannot be moved by the shift.
        PipelineError: What `send` raises.
    """
    tally = _Counts()
    pace = EventPace(speed) if speed else None
    began = reported = clock()
    complete = True
    for row, share in file.rows():
        if isinstance(row, UnreadableRow):
            tally.reject(row)
            continue
        moment = _moved(row.trans_date_trans_time, shift)
        while pace and not stop() and (wait := pace.wait(moment, clock())):
            sleep(min(wait, _NAP_SECONDS))
        if stop():
            complete = False
            break
        send(msgspec.structs.replace(row, trans_date_trans_time=moment) if shift else row)
        tally.accept(moment)
        if (now := clock()) - reported > _REPORT_EVERY_SECONDS:
            reported = now
            report(ReplayProgress(tally.sent, tally.bad, share, moment))
    report(ReplayProgress(tally.sent, tally.bad, 1.0, tally.latest))
    return ReplayReport(
        sent=tally.sent,
        bad=tally.bad,
        bad_rows=tuple(tally.bad_rows),
        backwards=tally.backwards,
        earliest=tally.earliest,
        latest=tally.latest,
        seconds=clock() - began,
        complete=complete,
    )
