from __future__ import annotations

import pytest

from pipeline.text.words import counted, location


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12_345, "12,345 rows")]
)
def test_one_is_not_a_plural(count: int, said: str) -> None:
    assert counted(count, "row") == said


def test_a_plural_of_its_own() -> None:
    assert counted(2, "child", "children") == "2 children"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("file:/tmp/a b", "/tmp/a b"),
        ("file:///tmp/a", "/tmp/a"),
        ("hdfs://host/a", "hdfs://host/a"),
        ("", ""),
    ],
)
def test_one_place_has_one_name(path: str, shown: str) -> None:
    assert location(path) == shown
