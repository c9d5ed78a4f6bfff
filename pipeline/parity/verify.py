"""Verifies a live feature: reads its sources, computes in batch, reads the sink, compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from pipeline.config import KafkaSettings
from pipeline.features import Feature
from pipeline.findings import EVERY_ROW
from pipeline.interrupt import interruptible
from pipeline.kafka.extent import extent
from pipeline.kafka.offsets import OffsetRange
from pipeline.kafka.topics import is_compacted

from . import lateness, listing
from .awaited import PATIENT, POLL_SECONDS, FeatureJob, Offsets, Patience, await_job
from .batch import lookback, reaches, windows
from .compare import Bounds, compare
from .late import LateComparison, explain_late
from .origins import is_windowed
from .report import Parity
from .sql_names import micros_of
from .tables import BEGINNING, END, StoredRows, Unread, read_sink, read_transactions, workspace
from .timely import timeliness

_SETTLE_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 5.0
"""More than the time after which a partition without valid records counts as idle."""
_METRIC_SECONDS: Final = 12.0
"""Flink's metrics lag by some seconds."""


def verify(
    feature: Feature,
    kafka: KafkaSettings,
    job: FeatureJob,
    *,
    report: Callable[[str], None] = lambda _: None,
    patience: Patience = PATIENT,
    only: Mapping[str, str] = EVERY_ROW,
) -> Parity:
    """Compare a live feature with its expression evaluated in batch.

    The reference are the topics of its sources at the time of the call. A running job is waited for
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
    topics = [kafka.topic(source.topic) for source in feature.sources]

    def ranges_now() -> list[dict[int, OffsetRange]]:
        return [extent(kafka, topic) for topic in topics]

    ranges = ranges_now()
    ends = _ends_of(ranges)
    read = await_job(ends, job, report, patience)
    waits = lookback(feature.table) != timedelta()
    with (
        workspace(feature.sources, windows(feature.table)) as connection,
        interruptible(connection),
    ):
        streams = [
            StoredRows(connection, table, source.columns, source.time, earliest=begins(of_topic))
            for table, source, of_topic in zip(
                tables_of(feature), feature.sources, ranges, strict=True
            )
        ]

        def read_on(ends: Offsets, read: Offsets) -> list[Unread]:
            def reading(count: int) -> None:
                others = sum(stream.count for stream in streams if stream is not rows)
                report(f"reading transactions: {count + others:,}")

            found = []
            for rows, source, end, so_far in zip(streams, feature.sources, ends, read, strict=True):
                found.append(read_transactions(rows, source, kafka, end, so_far, report=reading))
            return found

        unread = read_on(ends, read)
        watermarks = [
            lateness.watermark(source, rows.newest, left.partitions)
            for source, rows, left in zip(feature.sources, streams, unread, strict=True)
        ]
        watermark = min(watermarks)
        sink_topic = kafka.topic(feature.topic)
        sink = StoredRows(
            connection, "sink", feature.columns, feature.event_time,
            earliest=begins(extent(kafka, sink_topic)),
        )  # fmt: skip

        def known_before(now: Offsets) -> int:
            """Event time before which a row cannot be made of records that were not read."""
            return min(
                (
                    mark - micros_of(reach.after)
                    for mark, reach, end, so_far in zip(
                        watermarks, reaches(feature), now, read, strict=True
                    )
                    if any(offset > so_far.get(number, 0) for number, offset in end.items())
                ),
                default=END,
            )

        def look() -> int:
            return read_sink(sink, kafka, sink_topic, lambda n: report(f"reading results: {n:,}"))

        look()
        report("computing in batch and comparing")

        def compared(
            mark: int = watermark, *, dropped: int | None = None, since: int = 0
        ) -> Parity:
            before = None if waits else known_before(_ends_of(ranges_now()))
            return parity_of(
                feature,
                streams,
                sink,
                mark,
                known_before=before,
                dropped=dropped,
                since=since,
                resumed=job.resumed(),
            )

        # What waits for no watermark is there as soon as it is read.
        idle = feature.source.idle.total_seconds() + _IDLE_SECONDS if waits else 0.0
        parity = _settled(compared, watermark, job, look, patience, idle=idle)
        if parity.different and job.running and (more := _ends_of(ranges_now())) != ends:
            # Flink may have read one partition further than `ends` while it lagged on another, and
            # then counted transactions that are older than the watermark.
            further = await_job(more, job, report, patience)
            read_on(further, further)
            read = further
            look()
            parity = compared()
        if parity.missing and waits and job.running:
            parity = _without_held(parity, compared, watermark, job)
        parity = _counted(feature, parity, compared, job, patience)
        gone = [
            name
            for name, rows in (*zip(topics, streams, strict=True), (sink_topic, sink))
            if rows.gaps and is_compacted(kafka, name)
        ]
        found = listing.mismatches(feature, streams, sink, only)
        timely = timeliness(feature, streams, sink)
    return replace(
        parity,
        mismatches=found,
        timeliness=timely,
        unread=sum(left.count for left in unread),
        compacted=tuple(gone),
        stopped=not job.running,
    )


def begins(ranges: Mapping[int, OffsetRange]) -> dict[int, int]:
    """Return the earliest offset of each partition."""
    return {number: offsets.begin for number, offsets in ranges.items()}


def tables_of(feature: Feature) -> list[str]:
    """Return the names of the tables for the records of a feature's sources."""
    return [f"transactions{number or ''}" for number in range(len(feature.sources))]


