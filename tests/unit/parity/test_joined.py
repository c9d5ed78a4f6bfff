"""What `verify` says of joins of two streams, whatever the order in which they arrive."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from pipeline.features import Feature
from pipeline.findings import Kind
from pipeline.parity import compare
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity, render_rows
from pipeline.proof import Outcome
from pipeline.sources import Source, source

from . import flink_model as flink
from .stored import Topic, parity_of_topics, topic
from .test_arrivals import arrivals

MINUTE: Final = timedelta(minutes=1)
START: Final = datetime(2024, 1, 1)
SEEDS: Final = range(int(os.environ.get("ARRIVALS_SEEDS", "12")))
Row = dict[str, Any]


def stream(name: str, time: str) -> Source:
    columns = {time: "timestamp(3)", "who": "int64", "n": "int64"}
    return source(topic=name, schema=columns, time=time, watermark="15s", idle="10s", user="who")


PAID: Final = stream("paid", "paid_at")
SEEN: Final = stream("seen", "seen_at")


def joined(paid: ir.Table, seen: ir.Table) -> ir.Table:
    """The two in the ten minutes before, and up to one minute after."""
    bounds = paid.paid_at - ibis.interval(minutes=10), paid.paid_at + ibis.interval(minutes=1)
    pairs = paid.join(seen, [paid.who == seen.who, seen.seen_at.between(*bounds)])
    return pairs.select("who", "paid_at", "seen_at", "n", other=seen.n, both=paid.n + seen.n)


PAIRS: Final = Feature("pairs", "own_pairs", joined, (PAID, SEEN))


def paid(minute: float, n: int, who: int = 1) -> Row:
    return {"paid_at": START + minute * MINUTE, "who": who, "n": n}


def seen(minute: float, n: int, who: int = 1) -> Row:
    return {"seen_at": START + minute * MINUTE, "who": who, "n": n}


# A pair in each minute of two hours, and one with the minute before it.
PAID_ROWS: Final = [paid(5 * n, n) for n in range(24)]
SEEN_ROWS: Final = [seen(5 * n - 0.5, n) for n in range(24)]


def rows_of(paid_rows: Sequence[Row], seen_rows: Sequence[Row]) -> pa.Table:
    return evaluate(PAIRS, topic(paid_rows).table, topic(seen_rows).table)


def compared(
    found: pa.Table | Iterable[Row],
    paid_rows: Sequence[Row] = PAID_ROWS,
    seen_rows: Sequence[Row] = SEEN_ROWS,
    *,
    truncated: frozenset[int] = frozenset(),
    **options: Any,
) -> Parity:
    """Of records that arrive as their times pass; each stream has one partition."""

    def arriving(rows: Sequence[Row], time: str, **how: Any) -> Topic:
        newest = START - MINUTE
        arrived = []
        for row in rows:
            newest = max(newest, row[time])
            arrived.append(round((newest - START + MINUTE).total_seconds() * 1_000) + 1)
        return topic(rows, time, arrived=arrived, **how)

    schema = rows_of(PAID_ROWS, SEEN_ROWS).schema
    table = found if isinstance(found, pa.Table) else pa.Table.from_pylist(list(found), schema)
    streams = [arriving(paid_rows, "paid_at"), arriving(seen_rows, "seen_at", truncated=truncated)]
    return parity_of_topics(PAIRS, streams, topic(table, "paid_at"), **options)


def test_all_pairs_are_right() -> None:
    found = rows_of(PAID_ROWS, SEEN_ROWS)
    assert found.num_rows == 24 + 23
    parity = compared(found)
    assert (parity.outcome, parity.equal) == (Outcome.PROVED, 47), parity
    assert (parity.transactions, parity.mismatches) == (48, ())
    assert compared(found.slice(0, 0), [], []).reasons == ("there is no result to verify",)


def test_slices_of_time_reach_over_to_the_other_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(PAID_ROWS, SEEN_ROWS)
    monkeypatch.setattr(compare, "_STRETCH_ROWS", 3)
    assert compared(found).equal == 47
    assert compared(found.slice(1)).missing + compared(found.slice(1)).undecided == 1


def test_a_pair_that_is_missing_is_wrong() -> None:
    rows = rows_of(PAID_ROWS, SEEN_ROWS).to_pylist()
    lost = next(row for row in rows if (row["n"], row["other"]) == (20, 20))
    parity = compared([row for row in rows if row != lost])
    assert (parity.outcome, parity.missing, parity.undecided) == (Outcome.WRONG, 1, 0), parity
    (missing,) = parity.mismatches
    assert (missing.kind, missing.identity["other"]) == (Kind.MISSING, 20)
    assert [(each.topic, each.values["n"]) for each in missing.inputs] == [
        ("paid", 20),
        ("seen", 20),
    ]
    assert "seen 0:20  seen_at" in render_rows(parity)


def test_twins_have_as_many_rows_as_pairs() -> None:
    twins = [*SEEN_ROWS[:21], SEEN_ROWS[20], *SEEN_ROWS[21:]]
    rows = rows_of(PAID_ROWS, twins)
    assert compared(rows, seen_rows=twins).proved
    once = rows_of(PAID_ROWS, SEEN_ROWS)
    parity = compared(once, seen_rows=twins)
    # With the payments of the same time and of five minutes later.
    assert (parity.outcome, parity.missing) == (Outcome.WRONG, 2), parity


def test_a_row_that_is_delivered_twice_is_a_duplicate() -> None:
    rows = rows_of(PAID_ROWS, SEEN_ROWS).to_pylist()
    parity = compared([*rows, rows[9]])
    assert (parity.outcome, parity.duplicates, parity.equal) == (Outcome.PROVED, 1, 47), parity


@pytest.mark.parametrize("change", [{"other": 99}, {"seen_at": START}, {"both": -1}, {"who": 2}])
def test_a_row_that_no_pair_explains_is_wrong(change: Row) -> None:
    rows = rows_of(PAID_ROWS, SEEN_ROWS).to_pylist()
    parity = compared([*rows, rows[9] | change])
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity


def test_a_row_of_records_that_are_not_read_yet_is_not_judged() -> None:
    rows = rows_of(PAID_ROWS, SEEN_ROWS).to_pylist()
    newest = max(rows, key=lambda row: row["paid_at"])
    later = [*rows, newest | {"n": 77, "both": 100}]
    assert compared(later).proved
    # Nothing is in the topics that was not read.
    parity = compared(later, known_before=2**60)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity


def test_a_late_record_whose_partner_was_given_up_is_undecided() -> None:
    late = [*SEEN_ROWS, seen(59, 88)]
    rows = rows_of(PAID_ROWS, SEEN_ROWS)
    parity = compared(rows, seen_rows=late)
    # The payments of minutes 60 and 65.
    assert (parity.outcome, parity.undecided) == (Outcome.NOT_JUDGED, 2), parity
    assert (parity.missing, parity.equal) == (0, 47), parity
    assert {each.kind for each in parity.mismatches} == {Kind.UNDECIDED}
    newest = parity.mismatches[0].inputs
    assert max(each.late_seconds for each in newest if each.topic == "seen") > 3_000
    # If it was joined all the same, its rows are right.
    assert compared(rows_of(PAID_ROWS, late), seen_rows=late).proved
    half = rows_of(PAID_ROWS, late).to_pylist()
    half.remove(next(row for row in half if row["other"] == 88))
    assert compared(half, seen_rows=late).undecided == 1


def test_a_late_record_whose_partner_is_still_kept_has_to_be_joined() -> None:
    """The newest payment is of minute 115, and kept until event time is a minute beyond."""
    late = [*SEEN_ROWS, seen(108, 88)]
    parity = compared(rows_of(PAID_ROWS, SEEN_ROWS), seen_rows=late)
    # That of minute 110 was given up before the watermark, minute 114.25, and 115 was not.
    assert (parity.outcome, parity.missing, parity.undecided) == (Outcome.WRONG, 1, 1), parity
    found = [
        row for row in rows_of(PAID_ROWS, late).to_pylist() if row["n"] != 22 or row["other"] != 88
    ]
    parity = compared(found, seen_rows=late)
    assert (parity.outcome, parity.missing, parity.undecided) == (Outcome.NOT_JUDGED, 0, 1), parity


def test_a_pair_that_was_over_when_1970_began_may_never_have_been_kept() -> None:
    """Flink takes 1970 for the watermark before there is one."""
    begins = (datetime(1970, 1, 1) - START) / MINUTE
    parity = compared([], [paid(begins - 1, 0)], [seen(begins - 1, 0)])
    assert (parity.missing, parity.undecided) == (0, 1), parity
    parity = compared([], [paid(begins - 0.9, 0)], [seen(begins - 1, 0)])
    assert (parity.missing, parity.undecided) == (1, 0), parity


def test_pairs_whose_records_are_gone_are_left_out() -> None:
    rows = rows_of(PAID_ROWS, SEEN_ROWS)
    kept = SEEN_ROWS[10:]
    parity = compared(rows, seen_rows=kept, truncated=frozenset({0}))
    assert (parity.outcome, parity.missing, parity.different) == (Outcome.PROVED, 0, 0), parity
    # Rows from the oldest session on, by what a payment reaches back over.
    assert (parity.before_history, parity.equal) == (23, 24)


def made_up(random: Random) -> tuple[list[flink.Arrival], list[flink.Arrival]]:
    """Arrivals of two streams; those of the second are in partitions of its own."""
    first, second = arrivals(random), arrivals(random)
    # Closer together than they are made, or there would be no pairs.
    begin, scale = first[0].time, random.choice((1, 5, 60))

    def nearer(one: flink.Arrival, partition: int) -> flink.Arrival:
        time = max(1_000, begin + (one.time - begin) // scale)
        return replace(one, partition=partition, time=time, user=one.user % 3)

    return (
        [nearer(one, one.partition) for one in first],
        [nearer(one, one.partition + flink.SECOND) for one in second],
    )


def as_topic(made: Iterable[flink.Arrival], time: str) -> Topic:
    records = list(made)
    rows = [
        {time: flink.moment(one.time), "who": one.user, "n": round(one.amount * 100)}
        for one in records
    ]
    return topic(
        rows,
        time,
        partition=[one.partition % flink.SECOND for one in records],
        arrived=[one.arrived for one in records],
    )


@pytest.mark.parametrize("restarts", [0, 1])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_flink_does_with_any_arrivals_is_not_called_wrong(seed: int, restarts: int) -> None:
    random = Random(f"{seed} pairs {restarts}")
    both = made_up(random)
    made = sorted((*both[0], *both[1]), key=lambda one: one.arrived)
    starts = random.choice(
        (made[0].arrived - 20_000, made[len(made) // 2].arrived, made[-1].arrived)
    )
    source = flink.Source(random, made, starts, restarts, slow=12_000)
    streams = [as_topic(both[0], "paid_at"), as_topic(both[1], "seen_at")]
    expected = evaluate(PAIRS, *(each.table for each in streams))
    rows, arrived = list[dict[str, object]](), list[int]()
    for one, two in flink.pairs(source, -600_000, 60_000, random):
        arrived.append(source.now)
        rows.append(
            {
                "who": one.user,
                "paid_at": flink.moment(one.time),
                "seen_at": flink.moment(two.time),
                "n": round(one.amount * 100),
                "other": round(two.amount * 100),
                "both": round(one.amount * 100) + round(two.amount * 100),
            }
        )
    table = pa.Table.from_pylist(rows, expected.schema)
    parity = parity_of_topics(
        PAIRS,
        streams,
        topic(table, "paid_at", arrived=arrived),
        known_before=2**60,
        resumed=source.resumed,
    )
    assert parity.outcome is not Outcome.WRONG, parity
    assert parity.equal + parity.duplicates == len(rows)
    assert parity.equal + parity.undecided == expected.num_rows
