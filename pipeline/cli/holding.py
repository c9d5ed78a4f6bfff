"""`shrink`: the fewest records on which the engines differ. `hold`: a test of a computation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipeline.text.words import counted

from .common import Common, reporter, say
from .verify import Only, values_of

if TYPE_CHECKING:
    from pipeline.features import Feature
    from pipeline.holding.scratch import ScratchStack
    from pipeline.stack.runtime import Runtime

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
    from pipeline.errors import InputError
    from pipeline.holding.scratch import scratch_stack
    from pipeline.holding.smallest import smallest

    runtime, feature = _feature(name, common)
    folder = _folder(runtime, feature, folder)
    report = reporter(name, over=True)
    row = values_of(only) or _first_wrong(runtime, feature)
    records = _records(runtime, feature, row, report)
    with scratch_stack(runtime.feature_files, report) as stack:

        def fails(part: Sequence[str]) -> bool:
            report(f"trying {counted(len(part), 'record')} of {len(records)}")
            return _differ(stack, feature, part)

        if not fails(records):
            say("", over=True)
            raise InputError(
                f"Flink and DuckDB agree on the {counted(len(records), 'record')} of this row.",
                "So its computation is right: look for rows that were lost, or written by others.",
            )
        found = smallest(records, fails)
    say("", over=True)
    path = _write(runtime, feature, f"{name}_differs", found, folder)
    print(f"The engines still differ on {counted(len(found), 'record')} of {len(records)}: {path}")


def hold(name: str, *, only: Only = (), folder: Folder = None, common: Common = Common()) -> None:
    """Write a test that holds what a feature computes for a user or a row, on both engines.

    The test has the records as they are in Kafka, with stand-ins for sensitive values, and the rows
    that both engines compute from them now.

    Args:
        name: The feature.
        only: A value that the row has in a column that identifies it, as for `verify`.
        folder: Where to write the test; beside the feature's file without it.
    """
    from pipeline.errors import InputError
    from pipeline.holding.scratch import scratch_stack

    runtime, feature = _feature(name, common)
    folder = _folder(runtime, feature, folder)
    report = reporter(name, over=True)
    records = _records(runtime, feature, values_of(only), report)
    with scratch_stack(runtime.feature_files, report) as stack:
        differ = _differ(stack, feature, records)
    say("", over=True)
    if differ:
        raise InputError(
            f"Flink and DuckDB differ on these {counted(len(records), 'record')}.",
            f"Look for the reason with `fraudwatch shrink {name}`.",
        )
    path = _write(runtime, feature, f"{name}_holds", records, folder)
    print(f"{counted(len(records), 'record')} and their rows are held by {path}")


def _feature(name: str, common: Common) -> tuple[Runtime, Feature]:
    from pipeline.holding.records import require_json
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    (feature,) = runtime.features.find([name])
    require_json(feature.source)
    return runtime, feature


def _first_wrong(runtime: Runtime, feature: Feature) -> dict[str, str]:
    from pipeline.errors import InputError

    found = runtime.findings(feature.name)
    for each in found.rows if found is not None else ():
        if each.kind.wrong:
            known = {name for name, value in each.identity.items() if value is not None}
            if hidden := sorted(known - each.named.keys()):
                raise InputError(
                    f"{hidden[0]} of the first mismatch of {feature.name} is hidden.",
                    f"Name the row with --only and a value of {', '.join(feature.identity)}.",
                )
            return each.named
    raise InputError(
        f"No mismatch of {feature.name} is known.",
        f"Look for one with `fraudwatch verify {feature.name}`, or name a row with --only.",
    )


def _records(
    runtime: Runtime, feature: Feature, row: Mapping[str, str], report: Callable[[str], None]
) -> list[str]:
    from pipeline.holding.records import records_of

    return records_of(feature, runtime.running_kafka(), row, report)


def _differ(stack: ScratchStack, feature: Feature, records: Sequence[str]) -> bool:
    """Whether Flink computes other rows than DuckDB."""
    from pipeline.holding.checked import differs
    from pipeline.holding.records import on_duckdb

    computed = stack.compute(feature.name, records)
    return differs(computed.rows, on_duckdb(feature, records), proved=computed.parity.proved)


def _folder(runtime: Runtime, feature: Feature, folder: Path | None) -> Path:
    """Return where to write a test: beside the feature's file if nothing else is said."""
    from pipeline.errors import InputError

    if folder is None:
        written = Path(feature.expression.__code__.co_filename).resolve()
        files = {file.resolve() for file in runtime.feature_files}
        folder = written.parent if written in files else Path.cwd()
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise InputError(
            f"{folder} is no folder that can be written to.", "Choose another --folder."
        )
    return folder


def _write(
    runtime: Runtime, feature: Feature, name: str, records: Sequence[str], folder: Path
) -> Path:
    from pipeline.holding.records import on_duckdb
    from pipeline.holding.written_test import HeldTest

    title = f"What {feature.name} computes from {counted(len(records), 'record')}."
    rows = on_duckdb(feature, records)
    return HeldTest(title, feature, records, rows, runtime.feature_files).write(folder, name)