def _ends_of(ranges: Sequence[Mapping[int, OffsetRange]]) -> Offsets:
    return [{number: offsets.end for number, offsets in each.items()} for each in ranges]


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
        patience.sleep(POLL_SECONDS)
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
    if feature.join is not None:
        return parity  # Flink does not count them.
    deadline = patience.clock() + _METRIC_SECONDS
    while parity.late or parity.undecided > parity.held:
        dropped = job.dropped_late()
        if dropped is None:
            break
        if dropped and (is_windowed(feature) or parity.late <= dropped):
            break
        if patience.clock() >= deadline:
            return compared(dropped=dropped, since=job.started())
        patience.sleep(POLL_SECONDS)
    return parity


def parity_of(
    feature: Feature,
    streams: Sequence[StoredRows],
    sink: StoredRows,
    watermark: int,
    *,
    known_before: int | None = None,
    dropped: int | None = None,
    since: int = 0,
    resumed: Sequence[int] = (),
) -> Parity:
    """Compare the batch results for these transactions with these rows of the sink.

    Args:
        feature: The feature.
        streams: The transactions of each source that the job has read.
        sink: The rows that it has written.
        watermark: Event time before which results must exist, in microseconds.
        known_before: Event time before which a row cannot be made of records that were not read;
            the watermark if None.
        dropped: Late records dropped in the life of the job; None if unknown.
        since: When the job was started, in milliseconds since the epoch.
        resumed: When it resumed from state or was restarted, likewise, as far as is known.
    """
    back = lookback(feature.table)
    # Without lookback, a feature does not wait for the watermark, and drops nothing as late.
    waits = back != timedelta()
    bounds = Bounds(
        final_before=watermark if waits else None,
        checked_before=watermark if known_before is None else known_before,
        checked_from=checked_from(feature, streams, sink),
    )
    found = compare(feature, streams, sink, bounds)
    result = explain_late(
        feature, streams, sink, bounds, found, dropped=dropped, since=since, resumed=resumed
    )
    return _parity(feature, streams, result)


def _parity(feature: Feature, streams: Sequence[StoredRows], result: LateComparison) -> Parity:
    delay = feature.source.watermark.total_seconds()
    late = result.late
    behind = result.behind_seconds
    comparison = result.comparison
    return Parity(
        name=feature.name,
        transactions=sum(stream.count for stream in streams),
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
        bad=sum(stream.bad for stream in streams),
        unread=0,
        undecided=result.undecided,
        ties=result.ties,
        held=0,
        stopped=False,
        compacted=(),
        largest_relative_error=comparison.largest_relative_error,
    )


def checked_from(feature: Feature, streams: Sequence[StoredRows], sink: StoredRows) -> int | None:
    """Event time from which results can be checked: before, inputs or results may be gone."""
    # Records that are gone may be newer than the oldest remaining one, by as much as records are
    # out of order; plus 1, since records of the oldest time itself may be gone, too.
    slack = max(map(lateness.delay, feature.sources)) + 1
    bounds = [] if sink.history_begins is None else [sink.history_begins + slack]
    for stream, reach in zip(streams, reaches(feature), strict=True):
        if (first := stream.history_begins) is not None:
            bounds.append(END if reach.before is None else first + micros_of(reach.before) + slack)
    return max(bounds, default=None)
