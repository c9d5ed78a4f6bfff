"""The contract of `docs/feature-arithmetic.md` on real Flink, and what `verify` says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice

import msgspec
import pytest

from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.features import Feature
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.report import Parity
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime

from ..arithmetic.case import DAY, Row, Sent, equal, of_case, readable, transaction
from ..arithmetic.contract import CASES, LATE
from ..arithmetic.of_page import PAGE_CASES
from .conftest import emptied, wait_until
from .test_features import send

_FILE = """\
from tests.arithmetic.contract import CASES, LATE
from tests.arithmetic.of_page import PAGE_CASES

for name, case in {**CASES, **PAGE_CASES, **LATE}.items():
    globals()[name] = case.feature(name)
"""
_SLOTS = 8
# More users than it takes to reach every partition.
_EVERYWHERE = range(100, 140)
ON_TIME = CASES | PAGE_CASES
BATCHES = [list(islice(ON_TIME, at, at + _SLOTS)) for at in range(0, len(ON_TIME), _SLOTS)]


@pytest.fixture(scope="module")
def edges(
    running_stack: Runtime, stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """The stack of this run, with the features of all cases."""
    file = tmp_path_factory.mktemp("arithmetic") / "edges.py"
    file.write_text(_FILE)
    runtime = Runtime(msgspec.structs.replace(stack_settings, features=(file,)))
    yield runtime
    emptied(runtime)
    runtime.close()


def midnight(day: int) -> list[Transaction]:
    """Transactions of other users that move the watermark of every partition on."""
    at = DAY + timedelta(days=day)
    rows = (transaction("nobody", Sent("00:00:00", user=user)) for user in _EVERYWHERE)
    return [msgspec.structs.replace(row, trans_date_trans_time=at) for row in rows]


def send_in_order(runtime: Runtime, rows: list[Transaction]) -> None:
    send(runtime, sorted(rows, key=lambda row: row.trans_date_trans_time))


def written(runtime: Runtime, feature: Feature) -> list[Row]:
    """The rows of a feature's topic."""
    values = (
        json.loads(record.value or b"{}")
        for batch in read_to_end(runtime.kafka, feature.topic)
        for record in batch
    )
    return [readable(value[name] for name in feature.columns) for value in values]


def await_rows(runtime: Runtime, name: str, rows: Sequence[Row]) -> None:
    """Wait until a feature's topic has these rows and no others."""
    (feature,) = runtime.features.find([name])
    found: list[Row] = []

    def there() -> bool:
        found[:] = written(runtime, feature)
        return len(found) >= len(rows)

    wait_until(there, 15, f"{len(rows)} rows of {name}")
    assert equal(found, rows), (name, found)


def verified(runtime: Runtime, names: Sequence[str]) -> list[Parity]:
    """Verify all at once, since most of the time is spent waiting for the jobs' checkpoints."""
    with ThreadPoolExecutor(_SLOTS) as pool:
        return list(pool.map(runtime.verify, names))


@pytest.mark.parametrize("names", BATCHES, ids=lambda names: f"{names[0]}-{names[-1]}")
def test_flink_computes_what_the_page_says(edges: Runtime, names: list[str]) -> None:
    emptied(edges)
    cases = {name: ON_TIME[name] for name in names}
    # Sent first: partitions without records while the jobs start would count as idle.
    send_in_order(edges, [row for name, case in cases.items() for row in of_case(name, case)])
    send(edges, midnight(3))
    for name in names:
        edges.start_job(name)
    for name, case in cases.items():
        await_rows(edges, name, case.rows)
    for (name, case), parity in zip(cases.items(), verified(edges, names), strict=True):
        assert parity.name == name
        if case.judged:
            assert parity.outcome is Outcome.PROVED, parity
            assert parity.equal >= len(case.rows)
            assert (parity.late, parity.duplicates) == (0, 0), parity
        else:
            assert parity.outcome is Outcome.NOT_JUDGED, parity
            assert "equal times" in parity.reasons[0]


def test_flink_does_with_late_transactions_what_the_page_says(edges: Runtime) -> None:
    emptied(edges)
    send_in_order(
        edges, [transaction(name, sent) for name, late in LATE.items() for sent in late.sent]
    )
    send(edges, midnight(1))
    for name in LATE:
        edges.start_job(name)
    for name, late in LATE.items():
        await_rows(edges, name, late.written)
    # Of one user, and so in one partition, whose order Flink keeps.
    send(edges, [transaction(name, late.late) for name, late in LATE.items()])
    send(edges, [transaction(name, late.after) for name, late in LATE.items()])
    send(edges, midnight(3))
    for name, late in LATE.items():
        await_rows(edges, name, (*late.written, *late.more))
    for parity in verified(edges, list(LATE)):
        assert parity.outcome is not Outcome.WRONG, parity
        assert (parity.missing, parity.different) == (0, 0), parity
