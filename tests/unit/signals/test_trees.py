"""Trees as an expression against plain Python, and files that hold none."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import ibis
import msgspec
import pytest

from pipeline.errors import InputError
from pipeline.signals.trees import Model, Training, Tree, read_model, score, write_model

INPUTS = ("amt", "hour", "age")
TRAINING = Training("", 0, 0, 0, "", "")


def grown(random: Random, depth: int) -> Tree:
    """A tree of random comparisons."""
    nodes: list[tuple[int, float, int, int, bool, float]] = []

    def grow(left: int) -> int:
        at = len(nodes)
        nodes.append((-1, 0.0, -1, -1, False, random.gauss(0, 1)))
        if left and random.random() < 0.9:
            low, high = grow(left - 1), grow(left - 1)
            limit = random.choice([1.0, 2.5, 3.0])
            nodes[at] = (random.randrange(3), limit, low, high, random.random() < 0.5, 0.0)
        return at

    grow(depth)
    return Tree(*(tuple(column) for column in zip(*nodes, strict=True)))


def walked(tree: Tree, row: list[float | None]) -> float:
    at = 0
    while (which := tree.input[at]) != -1:
        value = row[which]
        left = tree.null_left[at] if value is None else value <= tree.limit[at]
        at = tree.left[at] if left else tree.right[at]
    return tree.value[at]


def model(*trees: Tree, **changes: Any) -> Model:
    fields: dict[str, Any] = {"inputs": INPUTS, "base": -1.5, "threshold": 0.5}
    return Model(**(fields | {"trees": trees, "training": TRAINING} | changes))


@pytest.mark.parametrize("seed", range(5))
def test_the_expression_walks_the_trees(seed: int) -> None:
    random = Random(seed)
    trees = [grown(random, 4) for _ in range(6)]
    rows = [[random.choice([None, 0.0, 1.0, 2.5, 9.0]) for _ in INPUTS] for _ in range(50)]
    memory = ibis.memtable(
        [{"n": n, **dict(zip(INPUTS, row, strict=True))} for n, row in enumerate(rows)],
        schema={"n": "int64"} | dict.fromkeys(INPUTS, "float64"),
    )
    found = memory.select("n", score=score(model(*trees), memory)).order_by("n").to_pyarrow()
    for row, value in zip(rows, found["score"].to_pylist(), strict=True):
        total = -1.5 + sum(walked(tree, row) for tree in trees)
        assert value == pytest.approx(1 / (1 + math.exp(-total)), rel=1e-12)


def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    written = model(grown(Random(3), 3))
    write_model(written, tmp_path / "m")
    assert read_model(tmp_path / "m") == written


LEAF = Tree((-1,), (0.0,), (-1,), (-1,), (False,), (0.1,))
SPLIT = Tree((0, -1, -1), (1.0, 0.0, 0.0), (1, -1, -1), (2, -1, -1), (False,) * 3, (0.0, 0.1, 0.2))


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (model(LEAF, version=9), "version 9"),
        (model(LEAF, inputs=("amt", "shoe_size")), "'shoe_size'"),
        (model(), "damaged"),
        (model(msgspec.structs.replace(SPLIT, left=(0, -1, -1))), "damaged"),
        (model(msgspec.structs.replace(SPLIT, right=(9, -1, -1))), "damaged"),
        (model(msgspec.structs.replace(SPLIT, input=(3, -1, -1))), "damaged"),
        (model(msgspec.structs.replace(SPLIT, value=(0.0,))), "damaged"),
        (model(*[LEAF] * 1_001), "1,001 leaves"),
    ],
)
def test_a_model_that_cannot_run_is_refused(tmp_path: Path, broken: Model, said: str) -> None:
    write_model(broken, tmp_path / "m")
    with pytest.raises(InputError) as caught:
        read_model(tmp_path / "m")
    assert said in caught.value.message
    assert "fraudwatch train" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b'{"version": 1}', b"\xff"])
def test_another_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no model"):
        read_model(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_model(tmp_path / "none")
    with pytest.raises(InputError, match="cannot be written"):
        write_model(model(LEAF), tmp_path / "none" / "m")
