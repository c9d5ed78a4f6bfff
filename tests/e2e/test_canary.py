"""No output of any command, and no file of the stack, shows what is sensitive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Settings
from pipeline.kafka.avro_types import schema
from pipeline.kafka.plain_avro import writer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import create_topics
from pipeline.stack.runtime import Runtime
from tests.canary_sources import in_avro, in_csv, in_json

from .conftest import Run, command
from .own_streams import send, with_features

OWN = Path(__file__).resolve().parents[1] / "canary_sources.py"
CARD, IBAN, HOLDER, BORN = 4_000_123_412_341_385, "DE89CANARY0532", "Zephyrine", date(1931, 7, 9)
CANARIES = (str(CARD), "4000123412", IBAN, "CANARY", HOLDER, HOLDER.upper(), "Zeph", str(BORN))
START = datetime(2024, 3, 1)
RECORDS = 300
COPY = "canary-copy"
DATA = ("kafka", "checkpoints", "savepoints", "classes")
JOBS = ("canary_json_as_read", "canary_csv_as_read", "canary_avro_names")
TOPICS = (
    *(source.topic for source in (in_json, in_csv, in_avro)),
    *JOBS,
    COPY,
)
BAD_JSON = (
    {"card": f"{CARD}x"},
    {"iban": None, "holder": [HOLDER, {"born": str(BORN)}]},
    {"amount": 1e99},
    {"fraud": None, "card": None},
)
BAD_LINES = (
    f"2024-03-01 09:00:00,{IBAN},{CARD}x,{HOLDER},{BORN},1.5,true",
    f'2024-03-01 09:00:00,{IBAN},{CARD},"{HOLDER},{BORN},1.5,true',
    f"2024-03-01 09:00:00,{IBAN},{CARD},{HOLDER},{BORN},1.5,true,{HOLDER},{CARD}",
    f"2024-03-01 09:00:00,,{CARD},{HOLDER},{BORN},1.5,true",
)
HEADER = "at,iban,card,holder,born,amount,fraud"


def row(number: int) -> dict[str, Any]:
    at = START + timedelta(seconds=20 * number)
    fields = {"at": at, "iban": IBAN, "card": CARD, "holder": HOLDER, "born": BORN}
    return fields | {"amount": 1.5 * number, "fraud": number % 9 == 0}


def in_text(number: int) -> dict[str, Any]:
    fields = row(number)
    return fields | {"at": str(fields["at"]), "born": str(BORN)}


def line(number: int) -> str:
    return ",".join(map(str, in_text(number).values())).replace("True", "true")


@pytest.fixture(scope="module")
def stream(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with the streams, of which some records are invalid, and their jobs."""
    with with_features(running_stack, stack_settings, OWN) as runtime:
        create_topics(runtime.kafka, [COPY], retention_bytes=1 << 20)
        for topic, values in (
            (in_json.topic, [json.dumps(in_text(n)).encode() for n in range(RECORDS)]),
            (in_json.topic, [json.dumps(in_text(0) | bad).encode() for bad in BAD_JSON]),
            (in_json.topic, [f'{{"holder": "{HOLDER}", "card": {CARD}'.encode(), b"[]"]),
            (in_csv.topic, [each.encode() for each in map(line, range(RECORDS))]),
            (in_csv.topic, [each.encode() for each in BAD_LINES]),
            (in_avro.topic, [*map(writer(schema(in_avro)), map(row, range(RECORDS)))]),
            (COPY, [json.dumps({"inner": in_text(0)}).encode()]),
        ):
            keys = (IBAN, str(CARD))
            send(runtime, topic, [(keys[n % 2].encode(), each) for n, each in enumerate(values)])
        for name in JOBS:
            runtime.start_job(name)
            assert runtime.verify(name).proved
        first = next(chain.from_iterable(read_to_end(runtime.kafka, "canary_json_as_read")))
        wrong = json.loads(first.value or b"") | {"holder": f"{HOLDER} II"}
        send(runtime, "canary_json_as_read", [(IBAN.encode(), json.dumps(wrong).encode())])
        yield runtime


@pytest.fixture(scope="module")
def own(stream: Runtime, stack_settings: Settings) -> Run:
    return command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})


def said_by(run: Run, *commands: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """What commands print on both outputs."""

    def output(words: tuple[str, ...]) -> str:
        done = run(*words)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(commands, pool.map(output, commands), strict=True))


def assert_hidden(said: Mapping[tuple[str, ...], str]) -> None:
    for words, text in said.items():
        found = [text[max(0, text.find(each) - 300) :][:600] for each in CANARIES if each in text]
        assert not found, words


def test_the_commands(own: Run) -> None:
    listed = ("--from", "beginning", "--no-follow")
    said = said_by(
        own,
        *(("tail", topic, *listed) for topic in TOPICS),
        *(("tail", topic, *listed, "--json") for topic in TOPICS),
        *(words for name in ("status", "jobs", "topics") for words in ((name,), (name, "--json"))),
        ("quarantine",),
        ("quarantine", "--json"),
        ("verify", *JOBS),
        ("verify", *JOBS, "--json"),
        ("inspect", in_json.topic),
        ("inspect", in_json.topic, "--json"),
        ("check", *JOBS, "--verify", "--max-quarantined", "1", "--json"),
        ("doctor",),
        ("logs", "flink", "-n", "10000"),
    )
    assert_hidden(said)
    for topic in TOPICS:
        assert "•••• 1385" in said["tail", topic, *listed], topic
    assert "would be invalid" in said["inspect", in_json.topic]
    assert "holder ••••" in said["verify", *JOBS]


def test_a_file_with_lines_that_cannot_be_read(own: Run, tmp_path: Path) -> None:
    lines, mapped = tmp_path / "lines.csv", tmp_path / "mapped.csv"
    lines.write_text("\n".join((HEADER, line(1), *BAD_LINES, "")))
    mapped.write_text(f"{HEADER}\n{line(1)}\n")
    objects = tmp_path / "objects.jsonl"
    objects.write_text("\n".join(json.dumps(in_text(0) | bad) for bad in BAD_JSON) + '\n{"holder":')
    to = ("--source", in_json.topic)
    cast = "card=CAST(holder AS BIGINT)"
    said = said_by(
        own,
        ("replay", str(lines), *to, "--shift"),
        ("replay", str(lines), *to, "--shift", "--json"),
        ("replay", str(objects), *to, "--shift"),
        ("replay", str(mapped), *to, "--map", cast),
        ("inspect", str(lines)),
    )
    assert_hidden(said)
    assert "rows left out" in said["replay", str(lines), *to, "--shift"]
    assert "Could not convert" in said["replay", str(mapped), *to, "--map", cast]


def test_files_of_the_stack(stream: Runtime, stack_settings: Settings) -> None:
    """Logs, proofs, findings: everything but the data of Kafka, and the state of Flink."""
    top = stack_settings.state_dir
    found: dict[tuple[str, ...], str] = {}
    for path in top.rglob("*"):
        if path.is_file() and path.parts[len(top.parts)] not in DATA:
            found[str(path),] = path.read_text(errors="replace")
    assert any(stack_settings.logs_dir.samefile(Path(path).parent) for (path,) in found)
    assert_hidden(found)
