"""What `verify` does around the comparison, with Kafka and the job in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Any

import numpy as np
import pytest

from pipeline import contract, features
from pipeline.config import KafkaSettings
from pipeline.errors import JobError, PipelineError, UnansweredError, UnavailableError
from pipeline.features import Feature
from pipeline.kafka.offsets import OffsetRange
from pipeline.parity import verify as module
from pipeline.parity.awaited import Patience
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity
from pipeline.parity.tables import StoredRows, Unread
from pipeline.parity.verify import verify
from pipeline.proof import Outcome
from pipeline.sources import Source

from .stored import topic
from .test_parity import transaction

ROLLING, _, FLAGGED = features.BUILT_IN[:3]
KAFKA = KafkaSettings(bootstrap="kafka.example.org:9092")
# In order, so that nobody would take any of them for late.
ROWS = [transaction(minute) for minute in range(20)]
LATE = [*ROWS, transaction(3.5), transaction(20)]
AT_END = 2**60


NO_CHECKPOINT = JobError("Flink could not take a checkpoint.")


@dataclass
class FakeJob:
    """A job that has read so many records of the one partition."""

    read: int
    running: bool = True
    dropped: int | None = None
    mark: int | None = AT_END
    refusals: int = 0
    refusal: PipelineError = NO_CHECKPOINT

    def read_up_to(self) -> tuple[Mapping[int, int], ...]:
        if self.refusals:
            self.refusals -= 1
            raise self.refusal
        return ({0: self.read} if self.read else {},)

    def watermark(self) -> int | None:
        return self.mark

    def dropped_late(self) -> int | None:
        return self.dropped

    def started(self) -> int:
        return 0

    def resumed(self) -> tuple[int, ...]:
        return ()


@dataclass
class Kafka:
    """A topic of transactions, and the rows of a sink; each of the rows is a record."""

    rows: list[dict[str, Any]]
    found: list[dict[str, Any]]
    gaps: int = 0

    def read_transactions(
        self,
        into: StoredRows,
        _source: Source,
        _kafka: KafkaSettings,
        ends: Mapping[int, int],
        read: Mapping[int, int],
        *,
        report: Callable[[int], None],
    ) -> Unread:
        end, up_to = ends.get(0, 0), read.get(0, 0)
        into.gaps = self.gaps
        report(up_to)
        _append(into, self.rows[into.count : up_to], contract.TIME_COLUMN)
        return Unread(end - up_to, frozenset({0} if end > up_to else ()))

    def read_sink(self, into: StoredRows, *_: object) -> int:
        rows, self.found = self.found, []
        _append(into, rows, into.time)
        return len(rows)


def _append(into: StoredRows, rows: list[dict[str, Any]], time: str) -> None:
    if rows:
        made = topic(rows, time)
        offsets = np.arange(into.count, into.count + len(made.partition))
        into.append(made.table, np.array(made.partition), offsets, np.array(made.arrived))


Verified = Callable[..., Parity]


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Iterator[Verified]:
    """Verifies a feature whose results are those of `rows`, less the first `lost`."""

    def run(
        job: FakeJob,
        *,
        feature: Feature = ROLLING,
        rows: list[dict[str, Any]] = ROWS,
        results_of: list[dict[str, Any]] | None = None,
        lost: int = 0,
        compacted: bool = False,
        first_end: int | None = None,
    ) -> Parity:
        of = (rows if results_of is None else results_of)[: job.read]
        found = evaluate(feature, topic(of).table).to_pylist() if of else []
        kafka = Kafka(rows, found[lost:], gaps=int(compacted))
        ends = chain([len(rows) if first_end is None else first_end], repeat(len(rows)))

        def extent(_: KafkaSettings, of: str) -> dict[int, OffsetRange]:
            end = next(ends) if of == contract.TRANSACTION_TOPIC else len(rows)
            return {0: OffsetRange(0, end)} if rows else {}

        monkeypatch.setattr(module, "extent", extent)
        monkeypatch.setattr(module, "read_transactions", kafka.read_transactions)
        monkeypatch.setattr(module, "read_sink", kafka.read_sink)
        monkeypatch.setattr(module, "is_compacted", lambda *_: compacted)
        seconds = count(step=5)
        patience = Patience(clock=lambda: float(next(seconds)), sleep=lambda _: None)
        return verify(feature, KAFKA, job, patience=patience)

    yield run


def test_a_job_that_has_read_all_and_written_all_is_proved(verified: Verified) -> None:
    parity = verified(FakeJob(len(ROWS)))
    assert parity.outcome is Outcome.PROVED
    assert parity.equal > 0


def test_a_job_whose_sink_hangs_until_its_producer_gives_up_is_waited_for(
    verified: Verified,
) -> None:
    # 120 s of the clock here, as of Kafka's `delivery.timeout.ms`.
    assert verified(FakeJob(len(ROWS), refusals=24)).outcome is Outcome.PROVED
    with pytest.raises(JobError):
        verified(FakeJob(len(ROWS), refusals=100))
    with pytest.raises(JobError):
        verified(FakeJob(len(ROWS), running=False, refusals=1))


def test_a_cluster_that_leaves_a_question_unanswered_is_asked_again(verified: Verified) -> None:
    unanswered = UnansweredError("Flink does not answer.")
    assert verified(FakeJob(len(ROWS), refusals=24, refusal=unanswered)).outcome is Outcome.PROVED
    with pytest.raises(UnavailableError):
        verified(FakeJob(len(ROWS), refusals=100, refusal=unanswered))


def test_a_stopped_job_is_not_judged_however_right_it_was(verified: Verified) -> None:
    parity = verified(FakeJob(len(ROWS), running=False))
    assert (parity.outcome, parity.reasons) == (Outcome.NOT_JUDGED, ("the job does not run",))
    parity = verified(FakeJob(12, running=False))
    assert parity.reasons[0] == "the job does not run; 8 transactions wait for it"


def test_what_a_stopped_job_has_written_wrongly_is_wrong(verified: Verified) -> None:
    assert verified(FakeJob(len(ROWS), running=False), lost=3).outcome is Outcome.WRONG


def test_what_flink_counted_beyond_the_end_is_read_before_anything_is_called_wrong(
    verified: Verified,
) -> None:
    """It read one partition ahead of another, so that an old transaction was not late."""
    parity = verified(FakeJob(len(LATE)), rows=LATE, first_end=len(ROWS))
    assert (parity.outcome, parity.different) == (Outcome.PROVED, 0)
    # A row that is wrong stays wrong, however much has come since.
    spoiled = [*ROWS[:5], {**ROWS[5], "amt": 999.0}, *LATE[6:]]
    parity = verified(FakeJob(len(LATE)), rows=LATE, results_of=spoiled, first_end=len(ROWS))
    assert parity.outcome is Outcome.WRONG


def test_a_job_that_lags_is_not_judged(verified: Verified) -> None:
    parity = verified(FakeJob(12))
    assert (parity.outcome, parity.unread) == (Outcome.NOT_JUDGED, 8)
    assert parity.reasons == ("the job lags: 8 transactions not read yet",)


def test_without_a_final_result_nothing_is_judged(verified: Verified) -> None:
    parity = verified(FakeJob(1), rows=ROWS[:1], results_of=[])
    assert (parity.outcome, parity.reasons) == (Outcome.NOT_JUDGED, ("no result is final yet",))
    for feature in (ROLLING, FLAGGED):
        parity = verified(FakeJob(0), rows=[], feature=feature)
        assert parity.reasons == ("there is no result to verify",)


def test_what_a_job_without_a_watermark_may_still_hold_is_not_judged(verified: Verified) -> None:
    parity = verified(FakeJob(len(ROWS), mark=None), lost=2)
    assert (parity.outcome, parity.held, parity.missing) == (Outcome.NOT_JUDGED, 2, 0)
    assert "no watermark" in parity.reasons[0]
    assert verified(FakeJob(len(ROWS)), lost=2).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("dropped", "outcome"), [(1, Outcome.PROVED), (None, Outcome.PROVED), (0, Outcome.WRONG)]
)
def test_lateness_is_no_excuse_where_flink_has_dropped_nothing(
    verified: Verified, dropped: int | None, outcome: Outcome
) -> None:
    without = [row for row in LATE if row is not LATE[-2]]
    parity = verified(FakeJob(len(LATE), dropped=dropped), rows=LATE, results_of=without)
    assert parity.outcome is outcome
    assert (parity.late, parity.missing) == ((0, 1) if dropped == 0 else (1, 0))


def test_nothing_is_said_of_a_topic_that_was_compacted(verified: Verified) -> None:
    parity = verified(FakeJob(len(ROWS)), lost=2, compacted=True)
    assert parity.outcome is Outcome.NOT_JUDGED
    assert parity.reasons[0].startswith("Kafka compacts transaction")


def test_a_row_of_no_record_is_wrong_also_after_the_watermark(verified: Verified) -> None:
    rows = [transaction(minute, fraud=1) for minute in range(21)]
    job = FakeJob(read=21)
    parity = verified(job, feature=FLAGGED, rows=rows[:20], results_of=rows)
    assert (parity.outcome, parity.different, parity.equal) == (Outcome.WRONG, 1, 20)
    # Its record has come since the end of the topic was noted.
    parity = verified(job, feature=FLAGGED, rows=rows, first_end=20)
    assert (parity.outcome, parity.different, parity.equal) == (Outcome.PROVED, 0, 20)
