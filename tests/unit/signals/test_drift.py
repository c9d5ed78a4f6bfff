"""The stability index, and the spreads that it compares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.drift import LARGE, shares, spread, stability_index

VALUES = st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(math.nan)), max_size=60)


@given(VALUES)
def test_the_shares_of_all_bins_are_all_values(values: list[float]) -> None:
    found = spread(np.array(values, np.float64))
    assert len(found.shares) == len(found.edges) + 2
    assert sum(found.shares) == pytest.approx(1.0 if values else 0.0)
    assert list(found.edges) == sorted(set(found.edges))


@given(VALUES, VALUES)
def test_it_is_0_for_the_same_and_never_negative(one: list[float], other: list[float]) -> None:
    before = spread(np.array(one, np.float64))
    now = shares(np.array(other, np.float64), before.edges)
    assert stability_index(before.shares, before.shares) == 0.0
    assert stability_index(before.shares, now) >= 0.0


def test_the_index_of_known_shares() -> None:
    found = stability_index((0.5, 0.5), (0.6, 0.4))
    assert found == pytest.approx(0.1 * math.log(1.2) - 0.1 * math.log(0.8))


def test_values_on_an_edge_are_below_it_and_nulls_apart() -> None:
    assert shares(np.array([1.0, 2.0, 3.0, math.nan]), (1.0, 2.5)) == (0.25, 0.25, 0.25, 0.25)


def test_other_values_have_another_index() -> None:
    random = np.random.default_rng(1)
    before = spread(random.normal(0, 1, 5_000))
    same = stability_index(before.shares, shares(random.normal(0, 1, 5_000), before.edges))
    other = stability_index(before.shares, shares(random.normal(1, 1, 5_000), before.edges))
    assert same < 0.02
    assert other > LARGE
