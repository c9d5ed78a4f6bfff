"""The generator: repeatable from its seed, in order of event time, with realistic fraud."""

import os
import subprocess
import sys
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from random import Random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import Transaction
from pipeline.errors import ConfigError
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.simulator.merchants import CATEGORIES
from pipeline.simulator.people import make_people

START = datetime(2023, 3, 1)
GAP = 7.2

DIGEST = """
from datetime import datetime
from hashlib import sha256
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
g = Generator(7, datetime(2023, 3, 1), 50)
print(sha256(b"".join(encode.value(g.next(7.2)) for _ in range(2000))).hexdigest())
"""


def take(count: int, generator: Generator, gap: float = GAP) -> list[Transaction]:
    return [generator.next(gap) for _ in range(count)]


@pytest.fixture(scope="module")
def fortnight() -> list[Transaction]:
    """About two weeks of transactions."""
    return take(160_000, Generator(seed=1, start=START, users=500))


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    here = sha256(
        b"".join(encode.value(t) for t in take(2000, Generator(7, START, 50)))
    ).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env=os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert there == here


def test_another_seed_gives_other_people() -> None:
    one, other = (take(500, Generator(seed, START, 50)) for seed in (1, 2))
    assert not {t.user_id for t in one} & {t.user_id for t in other}


def test_a_later_start_keeps_the_people_but_not_what_they_do() -> None:
    one = take(2000, Generator(1, START, 20))
    other = take(2000, Generator(1, START + timedelta(days=1), 20))
    assert {t.cc_num for t in one} == {t.cc_num for t in other}
    assert not {t.trans_num for t in one} & {t.trans_num for t in other}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(),
    gaps=st.lists(st.floats(0.001, 100_000), min_size=1, max_size=200),
    injections=st.sets(st.integers(0, 199)),
)
def test_event_time_never_runs_backwards(
    seed: int, gaps: list[float], injections: set[int]
) -> None:
    generator = Generator(seed, START, 5)
    times = []
    for number, gap in enumerate(gaps):
        if number in injections:
            generator.inject_fraud()
        times.append(generator.next(gap).trans_date_trans_time)
    assert times[0] >= START
    assert all(before <= after for before, after in pairwise(times))
    assert all(moment.microsecond == 0 for moment in times)


def test_event_time_advances_by_the_mean_gap(fortnight: list[Transaction]) -> None:
    passed = fortnight[-1].trans_date_trans_time - START
    assert passed.total_seconds() / len(fortnight) == pytest.approx(GAP, rel=0.03)


def test_the_share_of_fraud_is_near_that_of_real_data(fortnight: list[Transaction]) -> None:
    assert 0.005 < sum(t.is_fraud for t in fortnight) / len(fortnight) < 0.011


def test_fraud_is_dearer_and_later_at_night_than_what_people_buy(
    fortnight: list[Transaction],
) -> None:
    fraud = [t for t in fortnight if t.is_fraud]
    honest = [t for t in fortnight if not t.is_fraud]
    assert median(t.amt for t in fraud) > 5 * median(t.amt for t in honest)

    def at_night(transactions: list[Transaction]) -> float:
        hours = [t.trans_date_trans_time.hour for t in transactions]
        return sum(hour >= 22 or hour < 4 for hour in hours) / len(hours)

    assert at_night(fraud) > 0.5 > at_night(honest)


def test_an_injected_episode_begins_at_once_and_is_a_burst_of_one_user() -> None:
    generator = Generator(3, START, 200)
    before = take(50, generator, gap=1.0)[-1].trans_date_trans_time
    user = generator.inject_fraud()
    after = take(9000, generator, gap=1.0)
    assert (after[0].user_id, after[0].is_fraud) == (user, 1)
    assert after[0].trans_date_trans_time == before
    hour = before + timedelta(hours=2)
    burst = [t for t in after if t.is_fraud and t.user_id == user]
    burst = [t for t in burst if t.trans_date_trans_time <= hour]
    assert 4 <= len(burst) <= 24
    assert burst[0].amt <= 10
    assert max(t.amt for t in burst) >= 150
    assert len({t.cc_num for t in burst}) == 1


def test_transactions_are_of_the_public_data_sets_kind(fortnight: list[Transaction]) -> None:
    names = {category.name for category in CATEGORIES}
    assert len(names) == 14
    assert {t.category for t in fortnight} == names
    for t in fortnight[:5000]:
        assert t.merchant.startswith("fraud_")
        assert len(t.trans_num) == 32
        int(t.trans_num, 16)
        assert t.amt >= 1
        assert t.amt == round(t.amt, 2)
        assert len(t.zipcode) == 5
        assert datetime.fromisoformat(t.dob) < START
    assert len({t.trans_num for t in fortnight}) == len(fortnight)


def test_people_hold_valid_cards_and_signed_64_bit_ids() -> None:
    people = make_people(Random(1), 1000)
    assert len({p.cc_num for p in people}) == len({p.user_id for p in people}) == 1000
    assert all(luhn_sum(p.cc_num) % 10 == 0 for p in people)
    assert all(-(2**63) <= p.user_id < 2**63 for p in people)
    assert 0.4 < sum(p.user_id < 0 for p in people) / 1000 < 0.6
    assert {str(p.cc_num)[0] for p in people} == {"3", "4", "5", "6"}


def test_days_are_busier_than_nights() -> None:
    generator = Generator(7)
    by_hour: dict[int, float] = {}
    for _ in range(20_000):
        by_hour[generator.next(10).trans_date_trans_time.hour] = generator.intensity
    assert sum(by_hour.values()) / 24 == pytest.approx(1)
    assert by_hour[14] > 2 * by_hour[4]


def test_there_has_to_be_someone() -> None:
    with pytest.raises(ConfigError):
        Generator(1, START, 0)


def luhn_sum(number: int) -> int:
    digits = [int(digit) for digit in str(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return sum(digits[-1::-2]) + sum(doubled)
