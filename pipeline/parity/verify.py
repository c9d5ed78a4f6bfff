"""Verifies a live feature: reads the transactions, computes in batch, reads the sink, compares."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from pipeline.config import KafkaSettings
from pipeline.errors import JobError, UnansweredError
from pipeline.features import Feature
from pipeline.findings import EVERY_ROW
from pipeline.interrupt import interruptible
from pipeline.kafka.extent import extent
from pipeline.kafka.offsets import OffsetRange
from pipeline.kafka.topics import is_compacted

from . import lateness, listing
from .batch import lookback, windows
from .compare import Bounds, compare
from .late import LateComparison, explain_late
from .origins import is_windowed
from .report import Parity
from .tables import BEGINNING, END, StoredRows, read_sink, read_transactions, workspace
from .timely import timeliness

_SETTLE_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 5.0
"""More than the time after which a partition without valid records counts as idle."""
_METRIC_SECONDS: Final = 12.0
"""Flink's metrics lag by some seconds."""
_DELIVERY_SECONDS: Final = 150.0
"""More than the 120 s after which a sink's producer gives a record up. Until then no checkpoint
completes, as after its topic was recreated under it; after that, the job restarts."""
_POLL_SECONDS: Final = 0.5


class FeatureJob(Protocol):
    """The job that computes a feature; see `live.LiveJob`."""

    @property
    def running(self) -> bool: ...

    def read_up_to(self) -> Mapping[int, int]:
        """Return the offset up to which results are in the sink, by partition."""
        ...

    def watermark(self) -> int | None:
        """Return the job's watermark, in microseconds; None if Flink reports none."""
        ...

    def dropped_late(self) -> int | None:
        """Return the number of late records dropped in the life of the job; None if unknown."""
        ...

    def started(self) -> int:
        """Return when it was started, in milliseconds since the epoch; 0 if it does not run."""
        ...

    def resumed(self) -> int:
        """Return when it last resumed from state, likewise; 0 if it never did."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a job that lags, in seconds without progress."""

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
    only: Mapping[str, str] = EVERY_ROW,
) -> Parity:
    """Compare a live feature with its expression evaluated in batch.

    The reference is the transaction topic at the time of the call. A running job is waited for
    until it has read that far; for a stopped job, only what it has read counts.

    Args:
        feature: The feature.
        kafka: The cluster and its credentials.
        job: The job that computes it.
        report: Called with what is being done, a line each.
        patience: How long to wait for a job that lags.
        only: List the rows with these values, by identity column, also if they are equal, rather
            than all mismatches.

    Raises:
        UnavailableError: Kafka cannot be read.
    """
    source = feature.source
    topic = kafka.topic(source.topic)
    ranges = extent(kafka, topic)
    ends = _ends_of(ranges)

    def reading(count: int) -> None:
        report(f"reading transactions: {count:,}")

    read = _await_job(ends, job, report, patience)
    with workspace(source, windows(feature.table)) as connection, interruptible(connection):
        transactions = StoredRows(
            connection, "transactions", source.columns, source.time, earliest=begins(ranges)
        )
        unread = read_transactions(transactions, source, kafka, ends, read, report=reading)
        watermark = lateness.watermark(source, transactions.newest, unread.partitions)
        sink_topic = kafka.topic(feature.topic)
        sink = StoredRows(
            connection, "sink", feature.columns, feature.event_time,
            earliest=begins(extent(kafka, sink_topic)),
        )  # fmt: skip

        def look() -> int:
            return read_sink(sink, kafka, sink_topic, lambda n: report(f"reading results: {n:,}"))

        look()
        report("computing in batch and comparing")

        def compared(
            mark: int = watermark, *, dropped: int | None = None, since: int = 0
        ) -> Parity:
            resumed = job.resumed()
            return parity_of(
                feature, transactions, sink, mark, dropped=dropped, since=since, resumed=resumed
            )

        idle = source.idle.total_seconds() + _IDLE_SECONDS
        parity = _settled(compared, watermark, job, look, patience, idle=idle)
        if parity.different and job.running and (more := _ends_of(extent(kafka, topic))) != ends:
            # Flink may have read one partition further than `ends` while it lagged on another, and
            # then counted transactions that are older than the watermark.
            further = _await_job(more, job, report, patience)
            read_transactions(transactions, source, kafka, further, further, report=reading)
            look()
            parity = compared()
        waits = lookback(feature.table) != timedelta()
        if parity.missing and waits and job.running:
            parity = _without_held(parity, compared, watermark, job)
        parity = _counted(feature, parity, compared, job, patience)
        gone = [
            name
            for name, rows in ((topic, transactions), (sink_topic, sink))
            if rows.gaps and is_compacted(kafka, name)
        ]
        found = listing.mismatches(feature, transactions, sink, only)
        timely = timeliness(feature, transactions, sink)
    return replace(
        parity,
        mismatches=found,
        timeliness=timely,
        unread=unread.count,
        compacted=tuple(gone),
        stopped=not job.running,
    )


def begins(ranges: Mapping[int, OffsetRange]) -> dict[int, int]:
    """Return the earliest offset of each partition."""
    return {number: offsets.begin for number, offsets in ranges.items()}


def _ends_of(ranges: Mapping[int, OffsetRange]) -> dict[int, int]:
    return {number: offsets.end for number, offsets in ranges.items()}


