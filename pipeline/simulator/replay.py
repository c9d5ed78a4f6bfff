"""Sends the rows of files to a topic, at full speed or by their event time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.errors import InputError
from pipeline.files.prepared import RecordBatch
from pipeline.files.target import TRANSACTIONS, Target

from .pace import EventPace

_OR_FRESH: Final = ", or delete the topics' records and the jobs' state with --fresh"
_REPORT_EVERY_SECONDS: Final = 0.2
# The longest sleep, so that a stop takes effect soon.
_LONGEST_SLEEP_SECONDS: Final = 0.2


class OlderThanTopicError(InputError):
    """A file begins before the watermark of the topic, so Flink would drop its records as late."""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """Records sent so far, and the event time of the last one."""

    sent: int
    event_time: datetime


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The result of a replay.

    Attributes:
        sent: Records sent.
        earliest: Event time of the first; None if none was sent.
        latest: Event time of the last.
        seconds: Duration.
        complete: Whether all were sent; False if it was stopped.
    """

    sent: int
    earliest: datetime | None
    latest: datetime | None
    seconds: float
    complete: bool


def plan_shift(
    first: datetime, newest: datetime | None, *, shift: bool, target: Target = TRANSACTIONS
) -> timedelta:
    """Return the offset to add to the times of files.

    Args:
        first: Event time of their earliest row.
        newest: Newest event time of the topic; None for an empty topic.
        shift: Whether to move them behind the newest record of the topic.
        target: What the rows become.

    Raises:
        OlderThanTopicError: The earliest row would be late.
    """
    if newest is None:
        return timedelta()
    if shift:
        return newest + timedelta(seconds=1) - first
    if first < newest - target.source.watermark:
        what = f"{target.record}s"
        raise OlderThanTopicError(
            f"The file begins at {first}, but the topic already has {what} up to {newest}, "
            f"{newest - first} later, so Flink would drop the file's older {what} as late.",
            f"Move the file's times behind the topic's with --shift{_OR_FRESH}."
            if target == TRANSACTIONS
            else "Move the file's times behind the topic's with --shift.",
        )
    return timedelta()


def replay(
    batches: Iterable[RecordBatch],
    send: Callable[[bytes | None, bytes], None],
    *,
    speed: float | None = None,
    report: Callable[[ReplayProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ReplayReport:
    """Send records in the given order.

    Args:
        batches: Records sorted by event time.
        send: Sends the key and the value of one record.
        speed: Seconds of event time per second of real time; None for full speed.
        report: Called with the progress, a few times a second.
        stop: Called before each record, at full speed before each batch; True ends the replay.
        clock: Seconds on a monotonic clock.
        sleep: Sleeps for a number of seconds.

    Raises:
        PipelineError: From `send`.
    """
    pace = EventPace(speed) if speed else None
    began = reported = clock()
    sent = 0
    earliest: datetime | None = None
    latest: datetime | None = None
    for batch in batches if pace is None else _one_by_one(batches):
        while pace and not stop() and (wait := pace.wait(batch.times[0], clock())):
            sleep(min(wait, _LONGEST_SLEEP_SECONDS))
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
