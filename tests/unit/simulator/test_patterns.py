"""Fraud patterns: what each plans, and how they join the stream."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from random import Random
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import Transaction
from pipeline.model.simulator import Pattern
from pipeline.simulator import encode
from pipeline.simulator.customers import Customers
from pipeline.simulator.generator import Generator
from pipeline.simulator.merchants import CATEGORIES, RESOLD_CATEGORIES
from pipeline.simulator.patterns.merchant import plan_merchant
from pipeline.simulator.patterns.purchase import Purchase
from pipeline.simulator.patterns.takeover import plan_takeover
from pipeline.simulator.patterns.testing import plan_testing
from pipeline.simulator.people import Person, make_people

START = datetime(2023, 3, 1)
GAP = 7.2
PEOPLE = make_people(Random(1), 100)
# Of a generator without patterns; an endless stream that others rely on must not change.
GOLDEN = "0289d8f7af4de1023ba978a4063abc79cfb6f1f81ed440fb0889c4a05417b2e6"
EVERY_SEED = settings(max_examples=200, deadline=None)


def in_order(episode: list[Purchase]) -> bool:
    delays = [purchase.delay for purchase in episode]
    return delays[0] == 0 and all(one <= next_ for one, next_ in pairwise(delays))


@EVERY_SEED
@given(st.integers())
def test_a_card_is_tested_within_minutes_and_used_within_hours(seed: int) -> None:
    episode = plan_testing(Random(seed), PEOPLE[0])
    assert in_order(episode)
    tests = [purchase for purchase in episode if purchase.amount <= 5]
    uses = episode[len(tests) :]
    assert 4 <= len(tests) <= 9
    assert 1 <= len(uses) <= 3
    assert all(purchase.amount >= 0.5 for purchase in tests)
    assert all(300 <= purchase.amount <= 2_000 for purchase in uses)
    assert tests[-1].delay <= 10 * 60
    assert all(20 * 60 <= use.delay - tests[-1].delay <= 6 * 3600 for use in uses)
    assert all(purchase.category.name.endswith("_net") for purchase in episode)
    assert {purchase.person for purchase in episode} == {PEOPLE[0]}


@EVERY_SEED
@given(st.integers(), st.sampled_from(PEOPLE), st.integers(0, 23))
def test_a_thief_buys_for_hours_what_can_be_resold(seed: int, owner: Person, hour: int) -> None:
    episode = plan_takeover(Random(seed), owner, START + timedelta(hours=hour))
    assert in_order(episode)
    assert 6 <= len(episode) <= 15
    assert episode[-1].delay <= 24 * 3600
    assert all(purchase.amount >= 250 for purchase in episode)
    assert {purchase.category for purchase in episode} <= {*RESOLD_CATEGORIES}
    assert {purchase.person for purchase in episode} == {owner}


def test_a_thief_buys_mostly_while_the_owner_sleeps() -> None:
    asleep = []
    for seed in range(200):
        owner = PEOPLE[seed % len(PEOPLE)]
        for purchase in plan_takeover(Random(seed), owner, START)[1:]:
            at = START + timedelta(seconds=purchase.delay)
            asleep.append(not owner.is_awake(at.hour))
    assert mean(asleep) > 0.75


@EVERY_SEED
@given(st.integers(), st.integers(1, 60))
def test_a_merchant_charges_its_customers_again(seed: int, count: int) -> None:
    customers = PEOPLE[:count]
    episode = plan_merchant(Random(seed), "fraud_Olson Inc", CATEGORIES[0], customers)
    assert in_order(episode)
    charged = [purchase.person for purchase in episode]
    assert {*charged} <= {*customers}
    assert len({*charged}) == min(count, 40)
    assert all(charged.count(person) <= 3 for person in charged)
    assert episode[-1].delay <= 8 * 3600
    assert all(15 <= purchase.amount <= 150 for purchase in episode)
    assert {(each.merchant, each.category) for each in episode} == {
        ("fraud_Olson Inc", CATEGORIES[0])
    }


def test_customers_are_the_latest_of_a_merchant_and_enough_of_them() -> None:
    customers = Customers(fewest=2)
    customers.remember("Olson", CATEGORIES[0], PEOPLE[0])
    customers.remember("Olson", CATEGORIES[0], PEOPLE[0])
    customers.remember("Olson", CATEGORIES[1], PEOPLE[1])
    assert customers.draw(Random(1)) is None
    for person in PEOPLE:
        customers.remember("Olson", CATEGORIES[0], person)
    assert customers.draw(Random(1)) == (("Olson", CATEGORIES[0]), list(PEOPLE[-60:]))


def stream(seed: int, *patterns: Pattern, count: int, before: int = 0) -> list[Transaction]:
    """Transactions, of which the patterns are on after the first `before`."""
    generator = Generator(seed, START, 300)
    ordinary = [generator.next(GAP) for _ in range(before)]
    generator.switch(patterns)
    return ordinary + [generator.next(GAP) for _ in range(count)]


def test_without_patterns_the_stream_is_that_of_earlier_versions() -> None:
    generator = Generator(7, START, 50)
    digest = sha256()
    for number in range(5_000):
        if number % 500 == 250:
            generator.inject_fraud()
        if number == 2_500:
            generator.switch(())
        digest.update(encode.value(generator.next(GAP)))
    assert digest.hexdigest() == GOLDEN


def test_a_pattern_that_was_switched_off_again_begins_no_episode() -> None:
    generator, other = Generator(2, START, 300), Generator(2, START, 300)
    generator.switch([*Pattern])
    generator.switch(())
    assert generator.patterns == ()
    assert [generator.next(GAP) for _ in range(5_000)] == [other.next(GAP) for _ in range(5_000)]


@pytest.mark.parametrize("pattern", Pattern)
def test_a_stream_with_a_pattern_is_the_same_for_the_same_seed(pattern: Pattern) -> None:
    one = stream(5, pattern, count=8_000, before=4_000)
    assert one == stream(5, pattern, count=8_000, before=4_000)
    without = stream(5, count=8_000, before=4_000)
    assert one[:4_000] == without[:4_000]
    assert one != without


def test_patterns_add_fraud_that_stays_rare() -> None:
    def share(*patterns: Pattern) -> float:
        rows = [row for seed in range(3) for row in stream(seed, *patterns, count=15_000)]
        assert len({row.trans_num for row in rows}) == len(rows)
        assert all(row.amt >= 1 for row in rows if not row.is_fraud)
        return mean(row.is_fraud for row in rows)

    every = share(*Pattern)
    assert share() < share(Pattern.TESTING) < every < 0.025


def test_event_time_never_runs_backwards_with_patterns() -> None:
    rows = stream(3, *Pattern, count=15_000)
    assert all(a.trans_date_trans_time <= b.trans_date_trans_time for a, b in pairwise(rows))


@pytest.mark.parametrize("seed", range(5))
def test_the_first_test_of_a_card_shows_at_once(seed: int) -> None:
    rows = stream(seed, Pattern.TESTING, count=60, before=1_000)
    small = [row for row in rows[1_000:] if row.is_fraud and row.amt <= 5]
    assert len(small) >= 4
    assert small[0] in rows[1_000:1_003]


@pytest.mark.parametrize("seed", range(5))
def test_the_owner_of_a_taken_account_goes_on_buying(seed: int) -> None:
    # Few people, so that the owner buys during the hours of the takeover.
    generator = Generator(seed, START, 20)
    generator.switch([Pattern.TAKEOVER])
    rows = [generator.next(60) for _ in range(3_000)]
    owner = rows[1].user_id
    assert rows[1].is_fraud
    theft = [row for row in rows if row.user_id == owner and row.is_fraud and row.amt >= 250]
    begin = theft[0].trans_date_trans_time
    day = [row for row in rows if row.trans_date_trans_time <= begin + timedelta(days=1)]
    of_owner = [row for row in day if row.user_id == owner]
    assert {row.is_fraud for row in of_owner} == {0, 1}
    assert {row.cc_num for row in of_owner} == {rows[1].cc_num}


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_merchant_charges_whoever_has_bought_there(seed: int) -> None:
    rows = stream(seed, Pattern.MERCHANT, count=8_000, before=12_000)
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    charged: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        shop = row.merchant, row.category
        if row.is_fraud:
            charged[shop].add(row.user_id)
        else:
            seen[shop].add(row.user_id)
    # A burst may come to the same merchant by chance, for one or two of its purchases.
    shop, victims = max(charged.items(), key=lambda item: len(item[1]))
    assert len(victims & seen[shop]) >= 8
    assert len(victims - seen[shop]) <= 2
    frauds = [row for row in rows if row.is_fraud and (row.merchant, row.category) == shop]
    spent = frauds[-1].trans_date_trans_time - frauds[0].trans_date_trans_time
    assert spent <= timedelta(hours=36)


def test_no_merchant_goes_bad_before_one_has_enough_customers() -> None:
    with_pattern = stream(1, Pattern.MERCHANT, count=200)
    shops = [(row.merchant, row.category) for row in with_pattern if row.is_fraud]
    assert all(shops.count(shop) < 3 for shop in shops)