def _await_job(
    ends: Mapping[int, int],
    job: FeatureJob,
    report: Callable[[str], None],
    patience: Patience,
) -> Mapping[int, int]:
    """Wait until the job has read up to `ends`; return how far it has read, at most `ends`."""

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
    """Return how far the job has read; retries while the job cannot take a checkpoint."""
    deadline = patience.clock() + max(patience.seconds, _DELIVERY_SECONDS)
    while True:
        try:
            return job.read_up_to()
        except (JobError, UnansweredError) as error:
            ended = isinstance(error, JobError) and not job.running
            if ended or patience.clock() >= deadline:
                raise
            report("waiting for the job, which cannot take a checkpoint at the moment")
            patience.sleep(_POLL_SECONDS)


class _Compare(Protocol):
    """Compares the rows read so far."""

    def __call__(
        self, mark: int = ..., *, dropped: int | None = None, since: int = 0
    ) -> Parity: ...


def _settled(
    compared: _Compare,
    watermark: int,
    job: FeatureJob,
    look: Callable[[], int],
    patience: Patience,
    *,
    idle: float,
) -> Parity:
    """Repeat the comparison until no more results arrive in the sink.

    Partitions without valid records hold the watermark back for `idle` seconds.
    """
    parity = compared()
    start = patience.clock()
    deadline = start + _SETTLE_SECONDS
    while (parity.missing or parity.undecided) and job.running and patience.clock() < deadline:
        patience.sleep(_POLL_SECONDS)
        if look():
            parity = compared()
            deadline = patience.clock() + _SETTLE_SECONDS
        elif _behind(job, watermark) and patience.clock() < start + idle:
            deadline = patience.clock() + _SETTLE_SECONDS
    return parity


def _behind(job: FeatureJob, watermark: int) -> bool:
    mark = job.watermark()
    return mark is None or mark < watermark


def _without_held(parity: Parity, compared: _Compare, watermark: int, job: FeatureJob) -> Parity:
    """Count missing rows as held if the job's watermark has not advanced far enough.

    After a restart, a job has no watermark until it reads the next records.
    """
    mark = job.watermark()
    if mark is not None and mark >= watermark:
        return parity
    so_far = compared(BEGINNING if mark is None else mark)
    held = max(0, parity.missing - so_far.missing)
    return replace(
        so_far,
        waiting=so_far.waiting - held,
        undecided=so_far.undecided + held,
        held=held,
    )


def _counted(
    feature: Feature, parity: Parity, compared: _Compare, job: FeatureJob, patience: Patience
) -> Parity:
    """Count rows as wrong that late transactions would explain, if Flink dropped fewer of them."""
    deadline = patience.clock() + _METRIC_SECONDS
    while parity.late or parity.undecided > parity.held:
        dropped = job.dropped_late()
        if dropped is None:
            break
        if dropped and (is_windowed(feature) or parity.late <= dropped):
            break
        if patience.clock() >= deadline:
            return compared(dropped=dropped, since=job.started())
        patience.sleep(_POLL_SECONDS)
    return parity


def parity_of(
    feature: Feature,
    transactions: StoredRows,
    sink: StoredRows,
    watermark: int,
    *,
    dropped: int | None = None,
    since: int = 0,
    resumed: int = 0,
) -> Parity:
    """Compare the batch results for these transactions with these rows of the sink.

    Args:
        feature: The feature.
        transactions: The transactions that the job has read.
        sink: The rows that it has written.
        watermark: Event time before which results must exist, in microseconds.
        dropped: Late records dropped in the life of the job; None if unknown.
        since: When the job was started, in milliseconds since the epoch.
        resumed: When it last resumed from state, likewise; 0 if it never did.
    """
    back = lookback(feature.table)
    # Without lookback, a feature does not wait for the watermark, and drops nothing as late.
    waits = back != timedelta()
    bounds = Bounds(
        final_before=watermark if waits else None,
        checked_before=watermark,
        checked_from=checked_from(feature, transactions, sink),
    )
    found = compare(feature, transactions, sink, bounds)
    result = explain_late(
        feature, transactions, sink, bounds, found, dropped=dropped, since=since, resumed=resumed
    )
    return _parity(feature, transactions, result)


def _parity(feature: Feature, transactions: StoredRows, result: LateComparison) -> Parity:
    delay = feature.source.watermark.total_seconds()
    late = result.late
    behind = result.behind_seconds
    comparison = result.comparison
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
        undecided=result.undecided,
        ties=result.ties,
        held=0,
        stopped=False,
        compacted=(),
        largest_relative_error=comparison.largest_relative_error,
    )


def checked_from(feature: Feature, transactions: StoredRows, sink: StoredRows) -> int | None:
    """Event time from which results can be checked: before, inputs or results may be gone."""
    first, back = transactions.history_begins, lookback(feature.table)
    if first is not None and back is None:
        return END
    reaches = int((back or timedelta()).total_seconds() * 1_000_000)
    bounds = (first, reaches), (sink.history_begins, 0)
    # Records that are gone may be newer than the oldest remaining one, by as much as records are
    # out of order; plus 1, since records of the oldest time itself may be gone, too.
    slack = lateness.delay(feature.source) + 1
    return max((begin + more + slack for begin, more in bounds if begin is not None), default=None)
