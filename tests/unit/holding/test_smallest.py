"""The smallest part that fails: it fails, and nothing of it can be left out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.holding.smallest import smallest


@given(st.integers(1, 60), st.data())
def test_what_is_left_fails_and_every_item_of_it_is_needed(count: int, data: st.DataObject) -> None:
    needed = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=5))

    def fails(part: Sequence[int]) -> bool:
        return needed <= set(part)

    assert smallest(range(count), fails) == sorted(needed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_also_where_several_parts_fail(items: list[int]) -> None:
    total = sum(items) // 2

    def fails(part: Sequence[int]) -> bool:
        return sum(part) >= total

    found = smallest(items, fails)
    assert fails(found)
    if len(found) > 1:
        assert not any(fails(found[:at] + found[at + 1 :]) for at in range(len(found)))


def test_one_of_many_is_found_with_few_tries() -> None:
    tried = []

    def fails(part: Sequence[int]) -> bool:
        tried.append(part)
        return 700 in part

    assert smallest(range(1_000), fails) == [700]
    assert len(tried) < 25
