"""Streams in CSV on the real broker and the real cluster."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config import Settings
from pipeline.features import Feature
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.json.flink_json import row_reader
from pipeline.kafka.quarantine import Quarantined, validate_rows
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.sources import Source
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams import csv_records
from tests.streams.csv_sources import sessions, transfers

from .conftest import command, own_features
from .own_streams import Keyed, send, with_features

OWN = streams.FOLDER / "csv_sources.py"
TRANSFERS = 3_000
SESSIONS = 1_000
INVALID = list(csv_records.invalid_transfers())


@pytest.fixture(scope="module")
def stream(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with the two streams, their records, and a job for each feature."""
    with with_features(running_stack, stack_settings, OWN) as runtime:
        # Before the jobs start: partitions that are silent meanwhile would count as idle.
        sent = list(csv_records.transfers(TRANSFERS))
        invalid: list[Keyed] = [(b"", value) for value, _ in INVALID]
        send(runtime, transfers.topic, [*sent[:100], *invalid, *sent[100:]])
        send(runtime, sessions.topic, csv_records.sessions(SESSIONS))
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


def _read(runtime: Runtime, source: Source) -> tuple[list[Any], list[Quarantined]]:
    """The valid rows and the invalid records of a source, as fraudwatch reads them."""
    records = chain.from_iterable(read_to_end(runtime.kafka, source.topic))
    good, bad = validate_rows(records, CsvDecoder(source))
    return [row for _, row in good], bad


def _written(runtime: Runtime, feature: Feature) -> list[Any]:
    """The rows that a job has written."""
    read = row_reader(feature.columns)
    records = chain.from_iterable(read_to_end(runtime.kafka, feature.topic))
    return [read(record.value) for record in records]


def _compared(row: Any, source: Source) -> tuple[object, ...]:
    """The values of a row as Flink keeps them."""

    def kept(value: Any, dtype: str) -> object:
        if isinstance(value, datetime):  # To the millisecond.
            return value.replace(microsecond=value.microsecond // 1_000 * 1_000)
        return float(np.float32(value)) if dtype == "float32" and value is not None else value

    return tuple(kept(getattr(row, name), dtype) for name, dtype in source.schema)


def test_flink_makes_the_same_rows_of_every_record(stream: Runtime) -> None:
    """Of odd ones, and of the valid ones among broken ones."""
    least = {transfers.topic: TRANSFERS // 2, sessions.topic: SESSIONS}
    for feature in own_features(stream):
        if not feature.name.endswith("as_read"):
            continue
        source = feature.source
        # Waits for what was sent.
        parity = stream.verify(feature.name)
        assert parity.proved, parity
        valid, bad = _read(stream, source)
        assert len(valid) >= least[source.topic]
        assert (parity.transactions, parity.bad) == (len(valid), len(bad)), parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        ours = Counter(_compared(row, source) for row in valid)
        theirs = Counter(_compared(row, source) for row in _written(stream, feature))
        assert ours - theirs == theirs - ours == Counter()


def test_a_sum_over_exact_amounts_is_proved(stream: Runtime) -> None:
    parity = stream.verify("csv_spent")
    assert parity.proved, parity
    assert parity.equal > TRANSFERS // 2, parity
    assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity


def test_what_is_invalid_is_said(stream: Runtime, stack_settings: Settings) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    listed = fraudwatch("quarantine", "-n", "5000", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    _, bad = _read(stream, transfers)
    assert report["kinds"] == Counter(each.kind.value for each in bad)
    reasons = {record["reason"] for record in report["records"]}
    assert reasons >= {"it has 15 columns, not 14", "account is empty", "amount is missing"}


def test_records_are_shown_by_column(stream: Runtime, stack_settings: Settings) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    words = ("--from", "beginning", "--no-follow")
    tailed = fraudwatch("tail", sessions.topic, *words, "--json")
    assert tailed.returncode == 0, tailed.stderr
    shown = [json.loads(line)["value"] for line in tailed.stdout.splitlines()]
    assert len(shown) == SESSIONS
    assert all(list(fields) == list(sessions.columns) for fields in shown), shown[0]
    text = fraudwatch("tail", transfers.topic, *words).stdout
    assert "••••" in text and "xxxxxxxxxx" not in text


def test_what_inspect_prints_reads_the_same_records(
    stream: Runtime, stack_settings: Settings, tmp_path: Path
) -> None:
    fraudwatch = command(stack_settings)
    printed = fraudwatch("inspect", sessions.topic, "--columns", "who,began,ended,stolen")
    assert printed.returncode == 0, printed.stderr
    assert '    separator="\\t",' in printed.stdout
    pasted = tmp_path / "pasted.py"
    pasted.write_text(
        f"{printed.stdout}\nfrom fraudwatch import feature\n\n"
        '@feature(topic="csv_pasted", source=csv_sessions)\n'
        "def csv_pasted(rows):\n"
        "    return rows.select(*rows.columns)\n"
    )
    for step in ("start", "verify"):
        done = fraudwatch(step, "csv_pasted", "--features", str(pasted))
        assert done.returncode == 0, done.stdout + done.stderr
    first = fraudwatch("tail", "csv_pasted", "--from", "beginning", "-n", "1", "--json")
    assert first.returncode == 0, first.stderr
    assert list(json.loads(first.stdout)["value"]) == list(sessions.columns)
    stopped = fraudwatch("stop", "csv_pasted", "--discard", "--features", str(pasted))
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def test_a_file_is_sent_as_csv_and_proved(
    stream: Runtime, stack_settings: Settings, tmp_path: Path
) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    file = tmp_path / "sessions.csv"  # In it, fields are separated by commas.
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("who", "began", "ended", "stolen"))
        start = csv_records.START + timedelta(days=1)
        for number in range(200):
            began = start + timedelta(seconds=number, milliseconds=250)
            writer.writerow((number % 7 or "", began, began, "yes" if number % 3 else ""))
    before, _ = _read(stream, sessions)
    done = fraudwatch("replay", str(file), "--source", sessions.topic, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == 200
    after, _ = _read(stream, sessions)
    sent = sorted((row for row in after if row.began >= start), key=lambda row: row.began)
    assert len(after) == len(before) + 200
    assert [row.who for row in sent] == [number % 7 or None for number in range(200)]
    assert {row.stolen for row in sent} == {"yes", None}
    parity = stream.verify("csv_sessions_as_read")
    assert parity.proved, parity
    assert (parity.transactions, parity.late) == (len(after), 0), parity


def test_a_wrong_value_is_found(stream: Runtime) -> None:
    feature = next(f for f in own_features(stream) if f.name == "csv_sessions_as_read")
    first = next(chain.from_iterable(read_to_end(stream.kafka, feature.topic)))
    fields = json.loads(first.value or b"") | {"stolen": "maybe"}
    send(stream, feature.topic, [(first.key or b"", json.dumps(fields).encode())])
    parity = stream.verify(feature.name)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity
