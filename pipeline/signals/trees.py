"""Trees of a model, and their file; a score is computed by comparisons and sums alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import msgspec

from pipeline.errors import InputError
from pipeline.text.malformed import MALFORMED, malformation
from pipeline.text.ready_type import ready
from pipeline.text.words import counted

from .inputs import INPUTS

_VERSION: Final = 1
SCORE_SPREAD: Final = "score"
MOST_LEAVES: Final = 1_000
"""Flink's planner takes a minute for more, and HotSpot does not compile their code."""


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A binary tree as parallel arrays; node 0 is its root.

    Attributes:
        input: Index of the input that a node compares, by node; -1 for a leaf.
        limit: Up to this value a record goes left.
        left: The node on the left.
        right: The node on the right.
        null_left: Whether a record whose input is null goes left.
        value: Of a leaf: what it adds to the score, in log-odds.
    """

    input: tuple[int, ...]
    limit: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    null_left: tuple[bool, ...]
    value: tuple[float, ...]

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return self.input.count(-1)


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How values are spread over bins.

    Attributes:
        edges: Upper ends of all bins but the last; a value on an edge is in the bin below it.
        shares: The share of the values in each bin, and last that of nulls.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model was trained on, and how well it did on customers that it had not seen.

    Attributes:
        digest: SHA-256 of the transactions.
        transactions: Their number.
        fraud: How many of them are labelled fraud.
        customers: How many users they have.
        earliest: The first event time.
        latest: The last event time.
        average_precision: On customers that were left out, by fold.
        average_precision_later: On the last quarter of the time of customers that were left out.
        importance: Share of each input in the trees' gain, largest first.
    """

    digest: str
    transactions: int
    fraud: int
    customers: int
    earliest: str
    latest: str
    average_precision: tuple[float, ...] = ()
    average_precision_later: float | None = None
    importance: dict[str, float] = {}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A sum of trees.

    Attributes:
        version: Of the format of the file.
        inputs: Names of the inputs, of those in `inputs.INPUTS`.
        base: What the sum starts from, in log-odds.
        trees: The trees.
        threshold: The score from which a transaction is an alert.
        training: What it was trained on.
        spreads: How the inputs were spread there, by name, and the scores of unseen customers as
            `SCORE_SPREAD`.
    """

    version: int = _VERSION
    inputs: tuple[str, ...]
    base: float
    trees: tuple[Tree, ...]
    threshold: float
    training: Training
    spreads: dict[str, Spread] = {}

    @property
    def leaves(self) -> int:
        """Number of leaves of all trees, which decides how long Flink plans."""
        return sum(tree.leaves for tree in self.trees)


def read_model(path: Path) -> Model:
    """Read a model.

    Raises:
        InputError: There is no such file, or it holds no model that can run.
    """
    try:
        model = msgspec.json.decode(path.read_bytes(), type=ready(Model))
    except (OSError, *MALFORMED) as error:
        said = error.strerror if isinstance(error, OSError) else malformation(error)
        raise InputError(
            f"{path} is no model: {said}.", "Write one with `fraudwatch train FILE --out MODEL`."
        ) from error
    fault = _fault(model)
    if fault:
        raise InputError(f"{path} cannot run: {fault}.", "Train it again with `fraudwatch train`.")
    return model


def write_model(model: Model, path: Path) -> None:
    """Write a model, which `read_model` reads.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        path.write_bytes(msgspec.json.encode(model))
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.", "Name another file by --out."
        ) from error


def _fault(model: Model) -> str:
    if model.version != _VERSION:
        return f"its format is version {model.version}, and this fraudwatch reads {_VERSION}"
    unknown = [name for name in model.inputs if name not in INPUTS]
    if unknown:
        return f"it needs {unknown[0]!r}, which is none of the inputs"
    for name, spread in model.spreads.items():
        if name not in (*model.inputs, SCORE_SPREAD) or len(spread.shares) != len(spread.edges) + 2:
            return f"the spread of {name!r} is damaged"
    if not model.trees or not all(_is_tree(tree, len(model.inputs)) for tree in model.trees):
        return "its trees are damaged"
    if model.leaves > MOST_LEAVES:
        leaves = counted(model.leaves, "leaf", "leaves")
        return f"it has {leaves}, and Flink plans {MOST_LEAVES:,} at most"
    return ""


def _is_tree(tree: Tree, inputs: int) -> bool:
    """Whether each node has its place in the arrays, and no node leads back to an earlier one."""
    size = len(tree.input)
    arrays = (tree.limit, tree.left, tree.right, tree.null_left, tree.value)
    if not size or any(len(array) != size for array in arrays):
        return False
    numbers = (*tree.limit, *tree.value)
    return all(map(math.isfinite, numbers)) and all(
        which == -1
        or (0 <= which < inputs and size > min(left, right) > node < max(left, right) < size)
        for node, (which, left, right) in enumerate(
            zip(tree.input, tree.left, tree.right, strict=True)
        )
    )


def score(model: Model, rows: ir.Table) -> ir.FloatingValue:
    """Return the score of each row, from 0 to 1.

    Args:
        model: The model.
        rows: A table with its inputs.
    """
    columns = [rows[name].cast("float64") for name in model.inputs]
    parts = [_value(tree, columns) for tree in model.trees]
    total = reduce(add, parts, _double(model.base))
    one = _double(1.0)
    return one / (one + (-total).exp())


def _value(tree: Tree, columns: Sequence[ir.Value], node: int = 0) -> Any:
    if tree.input[node] == -1:
        return _double(tree.value[node])
    left = _value(tree, columns, tree.left[node])
    right = _value(tree, columns, tree.right[node])
    column, limit = columns[tree.input[node]], _double(tree.limit[node])
    # A comparison with null is not true.
    if tree.null_left[node]:
        return (column > limit).ifelse(right, left)
    return (column <= limit).ifelse(left, right)


def _double(number: float) -> ir.FloatingScalar:
    return ibis.literal(number, "float64")
