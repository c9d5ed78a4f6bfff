"""A proof that goes on, with Kafka and the job in memory: nothing is missed, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import duckdb
import ibis
import numpy as np
import pytest

from pipeline import contract, features
from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.kafka.offsets import OffsetRange
from pipeline.parity import running as module
from pipeline.parity.batch import evaluate, lookback
from pipeline.parity.running import Progress, RunningProof
from pipeline.parity.tables import StoredRows, Unread

from .stored import topic
from .test_parity import transaction

ROLLING, TUMBLING, FLAGGED, HOPPING, CUMULATING = features.BUILT_IN
KAFKA = KafkaSettings(bootstrap="kafka.example.org:9092")
DELAY = contract.WATERMARK_DELAY // timedelta(microseconds=1)
ROWS = [
    transaction(minute, user, amount=1.0 + minute % 13, fraud=int(minute % 70 == 0))
    for minute in range(0, 6_000, 7)
    for user in (1, 2)
]


def micros(time: Any) -> int:
    return int(np.datetime64(time, "us").astype(np.int64))


@dataclass
class Stream:
    """A topic of one partition, a job that has read a part of it, and its sink."""

    feature: Feature
    rows: list[dict[str, Any]] = field(default_factory=lambda: list(ROWS))
    read: int = 0
    begin: int = 0
    sink: list[dict[str, Any]] = field(default_factory=list)
    sunk: int = 0
    dropped: int | None = None

    def __post_init__(self) -> None:
        right = evaluate(self.feature, topic(self.rows).table).to_pylist()
        self.right = sorted(right, key=lambda row: row[self.feature.event_time])

    def go_on(self, count: int) -> None:
        """Let the job read so many more, and write what is final then."""
        self.read = min(len(self.rows), self.read + count)
        mark = self._mark() or 0
        final = [row for row in self.right if micros(row[self.feature.event_time]) < mark]
        self.sink += final[self.sunk :]
        self.sunk = len(final)

    def committed(self) -> tuple[Mapping[int, int]]:
        return ({0: self.read},)

    def watermark(self) -> int | None:
        assert self.feature is not FLAGGED, "Flink reports none for a job without windows"
        return self._mark()

    def _mark(self) -> int | None:
        read = self.rows[: self.read]
        return max(micros(row[contract.TIME_COLUMN]) for row in read) - DELAY if read else None

    def dropped_late(self) -> int | None:
        return self.dropped

    def extent(self, _: KafkaSettings, name: str) -> dict[int, OffsetRange]:
        if name == contract.TRANSACTION_TOPIC:
            return {0: OffsetRange(self.begin, len(self.rows))}
        return {0: OffsetRange(0, len(self.sink))}

    def read_transactions(
        self, into: StoredRows, _source: object, _kafka: object,
        ends: Mapping[int, int], _read: object, *, report: object,
    ) -> Unread:  # fmt: skip
        self._append(into, self.rows, ends)
        return Unread(0, frozenset())

    def read_sink(self, into: StoredRows, *_: object, ends: Mapping[int, int]) -> int:
        return self._append(into, self.sink, ends)

    def _append(self, into: StoredRows, rows: list[dict[str, Any]], ends: Mapping[int, int]) -> int:
        begin = into.read_to.get(0, into.earliest[0])
        new = rows[begin : ends[0]]
        into.read_to[0] = ends[0]
        numbers = np.zeros(len(new), np.int64)
        if new:
            into.append(topic(new, into.time).table, numbers, numbers, numbers)
        return len(new)


Streams = Iterator[Any]


@pytest.fixture
def proof(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Begins the proof of a stream."""
    with duckdb.connect() as connection:

        def begin(stream: Stream) -> RunningProof:
            for name in ("extent", "read_transactions", "read_sink"):
                monkeypatch.setattr(module, name, getattr(stream, name))
            return RunningProof(stream.feature, KAFKA, stream, connection)

        yield begin


def to_the_end(stream: Stream, proof: RunningProof, random: Random) -> Progress:
    while stream.read < len(stream.rows):
        stream.go_on(random.randrange(1, 200))
        proof.step()
    return proof.step()


def kept(proof: RunningProof) -> tuple[int, int]:
    rows = proof._connection.execute(
        "SELECT (SELECT count(*) FROM transactions), (SELECT count(*) FROM sink)"
    ).fetchone()
    assert rows is not None
    return rows


def most_kept(proof: RunningProof) -> tuple[int, ...]:
    """The most transactions and rows of the sink that it keeps on the way to the end."""
    counts = [(0, 0)]
    while proof.step().behind:
        counts.append(kept(proof))
    return tuple(map(max, zip(*counts, strict=True)))


@pytest.mark.parametrize("feature", features.BUILT_IN, ids=lambda feature: feature.name)
def test_every_final_row_is_proved_once_and_forgotten(proof: Any, feature: Feature) -> None:
    stream = Stream(feature)
    running = proof(stream)
    found = to_the_end(stream, running, Random(1))
    assert not found.in_doubt and not found.lost
    assert found.rows == len(stream.sink) > 20
    assert found.behind == 0
    transactions, sink = kept(running)
    # What two users send every seven minutes while a window is open, and a little more.
    back = lookback(feature.table)
    assert back is not None
    assert transactions <= 2 * (back / timedelta(minutes=7) + 20)
    assert sink == 0


