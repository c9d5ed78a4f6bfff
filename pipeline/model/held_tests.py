"""Tests of rows, as they are asked for and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WantedTest:
    """A test of what a row is computed from, to be written.

    Attributes:
        feature: The feature.
        row: Values of columns that identify the row, as text.
        smallest: Whether to reduce its records to those on which the engines still differ.
    """

    feature: str
    row: Mapping[str, str]
    smallest: bool = False


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """A test that was written.

    Attributes:
        said: What it holds, the beginning of a sentence that ends in its path.
        path: Its file.
    """

    said: str
    path: str
