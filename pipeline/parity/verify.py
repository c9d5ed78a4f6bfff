"""The proof: read the transactions, compute in batch, read the sink, compare."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.errors import JobError
from pipeline.features import Feature
from pipeline.kafka.extent import extent
from pipeline.kafka.offsets import OffsetRange
from pipeline.kafka.topics import is_compacted

from . import lateness
from .batch import lookback
from .compare import Bounds, compare, examples
from .late import Judgement, judge_late
from .origins import is_windowed
from .report import Parity
from .tables import BEGINNING, END, StoredRows, read_sink, read_transactions, workspace

_SETTLE_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 15.0
"""Partitions that hold nothing valid hold the watermark back until they count as idle."""
_METRIC_SECONDS: Final = 12.0
"""Flink's metrics are some seconds old."""
_POLL_SECONDS: Final = 0.5


class FeatureJob(Protocol):
    """What has to be known of the job that computes a feature."""

    @property
    def running(self) -> bool:
        """Whether it runs."""
        ...

    def read_up_to(self) -> Mapping[int, int]:
        """How far it has read the transactions and written their results: offset by partition."""
        ...

    def watermark(self) -> int | None:
        """How far it has come in event time, in microseconds; None when Flink does not say."""
        ...

    def dropped_late(self) -> int | None:
        """How many records it has ever dropped as late; None when that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a job that lags: seconds without any progress."""

    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def verify(
    feature: Feature,
    kafka: KafkaSettings,
    job: FeatureJob,
    *,
    report: Callable[[str], None] = lambda _: None,
    patience: Patience = Patience(),
) -> Parity:
    """Prove that a live feature is right, or show where it is not, or say why neither can be done.

    What is judged is the state of the transaction topic at the time of the call: a running job is
    waited for until it has read that far; of a job that does not run only what it has read counts.

    Args:
        feature: Whose results are checked.
        kafka: Where Kafka is, and how to get in.
        job: The job that computes it.
        report: Called with what is being done, a line each.
        patience: How long to wait for a job that lags.

    Raises:
        UnavailableError: Kafka cannot be read.
    """
    topic = kafka.topic(contract.TRANSACTION_TOPIC)
    ranges = extent(kafka, topic)
    ends = {number: offsets.end for number, offsets in ranges.items()}
    read = _await_job(ends, job, report, patience)
    with workspace() as connection:
        transactions = StoredRows(
            connection, "transactions", contract.TRANSACTION_FIELDS, contract.TIME_COLUMN,
            earliest=_begins(ranges),
        )  # fmt: skip
        unread = read_transactions(
            transactions, kafka, ends, read, lambda n: report(f"reading transactions: {n:,}")
        )
        watermark = lateness.watermark(transactions.newest, unread.partitions)
        sink_topic = kafka.topic(feature.topic)
        sink = StoredRows(
            connection, "sink", feature.columns, feature.event_time,
            earliest=_begins(extent(kafka, sink_topic)),
        )  # fmt: skip

        def look() -> int:
            return read_sink(sink, kafka, sink_topic, lambda n: report(f"reading results: {n:,}"))

        look()
        report("computing in batch and comparing")

        def judged(mark: int = watermark, *, dropped: int | None = None) -> Parity:
            return judge(feature, transactions, sink, mark, dropped=dropped)

        parity = _settled(judged, watermark, job, look, patience)
        waits = lookback(feature.table) != timedelta()
        if parity.missing and waits and job.running:
            parity = _without_held(parity, judged, watermark, job)
        parity = _counted(feature, parity, judged, job, patience)
        gone = [
            name
            for name, rows in ((topic, transactions), (sink_topic, sink))
            if rows.gaps and is_compacted(kafka, name)
        ]
    return replace(
        parity,
        unread=unread.count,
        compacted=tuple(gone),
        stopped=not job.running,
    )


def _begins(ranges: Mapping[int, OffsetRange]) -> dict[int, int]:
    return {number: offsets.begin for number, offsets in ranges.items()}


def _await_job(
    ends: Mapping[int, int],
    job: FeatureJob,
    report: Callable[[str], None],
    patience: Patience,
) -> Mapping[int, int]:
    """Wait until the job has read up to `ends`; how far of that it has read."""

    def behind(read: Mapping[int, int]) -> int:
        return sum(max(0, end - read.get(number, 0)) for number, end in ends.items())

    read = _read_up_to(job, report, patience)
    lag = behind(read)
    deadline = patience.clock() + patience.seconds
    while lag and job.running and patience.clock() < deadline:
        report(f"waiting for the job to read {lag:,} more offsets")
        patience.sleep(_POLL_SECONDS)
        read = _read_up_to(job, report, patience)
        if behind(read) < lag:
            lag, deadline = behind(read), patience.clock() + patience.seconds
    return {number: min(end, read.get(number, 0)) for number, end in ends.items()}


