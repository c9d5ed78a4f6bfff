"""A row of a feature as a case: the records it is computed from, and a test that holds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.model.held_tests import WrittenTest
from pipeline.stack.runtime import Runtime
from pipeline.text.words import counted

from .checked import differs
from .records import on_duckdb, records_of, require_held
from .scratch import ScratchStack, scratch_stack
from .smallest import smallest
from .written_test import HeldTest


@dataclass(frozen=True)
class Case:
    """What a case is made from.

    Attributes:
        runtime: The stack with the records.
        feature: The feature.
        folder: Where to write the test.
        report: Called with what is being done.
    """

    runtime: Runtime
    feature: Feature
    folder: Path
    report: Callable[[str], None]

    @classmethod
    def of(
        cls, runtime: Runtime, name: str, folder: Path | None, report: Callable[[str], None]
    ) -> Case:
        """Return the case of a feature; without a folder, the test is beside the feature's file.

        Raises:
            JobError: There is no such feature.
            InputError: Its records are not in JSON or are of two sources, or the folder cannot be
                written to.
        """
        (feature,) = runtime.features.find([name])
        require_held(feature)
        return cls(runtime, feature, _folder(runtime, feature, folder), report)

    def records(self, row: Mapping[str, str]) -> list[str]:
        """Return the records of a row."""
        return records_of(self.feature, self.runtime.running_kafka(), row, self.report)

    def differ(self, stack: ScratchStack, records: Sequence[str]) -> bool:
        """Whether Flink computes other rows from records than DuckDB."""
        computed = stack.compute(self.feature.name, records)
        expected = on_duckdb(self.feature, records)
        return differs(computed.rows, expected, proved=computed.parity.proved)

    def written(self, what: str, records: Sequence[str]) -> Path:
        """Write the test of these records."""
        title = f"What {self.feature.name} computes from {counted(len(records), 'record')}."
        rows = on_duckdb(self.feature, records)
        test = HeldTest(title, self.feature, records, rows, self.runtime.feature_files)
        return test.write(self.folder, f"{self.feature.name}_{what}")


def shrink(case: Case, row: Mapping[str, str]) -> WrittenTest:
    """Reduce a mismatch to the fewest records on which Flink and DuckDB still differ, as a test.

    Args:
        case: What the case is made from.
        row: Values of columns that identify the row; of the first known mismatch if empty.

    Raises:
        InputError: There is no such row, or the engines agree on its records.
        PipelineError: Flink does not compute it.
    """
    records = case.records(row or _first_wrong(case))
    with scratch_stack(case.runtime.feature_files, case.report) as stack:

        def fails(part: Sequence[str]) -> bool:
            case.report(f"trying {counted(len(part), 'record')} of {len(records)}")
            return case.differ(stack, part)

        if not fails(records):
            raise InputError(
                f"Flink and DuckDB agree on the {counted(len(records), 'record')} of this row.",
                "So its computation is right: look for rows that were lost, or written by others.",
            )
        found = smallest(records, fails)
    path = case.written("differs", found)
    said = f"The engines still differ on {counted(len(found), 'record')} of {len(records)}:"
    return WrittenTest(said, str(path))


def hold(case: Case, row: Mapping[str, str]) -> WrittenTest:
    """Write a test that holds what a feature computes for a row, on both engines.

    Args:
        case: What the case is made from.
        row: Values of columns that identify the row.

    Raises:
        InputError: There is no such row, or the engines do not agree on its records.
        PipelineError: Flink does not compute it.
    """
    records = case.records(row)
    with scratch_stack(case.runtime.feature_files, case.report) as stack:
        case.report(f"computing the rows of {counted(len(records), 'record')}")
        differ = case.differ(stack, records)
    if differ:
        raise InputError(
            f"Flink and DuckDB differ on these {counted(len(records), 'record')}.",
            f"Look for the reason with `fraudwatch shrink {case.feature.name}`.",
        )
    path = case.written("holds", records)
    return WrittenTest(f"{counted(len(records), 'record')} and their rows are held by", str(path))


def _first_wrong(case: Case) -> dict[str, str]:
    name = case.feature.name
    found = case.runtime.findings(name)
    for each in found.rows if found is not None else ():
        if each.kind.wrong:
            known = {name for name, value in each.identity.items() if value is not None}
            if hidden := sorted(known - each.named.keys()):
                raise InputError(
                    f"{hidden[0]} of the first mismatch of {name} is hidden.",
                    f"Name the row with --only and a value of {', '.join(case.feature.identity)}.",
                )
            return each.named
    raise InputError(
        f"No mismatch of {name} is known.",
        f"Look for one with `fraudwatch verify {name}`, or name a row with --only.",
    )


def _folder(runtime: Runtime, feature: Feature, folder: Path | None) -> Path:
    if folder is None:
        written = Path(feature.expression.__code__.co_filename).resolve()
        files = {file.resolve() for file in runtime.feature_files}
        folder = written.parent if written in files else Path.cwd()
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise InputError(
            f"{folder} is no folder that can be written to.", "Choose another with --folder."
        )
    return folder
