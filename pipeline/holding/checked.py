"""Checks that an engine computes given rows from given records, in a user's tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_RELATIVE: Final = 1e-9


class Engine(StrEnum):
    """The two engines that compute a feature."""

    DUCKDB = "duckdb"
    FLINK = "flink"


def check(
    name: str,
    records: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    engine: str,
    features: Sequence[Path | str] = (),
) -> None:
    """Check that an engine computes these rows from these records.

    Flink runs in a stack of its own, which takes some ten seconds to start.

    Args:
        name: The feature.
        records: The records of its source, as JSON.
        rows: The rows, in any order, with values as JSON has them.
        engine: `duckdb` or `flink`.
        features: The feature files; the built-in features are known without.

    Raises:
        AssertionError: It computes other rows.
        PipelineError: There is no such feature, or it does not run.
    """
    # Late: feature files import this module by way of `fraudwatch`, and need none of these.
    from pipeline import config
    from pipeline.stack import catalog

    from .records import on_duckdb
    from .scratch import scratch_stack

    files = tuple(Path(file) for file in features)
    if Engine(engine) is Engine.DUCKDB:
        (feature,) = catalog.load(config.load(features=files)).find([name])
        found = on_duckdb(feature, records)
    else:
        with scratch_stack(files, lambda _: None) as stack:
            found = stack.compute(name, records).rows
    assert same(found, rows), f"{engine} computes\n{_listed(found)}\nrather than\n{_listed(rows)}"


def same(found: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these are the rows, in any order; floats within a relative 1e-9."""
    left = list(rows)
    for row in found:
        match = next((one for one in left if _equal(row, one)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        math.isclose(value, other[name], rel_tol=_RELATIVE)
        if isinstance(value, float) and isinstance(other[name], float)
        else value == other[name]
        for name, value in one.items()
    )


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"    {dict(row)}" for row in rows) or "    no row"


def differs(
    rows: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]], *, proved: bool
) -> bool:
    """Whether the engines differ: rounding that a proof allows is no difference."""
    return not proved and not same(rows, expected)