@pytest.mark.parametrize("feature", features.BUILT_IN, ids=lambda feature: feature.name)
@pytest.mark.parametrize("what", ["spoiled", "lost", "invented"])
def test_what_is_wrong_is_in_doubt(proof: Any, feature: Feature, what: str) -> None:
    stream = Stream(feature)
    at = len(stream.right) // 2
    row = dict(stream.right[at])
    if what == "lost":
        del stream.right[at]
    elif what == "invented":
        stream.right.insert(at, row | {"user_id": 99})
    elif feature.measures:
        name = feature.measures[-1]
        stream.right[at] = row | {name: row[name] + 1}
    else:
        stream.right[at] = row | {"merchant": "another"}
    running = proof(stream)
    found = to_the_end(stream, running, Random(2))
    for _ in range(module._PATIENCE + 1):
        found = running.step()
    assert found.in_doubt
    assert found.rows <= at
    # Once it is judged as a whole, it goes on.
    running.accept()
    assert not running.doubted and running.progress.until > found.until


def test_results_that_are_on_their_way_are_waited_for(proof: Any) -> None:
    stream = Stream(ROLLING)
    running = proof(stream)
    stream.go_on(500)
    held = stream.sink[-10:]
    del stream.sink[-10:]
    assert running.step().rows == 0
    stream.sink += held
    assert running.step().rows == len(stream.sink)


def test_a_row_that_comes_again_is_not_looked_at_again(proof: Any) -> None:
    stream = Stream(ROLLING)
    running = proof(stream)
    stream.go_on(500)
    first = running.step().rows
    stream.sink += stream.sink[:20]
    stream.go_on(500)
    found = running.step()
    assert not found.in_doubt and found.rows == stream.sunk > first


def test_a_late_transaction_that_flink_has_dropped_is_left_out(proof: Any) -> None:
    stream = Stream(ROLLING)
    running = proof(stream)
    stream.go_on(500)
    running.step()
    late = transaction(stream.read * 7 / 2 - 60, amount=7e6)
    stream.rows.insert(stream.read, late)
    stream.dropped = 1
    found = to_the_end(stream, running, Random(3))
    assert not found.in_doubt and found.rows == len(stream.sink)


@pytest.mark.parametrize("how", ["job", "topic"])
def test_it_begins_again_when_the_job_goes_back_or_records_are_gone(proof: Any, how: str) -> None:
    stream = Stream(ROLLING)
    running = proof(stream)
    stream.go_on(500)
    assert running.step().rows
    if how == "job":
        stream.read = 100
    else:
        stream.begin = 600
    assert running.step().lost


def test_a_large_backlog_is_read_in_steps(proof: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEP", 200)
    stream = Stream(TUMBLING)
    running = proof(stream)
    stream.go_on(len(stream.rows))
    behind = [running.step().behind for _ in range(12)]
    assert behind[:3] == [len(ROWS) - 200, len(ROWS) - 400, len(ROWS) - 600]
    assert behind[-1] == 0
    assert running.progress.rows == len(stream.sink)


def test_of_a_backlog_the_sink_is_read_no_further_than_needed(
    proof: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STEP", 20)
    stream = Stream(TUMBLING)
    running = proof(stream)
    stream.go_on(len(stream.rows))
    _, most = most_kept(running)
    assert running.step().rows == len(stream.sink) > 30
    assert most <= 20


class Uneven(Stream):
    """A topic of two partitions, of which one has a quarter of the other's records."""

    def __post_init__(self) -> None:
        dense, sparse = ([row for row in ROWS if row["user_id"] == user] for user in (1, 2))
        self.parts = {0: dense, 1: sparse[::4]}
        time = contract.TIME_COLUMN
        self.rows = sorted((*self.parts[0], *self.parts[1]), key=lambda row: row[time])
        super().__post_init__()

    def committed(self) -> tuple[Mapping[int, int]]:
        return ({number: len(rows) for number, rows in self.parts.items()},)

    def extent(self, kafka: KafkaSettings, name: str) -> dict[int, OffsetRange]:
        if name == contract.TRANSACTION_TOPIC:
            return {number: OffsetRange(0, end) for number, end in self.committed()[0].items()}
        return super().extent(kafka, name)

    def read_transactions(
        self, into: StoredRows, _source: object, _kafka: object,
        ends: Mapping[int, int], _read: object, *, report: object,
    ) -> Unread:  # fmt: skip
        for number, rows in self.parts.items():
            new = rows[into.read_to.get(number, 0) : ends[number]]
            into.read_to[number] = ends[number]
            if new:
                zeros = np.zeros(len(new), np.int64)
                into.append(topic(new, into.time).table, zeros + number, zeros, zeros)
        return Unread(0, frozenset())


def test_of_a_backlog_partitions_are_read_side_by_side(
    proof: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STEP", 20)
    stream = Uneven(TUMBLING)
    running = proof(stream)
    stream.go_on(len(stream.rows))
    most, _ = most_kept(running)
    assert running.step().rows == len(stream.sink) > 30
    # What a window reaches back over, and a step of each; not the sparse partition's future.
    assert most < 150


def test_a_sink_with_more_is_read_before_more_transactions(
    proof: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows far from the order of event time: the job had read one partition ahead of another."""
    monkeypatch.setattr(module, "_STEP", 100)
    stream = Stream(ROLLING)
    running = proof(stream)
    stream.go_on(len(stream.rows))
    Random(4).shuffle(stream.sink)
    steps = [running.step() for _ in range(60)]
    assert not any(each.in_doubt for each in steps)
    assert steps[-1].rows == len(stream.sink)


def test_what_depends_on_all_earlier_rows_is_refused(proof: Any) -> None:
    def total(rows: Any) -> Any:
        window = ibis.cumulative_window(group_by=rows.user_id, order_by=rows[contract.TIME_COLUMN])
        return rows.select("user_id", contract.TIME_COLUMN, n=rows.count().over(window))

    with pytest.raises(InputError, match="depend on all earlier ones"):
        proof(Stream(Feature("total", "totals", total)))
