"""`shrink`: the fewest records on which the engines differ. `hold`: a test of a computation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from .common import Common, reporter, say
from .verify import Only, values_of

if TYPE_CHECKING:
    from pipeline.holding.case import Case

Folder = Annotated[Path | None, Parameter(show_default=False)]


def shrink(name: str, *, only: Only = (), folder: Folder = None, common: Common = Common()) -> None:
    """Reduce a mismatch to the smallest records on which Flink and DuckDB still differ.

    It runs the feature on a stack of its own, again and again with fewer records, and writes those
    that are left into a test for pytest. If the engines agree on all records of the row, the
    difference comes from elsewhere: rows that were lost, or that something else has written.

    Args:
        name: The feature.
        only: A value that the row has in a column that identifies it, as for `verify`; the first
            mismatch that `verify` found last time without it.
        folder: Where to write the test; beside the feature's file without it.
    """
    from pipeline.holding.case import shrink as shrunk

    row = values_of(only)
    held = shrunk(_case(name, folder, common), row)
    say("", over=True)
    print(held.said, held.path)


def hold(name: str, *, only: Only = (), folder: Folder = None, common: Common = Common()) -> None:
    """Write a test that holds what a feature computes for a user or a row, on both engines.

    The test has the records as they are in Kafka, with stand-ins for sensitive values, and the rows
    that both engines compute from them now.

    Args:
        name: The feature.
        only: A value that the row has in a column that identifies it, as for `verify`.
        folder: Where to write the test; beside the feature's file without it.
    """
    from pipeline.holding.case import hold as holds

    row = values_of(only)
    held = holds(_case(name, folder, common), row)
    say("", over=True)
    print(held.said, held.path)


def _case(name: str, folder: Path | None, common: Common) -> Case:
    from pipeline.holding.case import Case
    from pipeline.stack.runtime import Runtime

    return Case.of(Runtime(common.settings), name, folder, reporter(name, over=True))
