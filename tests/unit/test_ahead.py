"""What is made ahead comes in order, with its errors, and no more is made than is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipeline.cli.ahead import ahead


def counted(made: list[int], until: int, error: type[Exception] | None = None) -> Iterator[int]:
    for number in range(until):
        assert threading.current_thread() is not threading.main_thread()
        made.append(number)
        yield number
    if error is not None:
        raise error("at the end")


@pytest.mark.parametrize("most", [1, 3, 100])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_all_items_come_in_order(count: int, most: int) -> None:
    with ahead(counted([], count), most) as items:
        assert list(items) == list(range(count))


def test_an_error_comes_where_the_next_item_would() -> None:
    taken = []
    with (
        ahead(counted([], 5, ValueError), 2) as items,
        pytest.raises(ValueError, match="at the end"),
    ):
        while True:
            taken.append(next(items))
    assert taken == [0, 1, 2, 3, 4]


def test_after_an_error_of_the_taker_no_more_is_made() -> None:
    made: list[int] = []
    before = threading.active_count()
    with pytest.raises(KeyError), ahead(counted(made, 1_000), 3) as items:
        assert next(items) == 0
        raise KeyError
    assert threading.active_count() == before
    assert len(made) <= 5