def _read_up_to(
    job: FeatureJob, report: Callable[[str], None], patience: Patience
) -> Mapping[int, int]:
    """How far the job has read; one that is being restarted cannot tell, and is waited for."""
    deadline = patience.clock() + patience.seconds
    while True:
        try:
            return job.read_up_to()
        except JobError:
            if not job.running or patience.clock() >= deadline:
                raise
            report("waiting for the job, which takes no checkpoint just now")
            patience.sleep(_POLL_SECONDS)


class _Judge(Protocol):
    """Judges what is read so far."""

    def __call__(self, mark: int = ..., *, dropped: int | None = None) -> Parity:
        """As `judge` does."""
        ...


def _settled(
    judged: _Judge, watermark: int, job: FeatureJob, look: Callable[[], int], patience: Patience
) -> Parity:
    """Look again until nothing more comes: results may still be on their way to the topic."""
    parity = judged()
    start = patience.clock()
    deadline = start + _SETTLE_SECONDS
    while (parity.missing or parity.undecided) and job.running and patience.clock() < deadline:
        patience.sleep(_POLL_SECONDS)
        if look():
            parity = judged()
            deadline = patience.clock() + _SETTLE_SECONDS
        elif _behind(job, watermark) and patience.clock() < start + _IDLE_SECONDS:
            deadline = patience.clock() + _SETTLE_SECONDS
    return parity


def _behind(job: FeatureJob, watermark: int) -> bool:
    mark = job.watermark()
    return mark is None or mark < watermark


def _without_held(parity: Parity, judged: _Judge, watermark: int, job: FeatureJob) -> Parity:
    """What is missing may be in the job still, if that has not come as far in event time.

    It has no watermark after a restart until it reads on.
    """
    mark = job.watermark()
    if mark is not None and mark >= watermark:
        return parity
    so_far = judged(BEGINNING if mark is None else mark)
    held = max(0, parity.missing - so_far.missing)
    return replace(
        so_far,
        waiting=so_far.waiting - held,
        undecided=so_far.undecided + held,
        held=held,
    )


def _counted(
    feature: Feature, parity: Parity, judged: _Judge, job: FeatureJob, patience: Patience
) -> Parity:
    """What late transactions would explain is wrong if Flink has not dropped as many."""
    deadline = patience.clock() + _METRIC_SECONDS
    while parity.late or parity.undecided > parity.held:
        dropped = job.dropped_late()
        if dropped is None:
            break
        if dropped and (is_windowed(feature) or parity.late <= dropped):
            break
        if patience.clock() >= deadline:
            return judged(dropped=dropped)
        patience.sleep(_POLL_SECONDS)
    return parity


def judge(
    feature: Feature,
    transactions: StoredRows,
    sink: StoredRows,
    watermark: int,
    *,
    dropped: int | None = None,
) -> Parity:
    """Compare the batch results for these transactions with these rows of the sink.

    Args:
        feature: Whose results they are.
        transactions: What the job has read.
        sink: What it has written.
        watermark: Event time before which results must be there, in microseconds.
        dropped: How many records the job has ever dropped as late; None when that is not known.
    """
    back = lookback(feature.table)
    # A feature that looks at no other row waits for no watermark, and drops nothing as late.
    waits = back != timedelta()
    bounds = Bounds(
        final_before=watermark if waits else None,
        judged_before=watermark,
        judged_from=_judged_from(transactions, sink, back),
    )
    found = compare(feature, transactions, sink, bounds)
    judgement = judge_late(feature, transactions, sink, bounds, found, dropped=dropped)
    return _parity(feature, transactions, judgement)


def _parity(feature: Feature, transactions: StoredRows, judgement: Judgement) -> Parity:
    delay = contract.WATERMARK_DELAY.total_seconds()
    late = judgement.late
    behind = judgement.behind_seconds
    comparison = judgement.comparison
    return Parity(
        name=feature.name,
        transactions=transactions.count,
        expected=comparison.expected,
        equal=comparison.equal,
        waiting=comparison.waiting,
        late=late,
        late_reason=(
            f"up to {behind:,.0f} s behind the newest, and the watermark allows {delay:.0f} s"
            if late
            else ""
        ),
        missing=comparison.missing,
        different=comparison.different,
        duplicates=comparison.duplicates,
        before_history=comparison.before_history,
        bad=transactions.bad,
        unread=0,
        undecided=judgement.undecided,
        ties=judgement.ties,
        held=0,
        stopped=False,
        compacted=(),
        largest_relative_error=comparison.largest_relative_error,
        examples=examples(transactions.connection, feature),
    )


def _judged_from(transactions: StoredRows, sink: StoredRows, back: timedelta | None) -> int | None:
    """From when on results can be judged: before, their inputs or they themselves are gone."""
    begins = transactions.history_begins
    if begins is not None and back is None:
        return END
    reaches = int((back or timedelta()).total_seconds() * 1_000_000)
    bounds = (begins, reaches), (sink.history_begins, 0)
    # What is gone may be newer than the oldest that is left, by as much as records come out of
    # order; and one more, since of the very moment some may be gone and some not.
    slack = lateness.DELAY_US + 1
    return max((begin + more + slack for begin, more in bounds if begin is not None), default=None)
