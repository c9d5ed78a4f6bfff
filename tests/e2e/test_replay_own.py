"""`replay --source` on the real broker: a file for a stream of a user's own."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.formats.json.flink_json import row_reader
from pipeline.kafka.read_to_end import read_to_end
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.own_sources import payments

from .conftest import command
from .own_streams import with_features

OWN = streams.FOLDER / "own_sources.py"
TOPIC = "payments.files"
ROWS = 2_000
START = datetime(2024, 3, 1, 9)


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """The features of `own_sources` with topics of their own, since other tests fill those."""
    file = tmp_path / "own_files.py"
    text = OWN.read_text().replace(payments.topic, TOPIC).replace('topic="own_', 'topic="files_')
    file.write_text(text)
    return file


@pytest.fixture
def own(running_stack: Runtime, stack_settings: Settings, declared: Path) -> Iterator[Runtime]:
    """The stack of this run with more streams and features."""
    with with_features(running_stack, stack_settings, declared) as runtime:
        yield runtime


def test_a_file_of_ones_own_is_sent_in_order_and_proved(
    own: Runtime, stack_settings: Settings, declared: Path, tmp_path: Path
) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(declared)})
    times = [f"{START + timedelta(seconds=n, milliseconds=250)}Z" for n in range(ROWS)]
    lines = [f"{time},A{n % 7},{n}.{n % 100:02},DE,yes" for n, time in enumerate(times)]
    random.Random(3).shuffle(lines)
    lines.insert(100, f"{times[0]},A1,dear,DE,no")
    file = tmp_path / "payments.csv"
    file.write_text("\n".join(("Booked at,account,Betrag,country,chargeback", *lines)))
    words = ("replay", str(file), "--source", TOPIC, "--json")

    refused = fraudwatch(*words)
    assert refused.returncode == 5, refused.stderr
    assert "has no column for amount." in refused.stderr
    assert fraudwatch(*words, "--fresh").returncode != 0

    done = fraudwatch(*words, "--map", "amount=Betrag")
    assert done.returncode == 5, "one row was left out"
    report = json.loads(done.stdout)
    assert (report["sent"], report["bad"], report["invalid"]) == (ROWS, 1, 0)
    assert f"{file}, line 102: 'dear'" in done.stderr
    assert f"{ROWS:,} records sent" in done.stderr
    read = row_reader(payments.columns, payments.time_format)
    there: dict[int, list[datetime]] = {}
    for record in chain.from_iterable(read_to_end(own.kafka, TOPIC)):
        there.setdefault(record.partition, []).append(read(record.value).booked_at)
    assert sum(map(len, there.values())) == ROWS
    assert all(sent == sorted(sent) for sent in there.values())

    own.start_job("spend")
    parity = own.verify("spend")
    assert parity.proved, parity
    assert (parity.transactions, parity.bad, parity.late) == (ROWS, 0, 0), parity

    tail = fraudwatch("tail", TOPIC, "--from", "beginning", "--no-follow", "--json")
    again = tmp_path / "tail.jsonl"
    again.write_text(tail.stdout)
    done = fraudwatch("replay", str(again), "--source", TOPIC, "--shift", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == ROWS
    records = chain.from_iterable(read_to_end(own.kafka, TOPIC))
    rows = [read(record.value) for record in records]
    assert len(rows) == 2 * ROWS
    amounts = sum((Decimal(f"{n}.{n % 100:02}") for n in range(ROWS)), Decimal())
    assert sum(row.amount for row in rows) == 2 * amounts
    parity = own.verify("spend")
    assert parity.proved, parity
    assert (parity.transactions, parity.late) == (2 * ROWS, 0), parity
