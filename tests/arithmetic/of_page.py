"""The features of the page, run as they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis.expr.types as ir

from pipeline.features import Feature
from pipeline.features.module import read_module

from ..documents import DOCS, blocks
from .case import Case, Row, Sent

PAGE = DOCS / "feature-arithmetic.md"


@cache
def of_page() -> dict[str, Feature]:
    """The features of the page that run, by name."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "my_features.py"
        file.write_text(blocks(PAGE, "python")[0])
        return {feature.name: feature for feature in read_module(file)}


def _of_page(name: str, sent: Sequence[Sent], rows: Sequence[Row]) -> Case:
    def expression(rows: ir.Table) -> ir.Table:
        # Read when it is needed, so that a test fails and not the import.
        return of_page()[name].expression(rows)

    return Case(name, expression, (*sent,), (*rows,))


PAGE_CASES: dict[str, Case] = {
    "categories": _of_page(
        "categories",
        [Sent("09:00:00"), Sent("09:10:00", category="food"), Sent("09:20:00")],
        [(1, "09:00:00", "1", 1), (1, "09:10:00", "2", 2), (1, "09:20:00", "3", 2)],
    ),
    "since_last": _of_page(
        "since_last",
        [Sent("09:00:00"), Sent("09:00:59"), Sent("23:00:59")],
        [(1, "09:00:00", "1", None), (1, "09:00:59", "2", 59), (1, "23:00:59", "3", 50_400)],
    ),
    "first_and_last": _of_page(
        "first_and_last",
        [Sent("09:00:00", 1.0), Sent("09:30:00", 2.0), Sent("10:15:00", 3.0)],
        [
            (1, "09:00:00", "1", 1.0, 1.0),
            (1, "09:30:00", "2", 1.0, 2.0),
            (1, "10:15:00", "3", 2.0, 3.0),
        ],
    ),
    "to_own_mean": _of_page(
        "to_own_mean",
        [Sent("09:00:00", 10.0), Sent("09:30:00", 30.0), Sent("09:31:00", 5.0, user=2)],
        [(1, "09:00:00", "1", 1.0), (1, "09:30:00", "2", 1.5), (2, "09:31:00", "3", 1.0)],
    ),
    "large_ones": _of_page(
        "large_ones",
        [Sent("09:00:00", 500.0), Sent("09:30:00", 501.0), Sent("10:30:00", 700.0)],
        [
            (1, "09:00:00", "1", 0, None),
            (1, "09:30:00", "2", 1, 501.0),
            (1, "10:30:00", "3", 2, 1201.0),
        ],
    ),
    "deviation": _of_page(
        "deviation",
        [Sent("09:00:00", 2.0), Sent("09:30:00", 4.0), Sent("10:30:00", 6.0)],
        [(1, "09:00:00", "1", None), (1, "09:30:00", "2", 2**0.5), (1, "10:30:00", "3", 2.0)],
    ),
    "first_three": _of_page(
        "first_three",
        [Sent(f"09:0{minute}:00") for minute in range(5)],
        [(1, f"09:0{minute}:00", f"{minute + 1}", minute) for minute in range(3)],
    ),
    "night": _of_page(
        "night",
        [Sent("05:59:59", 2.0), Sent("06:00:00", 3.0)],
        [(1, "05:59:59", "1", 2.0, 5)],
    ),
    "same_second": _of_page(
        "same_second",
        [Sent("09:00:00"), Sent("09:00:00"), Sent("09:00:01")],
        [(1, "09:00:00", "1", 1), (1, "09:00:00", "2", 1), (1, "09:00:01", "3", 0)],
    ),
    "means_of_means": _of_page(
        "means_of_means",
        [Sent("09:00:00", 8.0), Sent("11:00:00", 2.0), Sent("12:30:00", 4.0)],
        [
            (1, "09:00:00", "1", 8.0, 8.0, 1.0),
            (1, "11:00:00", "2", 2.0, 8.0, 0.625),
            (1, "12:30:00", "3", 4.0, 4.0, 0.75),
        ],
    ),
}
