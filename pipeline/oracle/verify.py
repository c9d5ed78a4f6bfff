"""The proof: read the transactions, compute in batch, read the sink, compare."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

import numpy as np

from pipeline import schema
from pipeline.config import KafkaSettings
from pipeline.errors import JobError
from pipeline.features import Feature
from pipeline.kafka import topics

from . import lateness
from .batch import evaluate, reach
from .compare import compare
from .dropped import explain
from .report import Parity
from .rows import TopicRows, read_sink, read_transactions

_SETTLE_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.5


class Job(Protocol):
    """What has to be known of the job that computes a feature."""

    @property
    def running(self) -> bool:
        """Whether it runs."""
        ...

    def read_up_to(self) -> Mapping[int, int]:
        """How far it has read the transactions and written their results: offset by partition."""
        ...

    def dropped_late(self) -> int:
        """How many records it has dropped as late since it was last started."""
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
    job: Job,
    *,
    tell: Callable[[str], None] = lambda _: None,
    patience: Patience = Patience(),
) -> Parity:
    """Prove that a live feature is right, or show where it is not.

    What is proved is the state of the transaction topic at the time of the call: a running job is
    waited for until it has read that far; of a job that does not run only what it has read counts.

    Args:
        feature: Whose results are checked.
        kafka: Where Kafka is, and how to get in.
        job: The job that computes it.
        tell: Told what is being done.
        patience: How long to wait for a job that lags.

    Raises:
        UnavailableError: Kafka cannot be read.
    """
    ends = _ends(kafka, kafka.topic(schema.TRANSACTION_TOPIC))
    read = _await_job(ends, job, tell, patience)
    unread = sum(max(0, end - read.get(number, 0)) for number, end in ends.items())
    transactions = read_transactions(
        kafka, read, lambda count: tell(f"reading transactions: {count:,}")
    )
    watermark = lateness.watermark(transactions, ends)
    parity = _judge(feature, kafka, transactions, watermark, tell)
    # Results may still be on their way to the topic: look again until nothing more comes.
    deadline = patience.clock() + _SETTLE_SECONDS
    while parity.missing and job.running and patience.clock() < deadline:
        patience.sleep(_POLL_SECONDS)
        again = _judge(feature, kafka, transactions, watermark, tell)
        if again.missing != parity.missing:
            deadline = patience.clock() + _SETTLE_SECONDS
        parity = again
    return replace(parity, unread=unread, note=_note(job, unread, parity))


def _await_job(
    ends: Mapping[int, int],
    job: Job,
    tell: Callable[[str], None],
    patience: Patience,
) -> Mapping[int, int]:
    """Wait until the job has read up to `ends`; how far of that it has read."""

    def behind(read: Mapping[int, int]) -> int:
        return sum(max(0, end - read.get(number, 0)) for number, end in ends.items())

    read = _read_up_to(job, tell, patience)
    lag = behind(read)
    deadline = patience.clock() + patience.seconds
    while lag and job.running and patience.clock() < deadline:
        tell(f"waiting for the job to read {lag:,} more transactions")
        patience.sleep(_POLL_SECONDS)
        read = _read_up_to(job, tell, patience)
        if behind(read) < lag:
            lag, deadline = behind(read), patience.clock() + patience.seconds
    return {number: min(end, read.get(number, 0)) for number, end in ends.items()}


def _read_up_to(job: Job, tell: Callable[[str], None], patience: Patience) -> Mapping[int, int]:
    """How far the job has read; one that is being restarted cannot tell, and is waited for."""
    deadline = patience.clock() + patience.seconds
    while True:
        try:
            return job.read_up_to()
        except JobError:
            if not job.running or patience.clock() >= deadline:
                raise
            tell("waiting for the job, which takes no checkpoint just now")
            patience.sleep(_POLL_SECONDS)


def _judge(
    feature: Feature,
    kafka: KafkaSettings,
    transactions: TopicRows,
    watermark: int,
    tell: Callable[[str], None],
) -> Parity:
    sink = read_sink(
        kafka,
        kafka.topic(feature.topic),
        feature.columns,
        feature.event_time,
        lambda count: tell(f"reading results: {count:,}"),
    )
    tell("computing in batch and comparing")
    return judge(feature, transactions, sink, watermark)


def judge(feature: Feature, transactions: TopicRows, sink: TopicRows, watermark: int) -> Parity:
    """Compare the batch results for these transactions with these rows of the sink.

    Args:
        feature: Whose results they are.
        transactions: What the job has read.
        sink: What it has written.
        watermark: Event time before which results must be there, in microseconds.
    """
    back = reach(feature.table)
    # A feature that looks at no other row waits for no watermark, and drops nothing as late.
    waits = back != timedelta()
    bounds = {
        "final_before": watermark if waits else None,
        "judged_before": watermark,
        "judged_from": _judged_from(transactions, sink, back),
    }
    expected = evaluate(feature, transactions.table)
    comparison = compare(feature, expected, sink.table, **bounds)
    late = np.zeros(len(transactions.event_time), np.bool_)
    everything = comparison
    for candidates in lateness.late_candidates(transactions):
        if not (waits and comparison.wrong):
            break
        explanation = explain(feature, transactions, candidates, everything, expected)
        without = compare(feature, explanation.expected, sink.table, **bounds)
        if without.wrong < comparison.wrong:
            comparison, late = without, explanation.dropped
    seconds = lateness.most_behind_seconds(transactions, late)
    delay = schema.WATERMARK_DELAY.total_seconds()
    return Parity(
        name=feature.name,
        transactions=len(transactions.event_time),
        expected=comparison.expected,
        equal=comparison.equal,
        waiting=comparison.waiting,
        late=int(late.sum()),
        late_reason=(
            f"up to {seconds:,.0f} s behind the newest, and the watermark allows {delay:.0f} s"
            if late.any()
            else ""
        ),
        missing=comparison.missing,
        different=comparison.different,
        duplicates=comparison.duplicates,
        before_history=comparison.before_history,
        bad=transactions.bad,
        unread=0,
        largest_relative_error=comparison.largest_relative_error,
        note="",
        examples=comparison.examples,
    )


def _judged_from(transactions: TopicRows, sink: TopicRows, back: timedelta | None) -> int | None:
    """From when on results can be judged: before, their inputs or they themselves are gone."""
    begins = transactions.history_begins
    if begins is not None and back is None:
        return lateness.END
    reaches = int((back or timedelta()).total_seconds() * 1_000_000)
    bounds = (begins, reaches), (sink.history_begins, 0)
    # What is gone may be newer than the oldest that is left, by as much as records come out of
    # order; and one more, since of the very moment some may be gone and some not.
    slack = lateness.DELAY_US + 1
    return max((begin + more + slack for begin, more in bounds if begin is not None), default=None)


def _ends(kafka: KafkaSettings, topic: str) -> dict[int, int]:
    """Where each partition that holds anything ends."""
    found = next((info for info in topics.list_topics(kafka) if info.name == topic), None)
    partitions = found.partitions if found else ()
    return {part.partition: part.latest for part in partitions if part.latest > part.earliest}


def _unexplained(dropped: int, late: int) -> str:
    """What else may be behind rows that are not right.

    Which records of a partition were late cannot be told when partitions that had been silent got
    many at once: they are read one after the other, and Kafka does not know in which order.
    """
    if dropped <= late:
        return ""
    return (
        f"Flink has dropped {dropped:,} records as late since the job started, and the order in "
        f"which they arrived explains {late:,}. Partitions that were silent and then got many "
        "records at once are read one after the other; rows that this has cost are not told "
        "from others."
    )


def _note(job: Job, unread: int, parity: Parity) -> str:
    if job.running and unread:
        return f"The job lags: {unread:,} transactions are not read yet."
    if job.running:
        return "" if parity.proved else _unexplained(job.dropped_late(), parity.late)
    if unread:
        return f"The job does not run; {unread:,} transactions wait for it."
    return "The job does not run."
