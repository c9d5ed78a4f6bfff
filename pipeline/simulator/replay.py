"""Transactions of files on their way to the topic: when, how fast, and what was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline import contract
from pipeline.errors import InputError
from pipeline.files.prepared import RecordBatch

from .pace import EventPace

_REPORT_EVERY_SECONDS: Final = 0.2
# The longest nap, so that a wish to stop is heard.
_NAP_SECONDS: Final = 0.2


class OlderThanTopicError(InputError):
    """A file's transactions are older than what the topic holds, so Flink would drop them."""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay is: transactions `sent`, and the event time of the last one."""

    sent: int
    event_time: datetime


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did.

    Attributes:
        sent: Transactions sent.
        earliest: Event time of the first; None when none was sent.
        latest: Event time of the last.
        seconds: How long it took.
        complete: False when it was stopped.
    """

    sent: int
    earliest: datetime | None
    latest: datetime | None
    seconds: float
    complete: bool


def plan_shift(first: datetime, newest: datetime | None, *, shift: bool) -> timedelta:
    """By how much the times of files are to be moved.

    Args:
        first: Event time of their earliest transaction.
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


def replay(
    batches: Iterable[RecordBatch],
    send: Callable[[bytes, bytes], None],
    *,
    speed: float | None = None,
    report: Callable[[ReplayProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ReplayReport:
    """Send records in their order.

    Args:
        batches: By event time.
        send: Takes the key and the value of one record.
        speed: Seconds of event time per second of real time; None for as fast as it goes.
        report: Called with the progress, a few times a second.
        stop: Asked before each transaction, or each batch when it goes as fast as it goes; True
            ends the replay.
        clock: Seconds, only going forward.
        sleep: Waits so many seconds.

    Raises:
        PipelineError: What `send` raises.
    """
    pace = EventPace(speed) if speed else None
    began = reported = clock()
    sent = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    for batch in batches if pace is None else _one_by_one(batches):
        while pace and not stop() and (wait := pace.wait(batch.times[0], clock())):
            sleep(min(wait, _NAP_SECONDS))
        if stop():
            return ReplayReport(sent, earliest, latest, clock() - began, complete=False)
        for key, value in zip(batch.keys, batch.values, strict=True):
            send(key, value)
        sent += len(batch.keys)
        earliest, latest = earliest or batch.times[0], batch.times[-1]
        if (now := clock()) - reported > _REPORT_EVERY_SECONDS:
            reported = now
            report(ReplayProgress(sent, latest))
    if latest is not None:
        report(ReplayProgress(sent, latest))
    return ReplayReport(sent, earliest, latest, clock() - began, complete=True)


def _one_by_one(batches: Iterable[RecordBatch]) -> Iterable[RecordBatch]:
    for batch in batches:
        for time_, key, value in zip(batch.times, batch.keys, batch.values, strict=True):
            yield RecordBatch((time_,), (key,), (value,))
