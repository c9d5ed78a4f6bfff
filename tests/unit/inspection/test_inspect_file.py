"""What `inspect` sees in files, and that what it prints declares a source that fits their rows."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli.app import main
from pipeline.errors import InputError
from pipeline.inspection.inspected import Inspection, inspect
from pipeline.inspection.of_file import is_file, of_file, topic_of
from pipeline.inspection.pasted import pasted
from pipeline.sources import TimeFormat
from tests.unit.inspection.test_inspect import declared

START = datetime(2024, 3, 1, 9)


def look(path: Path, most: int = 1_000, **options: str) -> Inspection:
    said: list[str] = []
    return inspect(of_file(str(path), path.parent / "state", most, said.append, **options))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def row(number: int, **changes: object) -> str:
    fields = {
        "when": f"{START + timedelta(seconds=number)}",
        "account": f"{number % 7:05}",
        "price": f"{number / 4}",
        "country": "" if number % 2 else "FR",
        "chargeback": "True" if number % 5 == 0 else "False",
        "page": f"{number}",
    }
    return ";".join(map(str, (fields | changes).values()))


HEADER = "when;account;price;country;chargeback;page"


def payments(folder: Path, *more: str, name: str = "My payments.v2.csv") -> Path:
    lines = [HEADER, *(row(number) for number in range(60)), *more]
    return written(folder, name, "\n".join(lines))


def test_what_is_printed_of_a_csv_can_be_pasted(tmp_path: Path) -> None:
    path = payments(tmp_path)
    found = look(path)
    assert declared(found, tmp_path) == found.source
    assert pasted(found) == (
        f"# {path}: 60 rows. The topic's name is a guess.\n"
        "# when is written as SQL text, in order.\n"
        "# All of them would be valid.\n"
        "from fraudwatch import source\n"
        "\n"
        "my_payments_v2 = source(\n"
        '    topic="My_payments.v2",\n'
        "    schema={\n"
        '        "when": "timestamp(3)",\n'
        '        "account": "string",\n'
        '        "price": "float64",\n'
        '        "country": "string",  # 50.0% null\n'
        '        "chargeback": "boolean",\n'
        '        "page": "int64",\n'
        "    },\n"
        '    time="when",\n'
        '    watermark="1s",\n'
        '    user="account",\n'
        '    amount="price",\n'
        '    label="chargeback",\n'
        '    required=("account", "price", "chargeback", "page"),\n'
        ")"
    )


def test_rows_that_are_wrong_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    path = payments(tmp_path, row(61, price="dear"), row(62, when="1969-01-01 00:00:00"), "1;2")
    found = look(path)
    assert found.records == 63
    assert found.invalid == {
        "wrong type": 1,
        "time before 1970": 1,
        "the number of fields is not that of the header": 1,
    }
    assert '; price is "dear", not a number (line 62).' in pasted(found)
    only = look(payments(tmp_path, "1;2", name="other.csv"))
    assert only.example == "the first is line 62"


def test_a_file_out_of_order_asks_for_a_watermark(tmp_path: Path) -> None:
    found = look(payments(tmp_path, row(20)))
    assert found.disorder.most == timedelta(seconds=39)
    assert found.source.watermark == timedelta(minutes=1)
    assert "up to 39 s out of order" in pasted(found)


def test_the_first_rows_are_enough(tmp_path: Path) -> None:
    found = look(payments(tmp_path, *("broken",) * 5), most=10)
    assert (found.records, found.invalid) == (10, {})
    assert ": the first 10 rows." in pasted(found)


OBJECTS: list[dict[str, Any]] = [
    {"at": 1_709_283_600_000 + n * 1_000, "who": n % 5, "zip": "0123", "in": {"a": 1}, "ok": n > 3}
    for n in range(20)
]


ENVELOPE = {"topic": "t", "partition": 0, "offset": 7}
"""Of a record that `tail --json` prints."""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(OBJECTS)),
        ("b.json", json.dumps(OBJECTS, indent=1)),
        ("c.jsonl", "\n".join(map(json.dumps, OBJECTS))),
        ("d.jsonl", "\n".join(json.dumps(ENVELOPE | {"value": each}) for each in OBJECTS)),
    ],
)
def test_json_keeps_its_types(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(text.encode()))
    found = look(path)
    assert declared(found, tmp_path) == found.source
    assert found.source.columns == {
        "at": "timestamp(3)",
        "who": "int64",
        "zip": "string",
        "in_a": "int64",
        "ok": "boolean",
    }
    assert (found.source.topic, found.source.time_format) == (name[0], TimeFormat.EPOCH_MS)
    assert found.source.paths == (("in_a", ("in", "a")),)
    assert found.left_out == ()
    assert (found.records, found.invalid) == (20, {})
    assert look(path, most=5).records == 5


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    times = [START.replace(tzinfo=UTC) + timedelta(seconds=n) for n in range(40)]
    path = tmp_path / "p.parquet"
    table = pa.table({
        "at": pa.array(times, pa.timestamp("us", "UTC")),
        "mean": pa.array([float("nan"), *[1.5] * 39]),
        "tags": pa.array([["a"]] * 40),
        "day": pa.array([START.date()] * 40),
        "user": pa.array(range(40)),
    })  # fmt: skip
    pq.write_table(table, path)
    found = look(path)
    assert (found.source.time, found.source.time_format) == ("at", TimeFormat.ISO)
    assert found.source.columns["day"] == "date"
    assert found.left_out[0][0] == "tags" and "array<string> has it" in found.left_out[0][1]
    mean = next(field for field in found.fields if field.name == "mean")
    assert (mean.type, mean.values) == ("float64", 39)
    assert not found.invalid


@pytest.mark.parametrize(
    ("name", "layout", "time"),
    [
        ("kaggle-layout-60-customers.csv.gz", "(Kaggle)", "trans_date_trans_time"),
        ("sparkov-60-customers.csv.gz", "Sparkov's generator", "unix_time"),
    ],
)
def test_known_layouts_are_named(
    sample_data: Path, tmp_path: Path, name: str, layout: str, time: str
) -> None:
    found = inspect(of_file(str(sample_data / name), tmp_path, 100_000, print))
    assert (found.records, found.invalid) == (9_318, {})
    assert found.rows.file is not None
    assert layout in found.rows.file.layout
    assert f"Known layout: {found.rows.file.layout}; `fraudwatch replay`" in pasted(found)
    assert declared(found, tmp_path) == found.source
    roles = (found.source.time, found.source.user, found.source.amount, found.source.label)
    assert roles == (time, "cc_num", "amt", "is_fraud")
    assert {"cc_num", "first", "last", "dob"} <= set(found.source.sensitive)
    assert not {"merchant", "category", "city", "trans_num"} & set(found.source.sensitive)
    assert max(map(len, pasted(found).splitlines()[5:])) <= 100


def test_a_file_without_a_time_says_so(tmp_path: Path) -> None:
    header = "step,type,amount,nameOrig,nameDest,isFraud"
    path = written(tmp_path, "paysim.csv", f"{header}\n1,PAYMENT,3.5,C1,M1,0\n")
    with pytest.raises(InputError, match=r"No field of .*paysim\.csv looks like") as caught:
        look(path)
    assert "Known layout: PaySim;" in caught.value.hint
    with pytest.raises(InputError, match="holds no row"):
        look(written(tmp_path, "head.csv", f"{header}\n"))


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("data/payments.csv.gz", "payments"),
        ("a.zip/2024-03.parquet", "2024-03"),
        ("../My payments (1).CSV", "My_payments_1"),
        ("payments.v2", "payments.v2"),
        ("ü.csv", "stream"),
        ("..csv", "stream"),
        ("", "stream"),
        (f"{'x' * 300}.csv", "x" * 249),
    ],
)
def test_a_topic_is_named_after_its_file(name: str, topic: str) -> None:
    assert topic_of(name) == topic


def test_a_file_is_what_exists_or_cannot_be_a_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "payments", HEADER)
    assert all(is_file(name) for name in ("payments", "-", "./missing", "data/*.csv", "a b"))
    assert not is_file("transaction")


def test_names_in_a_file_cannot_get_out_of_their_strings(tmp_path: Path) -> None:
    quoted = """a'\"\") AS x, __import__('os')"""
    path = written(tmp_path, "bad.csv", f'when;"{quoted}";n\n{START};x;1\n{START};y;2')
    found = look(path)
    assert [path for _, path in found.source.paths] == [(quoted.replace('""', '"'),)]
    assert declared(found, tmp_path) == found.source


def test_the_command_reads_a_file_without_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "state"))
    path = str(payments(tmp_path))
    assert main(["inspect", path, "--json", "-n", "10"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["file"], found["topic"], found["records"]) == (path, "My_payments.v2", 10)
    assert main(["inspect", path, "--encoding", "klingon"]) == 2
    assert main(["inspect", "--nonsense"]) == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(path).read_bytes())))
    capsys.readouterr()
    assert main(["inspect", "-", "--limit", "5"]) == 0
    said = capsys.readouterr().out
    assert "# standard input: the first 5 rows." in said
    assert 'topic="stream"' in said
