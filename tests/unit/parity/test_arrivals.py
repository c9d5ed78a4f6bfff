"""Random arrivals through a model of Flink, and through `verify`: never red for what is right."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from pipeline import features
from pipeline.features import Feature
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity
from pipeline.proof import Outcome

from . import flink_model as flink
from .flink_model import Arrival
from .stored import Topic, parity_of_topics, topic
from .test_parity import transaction

ROLLING, TUMBLING, _, HOPPING, CUMULATING = features.BUILT_IN
SPANS = {
    "tumbling": flink.tumbling,
    "hopping": flink.hopping,
    "cumulating": flink.cumulating,
}
# For a long run, ARRIVALS_SEEDS=500; then also of the windows that take longest to evaluate.
LONG = os.environ.get("ARRIVALS_SEEDS")
FEATURES = [ROLLING, TUMBLING, HOPPING, *([CUMULATING] if LONG else [])]
SEEDS = range(int(LONG or "2"))
START_MS = 1_700_000_000_000
NOW_MS = 1_800_000_000_000


def arrivals(random: Random) -> list[Arrival]:
    """Some of everything: orders, partitions, silences, users at once, and ties."""
    partitions = random.choice((1, 2, 4))
    users = random.choice((2, 5, 20))
    # How far event time goes on from one to the next, and how far it is thrown about.
    step = random.choice((1_000, 60_000, 1_200_000, 7_200_000))
    disorder = random.choice((0, 10_000, 600_000, 10_000_000, 200_000_000))
    silent = random.choice((0.0, 0.02, 0.1))
    keyed = random.random() < 0.8
    # Once a large amount has gone, what is left of its rounding is in every sum after it.
    large = random.random() < 0.5
    made = []
    now, time = NOW_MS, START_MS
    for _ in range(random.choice((20, 60, 150))):
        now += random.choice((0, 1, 5, 400))
        now += random.choice((12_000, 90_000)) if random.random() < silent else 0
        time += random.randrange(step)
        user = random.randrange(users)
        at = max(1_000, time - random.randrange(disorder + 1)) // 1_000 * 1_000
        number = user % partitions if keyed else random.randrange(partitions)
        amount = random.randrange(100, 90_000) / 100
        if large:
            amount = random.choice((amount, 0.01, 92_445_516.64))
        made.append(Arrival(number, now, at, user, amount))
    return made


@dataclass(frozen=True)
class Written:
    """What a job has written, how many records it counts as late, and when it resumed."""

    found: Topic
    dropped: int
    resumed: Sequence[int]


def run(
    feature: Feature, random: Random, made: list[Arrival], *, restarts: int = 0, slow: int = 0
) -> Written:
    """What a job writes."""
    starts = random.choice(
        (made[0].arrived - 20_000, made[len(made) // 2].arrived, made[-1].arrived)
    )
    source = flink.Source(random, made, starts, restarts, slow)
    spans = SPANS.get(feature.name)
    rows, dropped = flink.rolling(source) if spans is None else flink.windows(source, spans)
    mean, count = feature.measures
    named = [{**row, mean: row["mean"], count: row["count"]} for row in rows]
    schema = evaluate(feature, as_topic(made).table).schema
    table = pa.Table.from_pylist([{name: r[name] for name in schema.names} for r in named], schema)
    found = topic(table, feature.event_time, arrived=[row["written"] for row in rows])
    return Written(found, dropped, source.resumed)


def as_topic(made: list[Arrival]) -> Topic:
    rows = []
    for one in made:
        row = transaction(0, one.user, one.amount)
        rows.append(row | {"trans_date_trans_time": flink.moment(one.time)})
    return topic(
        rows, partition=[one.partition for one in made], arrived=[one.arrived for one in made]
    )


def compared(
    feature: Feature,
    made: list[Arrival],
    found: Topic,
    dropped: int | None,
    resumed: Sequence[int] = (),
) -> Parity:
    return parity_of_topics(feature, as_topic(made), found, dropped=dropped, resumed=resumed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_what_flink_does_with_any_arrivals_is_not_called_wrong(feature: Feature, seed: int) -> None:
    random = Random(f"{seed} {feature.name}")
    made = arrivals(random)
    written = run(feature, random, made)
    for known in (None, written.dropped):
        parity = compared(feature, made, written.found, known, written.resumed)
        assert parity.outcome is not Outcome.WRONG, (known, parity)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_what_flink_does_after_restarts_is_not_called_wrong(feature: Feature, seed: int) -> None:
    random = Random(f"{seed} {feature.name} restarts")
    made = arrivals(random)
    restarts, slow = random.choice((1, 2)), random.choice((0, 12_000))
    written = run(feature, random, made, restarts=restarts, slow=slow)
    parity = compared(feature, made, written.found, None, written.resumed)
    assert parity.outcome is not Outcome.WRONG, parity


def test_the_rounding_of_what_has_left_a_window_stays_after_a_restart() -> None:
    """Of this seed, a row of 0.01 comes after 92,445,516.64, which the restarted job dropped."""
    test_what_flink_does_after_restarts_is_not_called_wrong(ROLLING, 211)


def test_a_restart_that_wrote_nothing_again_is_known_from_flink() -> None:
    """Of this seed, a job is restarted twice before it has written anything."""
    test_what_flink_does_after_restarts_is_not_called_wrong(ROLLING, 572)


def at_borders(random: Random) -> list[Arrival]:
    """Times on, and just beside, the borders of windows and the delay of the watermark."""
    beside = (0, 0, 1, -1, 15_000, -15_000, 14_999, 15_001)
    hour = flink.HOUR_MS
    return [
        replace(one, time=one.time // hour * hour + random.choice(beside))
        if random.random() < 0.7
        else one
        for one in arrivals(random)
    ]


@pytest.mark.parametrize("seed", [11, 15])
def test_what_was_dropped_at_borders_after_two_restarts_is_not_called_wrong(seed: int) -> None:
    """Of seed 11, transactions have rows before the first restart and after the second one.

    Of seed 15, a restarted job drops some of a user's transactions with one time, not the last.
    """
    random = Random(f"rolling borders {seed} 2")
    made = at_borders(random)
    written = run(ROLLING, random, made, restarts=2, slow=random.choice((0, 12_000)))
    parity = compared(ROLLING, made, written.found, None, written.resumed)
    assert parity.outcome is Outcome.NOT_JUDGED and parity.undecided, parity


def scattered(random: Random) -> list[Arrival]:
    """Users in all partitions, and times so far apart that Flink clears its state between them."""
    made = []
    now, time = NOW_MS, START_MS
    step = random.choice((60_000, 1_200_000, 7_200_000))
    disorder = random.choice((40_000_000, 100_000_000, 200_000_000))
    users = random.choice((1, 2, 5))
    for _ in range(random.choice((60, 400))):
        now += random.choice((0, 1, 5, 400))
        now += random.choice((12_000, 90_000)) if random.random() < 0.02 else 0
        time += random.randrange(step)
        at = max(1_000, time - random.randrange(disorder + 1)) // 1_000 * 1_000
        partition, user = random.randrange(4), random.randrange(users)
        made.append(Arrival(partition, now, at, user, random.randrange(100, 90_000) / 100))
    return made


# With these seeds, rows on time were computed before a late transaction of another partition was
# accepted, since the state had been cleared.
@pytest.mark.parametrize("seed", [166, 205, 215, 325, 387, 419])
def test_a_late_transaction_is_not_missed_in_rows_computed_before_it(seed: int) -> None:
    random = Random(f"x{seed}")
    made = scattered(random)
    written = run(ROLLING, random, made)
    parity = compared(ROLLING, made, written.found, written.dropped, written.resumed)
    assert parity.outcome is not Outcome.WRONG, parity
    assert parity.undecided


def test_a_value_that_nothing_explains_is_wrong_after_a_restart() -> None:
    random = Random("calm 11")
    minute = 60_000
    made = [
        Arrival(n % 2, NOW_MS + n * 1_000, START_MS + n * minute, n % 2, 1.0 + n)
        for n in range(240)
    ]
    written = run(ROLLING, random, made, restarts=1)
    assert compared(ROLLING, made, written.found, None, written.resumed).proved
    rows = written.found.table.to_pylist()
    again = [n for n, at in enumerate(written.found.arrived) if at >= written.resumed[-1]]
    assert 0 < len(again) < len(rows), "some rows are written before, and some after it"
    rows[again[-1]][ROLLING.measures[0]] += 0.5
    spoilt = replace(written.found, table=pa.Table.from_pylist(rows, written.found.table.schema))
    parity = compared(ROLLING, made, spoilt, None, written.resumed)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_what_is_spoiled_is_never_called_right(feature: Feature, seed: int) -> None:
    random = Random(f"{seed} {feature.name}")
    made = arrivals(random)
    restarts = seed % 2
    written = run(feature, random, made, restarts=restarts)
    found, dropped = written.found, None if restarts else written.dropped
    rows: list[dict[str, Any]] = found.table.to_pylist()
    final = compared(feature, made, found, dropped, written.resumed)
    if not rows or not final.equal:
        return
    spoiled = random.randrange(len(rows))
    mean, count = feature.measures
    for change in (
        {mean: rows[spoiled][mean] * 1.000001 + 0.003},
        {count: rows[spoiled][count] + 1},
    ):
        wrong = [dict(row) for row in rows]
        wrong[spoiled] |= change
        table = pa.Table.from_pylist(wrong, found.table.schema)
        parity = compared(feature, made, replace(found, table=table), dropped, written.resumed)
        assert not parity.proved or parity.equal < final.equal, (change, parity)
    # Of two rows that were written one after the other, one is enough.
    if feature is ROLLING and not (restarts and rows.count(rows[spoiled]) > 1):
        table = pa.Table.from_pylist(rows[:spoiled] + rows[spoiled + 1 :], found.table.schema)
        arrived = [*found.arrived[:spoiled], *found.arrived[spoiled + 1 :]]
        less = topic(table, feature.event_time, arrived=arrived)
        parity = compared(feature, made, less, dropped, written.resumed)
        assert not parity.proved or parity.waiting > final.waiting, parity
