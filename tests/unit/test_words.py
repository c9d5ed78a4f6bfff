from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.text.words import counted, location

ROOT = Path(__file__).parents[2]


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


_COUNTED = (
    "alert|batch|change|character|child|column|customer|day|digit|exception|feature|field|file|folder"
    "|fraud|group|hour|job|label|leaf|letter|line|message|minute|mistake|offset|partition|point|process"
    "|record|row|savepoint|score|second|setting|signal|slot|source|time|topic|transaction|tree|user"
    "|value|verdict|version|window|word"
)
_PLURAL = re.compile(
    rf" (?:[a-z]+ )?(?:(?:{_COUNTED})s|leaves|batches|children|processes)(?![\w/])"
)


def _plurals(path: Path) -> Iterator[str]:
    """Yield places at which a plural follows a number, whatever the number is."""
    for text in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(text, ast.JoinedStr):
            continue
        for number, after in pairwise(text.values):
            if (
                isinstance(number, ast.FormattedValue)
                and isinstance(after, ast.Constant)
                and _is_number(number)
                and (said := _PLURAL.match(str(after.value)))
            ):
                yield f"{path.relative_to(ROOT)}:{number.lineno}: {{…}}{said[0]}"


def _is_number(value: ast.FormattedValue) -> bool:
    spec = "" if value.format_spec is None else ast.unparse(value.format_spec)
    called = ast.unparse(value.value.func) if isinstance(value.value, ast.Call) else ""
    return "," in spec or called in {"len", "text.integer", "sum"}


def test_no_number_has_a_plural_of_its_own() -> None:
    found = [
        place
        for folder in ("pipeline", "tui")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for place in _plurals(path)
    ]
    assert found == []
