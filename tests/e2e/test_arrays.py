"""Whole arrays as columns, on the real broker and the real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams import array_records
from tests.streams.array_sources import carts

from .conftest import command, own_features
from .own_streams import send, with_features

ARRAYS = streams.FOLDER / "array_sources.py"
CARTS = 2_000


@pytest.fixture(scope="module")
def arrays(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with the stream, its records, and a job for each feature."""
    with with_features(running_stack, stack_settings, ARRAYS) as runtime:
        send(runtime, carts.topic, array_records.carts(CARTS))
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


def test_features_over_arrays_are_proved(arrays: Runtime) -> None:
    for feature in own_features(arrays):
        parity = arrays.verify(feature.name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad) == (CARTS, 0), parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        assert parity.equal > CARTS / 10, parity


def test_flink_has_seen_what_is_in_them(arrays: Runtime) -> None:
    records = chain.from_iterable(read_to_end(arrays.kafka, "carts_looked_into"))
    rows = [json.loads(record.value or b"") for record in records]
    assert {row["tags"] for row in rows} == {None, 0, 1, 2, 3}
    for name in ("gift", "number", "three", "code", "flagged", "half"):
        assert {row[name] for row in rows} >= {True, False}, name
    assert {row["no_tags"] for row in rows} == {True, False}


def test_a_file_is_sent_with_its_arrays(
    arrays: Runtime, stack_settings: Settings, tmp_path: Path
) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(ARRAYS)})
    file = tmp_path / "carts.jsonl"
    row = {"at": "2024-03-02 09:00:00", "account": "file", "tags": ["gift", "x"], "codes": [5]}
    file.write_text(f"{json.dumps(row)}\n")
    done = fraudwatch("replay", str(file), "--source", carts.topic, "--json")
    assert done.returncode == 0, done.stderr
    last = list(chain.from_iterable(read_to_end(arrays.kafka, carts.topic)))
    (sent,) = (json.loads(record.value or b"") for record in last if record.key == b"file")
    assert (sent["tags"], sent["codes"], sent["flags"]) == (["gift", "x"], [5], None)
    parity = arrays.verify("carts_looked_into")
    assert parity.proved, parity
    assert parity.transactions == CARTS + 1, parity


def test_a_wrong_value_is_found(arrays: Runtime) -> None:
    first = next(chain.from_iterable(read_to_end(arrays.kafka, "carts_looked_into")))
    fields = json.loads(first.value or b"") | {"counts": 99}
    send(arrays, "carts_looked_into", [(first.key or b"", json.dumps(fields).encode())])
    parity = arrays.verify("carts_looked_into")
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity
