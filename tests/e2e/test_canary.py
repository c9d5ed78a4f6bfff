"""No output of any command, and no file of the stack, shows what is sensitive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.formats.avro.columns import schema
from pipeline.formats.avro.plain_avro import writer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import create_topics
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.canary import BORN, CARD, HOLDER, IBAN, assert_hidden, in_text, row, said_by
from tests.streams.canary_sources import in_avro, in_csv, in_json

from .conftest import Run, command, wait_until
from .own_streams import send, with_features

OWN = streams.FOLDER / "canary_sources.py"
RECORDS = 300
COPY = "canary-copy"
DATA = ("kafka", "checkpoints", "savepoints", "classes")
JOBS = (
    *("canary_json_as_read", "canary_csv_as_read", "canary_avro_names"),
    *("canary_joined", "canary_scored"),
)
FAILS = "canary_cast"
TOPICS = (*(source.topic for source in (in_json, in_csv, in_avro)), *JOBS, COPY)
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
# A field that the source does not declare, with a copy of what is sensitive.
NESTED = {"inner": {"holder": HOLDER, "cards": [{"card": CARD}]}}


def line(number: int) -> str:
    return ",".join(map(str, in_text(number).values())).replace("True", "true")


@pytest.fixture(scope="module")
def stream(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with the streams, of which some records are invalid, and their jobs."""
    with with_features(running_stack, stack_settings, OWN) as runtime:
        create_topics(runtime.kafka, [COPY], retention_bytes=1 << 20)
        for topic, values in (
            (in_json.topic, [json.dumps(in_text(n) | NESTED).encode() for n in range(RECORDS)]),
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
        ("verify", JOBS[0], "--json"),
        ("inspect", in_json.topic),
        ("inspect", in_json.topic, "--json"),
        ("check", JOBS[0], "--verify", "--max-quarantined", "1", "--json"),
        ("doctor",),
        ("logs", "flink", "-n", "10000"),
        ("shrink", JOBS[0]),
    )
    assert_hidden(said)
    for topic in TOPICS:
        assert "•••• 1385" in said["tail", topic, *listed], topic
    assert "would be invalid" in said["inspect", in_json.topic]
    assert "holder ••••" in said["verify", *JOBS]
    assert "of the first mismatch" in said["shrink", JOBS[0]]


def test_a_job_that_fails_on_a_value(own: Run, stream: Runtime) -> None:
    """Flink's exception names the value; so it is neither shown nor logged."""
    try:
        stream.start_job(FAILS)
    except PipelineError as error:
        # It may fail before all of its tasks have run.
        assert_hidden({("start",): str(error)})

    def says_why(words: tuple[str, ...]) -> bool:
        """Whether a command says it: not while Flink has just started the job again."""
        said = said_by(own, words)
        assert_hidden(said)
        return "For input string: ••••" in said[words]

    for words in (("status", "--json"), ("jobs",), ("doctor",), ("check", FAILS)):
        wait_until(partial(says_why, words), 60, f"the job's failure in {words}")
    said = said_by(own, ("logs", "flink", "-n", "10000"))
    said["exceptions",] = "\n".join(each.trace for each in stream.job_detail(FAILS).failures)
    assert_hidden(said)
    assert "For input string: ••••" in said["exceptions",]
    assert "NumberFormatException: For input string: ••••" in said["logs", "flink", "-n", "10000"]
    stream.stop_job(FAILS, discard=True)


def test_a_test_that_holds_a_row(own: Run, tmp_path: Path) -> None:
    """Its records have stand-ins, also where a field is not where the source declares it."""
    to = ("--folder", str(tmp_path))
    held = own("hold", JOBS[0], "--only", f"at={in_text(7)['at']}", *to)
    assert held.returncode == 0, held.stderr
    (test,) = tmp_path.glob("test_*.py")
    assert_hidden({("hold",): held.stdout + held.stderr, (str(test),): test.read_text()})
    assert "holder-1" in test.read_text()


def test_what_is_judged_and_learned(own: Run, tmp_path: Path) -> None:
    rows, parquet, model = (tmp_path / name for name in ("rows.csv", "rows.parquet", "model.json"))
    signal = ("--signal", "canary_scored")
    judged = ("backtest", in_json.topic, *signal)
    said = said_by(
        own,
        judged,
        (*judged, "--json"),
        (*judged, "--labels"),
        (*judged, "--rows", str(rows)),
        (*judged, "--rows", str(parquet)),
        ("train", str(rows), "--out", str(model)),
        ("signals",),
        ("verdicts",),
    )
    assert "average precision" in said[judged]
    assert_hidden(said)
    assert "•••• 1385" in rows.read_text()
    assert_hidden({(str(rows),): rows.read_text()})


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
