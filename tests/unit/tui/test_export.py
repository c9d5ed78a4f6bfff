"""Exports can be read back exactly; no file is overwritten or left incomplete."""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract import RollingRow, Transaction, WindowRow
from pipeline.errors import PipelineError
from tests.idle import DEADLINE_SECONDS
from tests.snapshot.sample_rows import transaction
from tui.table.export import FileColumn, Format, Value, export, fields_of

FIELDS = (
    FileColumn("user_id", int),
    FileColumn("mean", float),
    FileColumn("merchant", str),
    FileColumn("fraud", bool),
    FileColumn("at", datetime),
)
AT = datetime(2023, 3, 4, 17, 22, 10)
ROWS: list[tuple[Value, ...]] = [
    (-(2**63), 1507.78, "fraud_Olson, Becker and Koch", True, AT),
    (2**63 - 1, -0.1, 'Müller "& Söhne"', False, AT.replace(microsecond=5000)),
    (None, None, None, None, None),
]
ALL = pytest.mark.parametrize("format", Format)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_csv(tmp_path: Path) -> None:
    result = export(tmp_path / "x.csv", Format.CSV, FIELDS, ROWS)
    assert read_csv(result.path) == [
        ["user_id", "mean", "merchant", "fraud", "at"],
        [str(-(2**63)), "1507.78", "fraud_Olson, Becker and Koch", "true", "2023-03-04T17:22:10"],
        [str(2**63 - 1), "-0.1", 'Müller "& Söhne"', "false", "2023-03-04T17:22:10.005000"],
        [""] * 5,
    ]
    assert (result.rows, result.bytes) == (3, result.path.stat().st_size)


def test_json_lines(tmp_path: Path) -> None:
    result = export(tmp_path / "x.jsonl", Format.JSON, FIELDS, ROWS)
    first, second, third = map(json.loads, result.path.read_text().splitlines())
    assert first == {
        "user_id": -(2**63),
        "mean": 1507.78,
        "merchant": "fraud_Olson, Becker and Koch",
        "fraud": True,
        "at": "2023-03-04T17:22:10",
    }
    assert (type(second["user_id"]), second["user_id"]) == (int, 2**63 - 1)
    assert set(third.values()) == {None}


def test_parquet(tmp_path: Path) -> None:
    result = export(tmp_path / "x.parquet", Format.PARQUET, FIELDS, ROWS)
    table = pq.read_table(result.path)
    assert [str(kind) for kind in table.schema.types] == [
        "int64", "double", "string", "bool", "timestamp[us]",
    ]  # fmt: skip
    names = [field.name for field in FIELDS]
    assert table.to_pylist() == [dict(zip(names, row, strict=True)) for row in ROWS]


def test_other_programs_read_the_same(tmp_path: Path) -> None:
    sums = set()
    for format in Format:
        path = export(tmp_path / f"x.{format}", format, FIELDS, ROWS[:2]).path
        reader = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}[format]
        sums.add(
            duckdb.sql(
                f"select min(user_id::bigint), max(user_id::bigint), sum(mean), "
                f"max(\"at\"::timestamp), max(merchant) from {reader}('{path}')"
            ).fetchone()
        )
    assert len(sums) == 1


@ALL
@pytest.mark.parametrize("record", [Transaction, RollingRow, WindowRow])
def test_an_empty_export_has_its_columns_all_the_same(
    tmp_path: Path, format: Format, record: type[msgspec.Struct]
) -> None:
    fields = fields_of(record)
    result = export(tmp_path / f"x.{format}", format, fields, [])
    names = [field.name for field in fields]
    assert names == list(record.__struct_encode_fields__)
    assert result.rows == 0
    match format:
        case Format.CSV:
            assert read_csv(result.path) == [names]
        case Format.JSON:
            assert result.path.read_bytes() == b""
        case Format.PARQUET:
            schema = pq.read_schema(result.path)
            assert schema.names == names
            assert str(schema.field("user_id").type) == "int64"


@ALL
def test_whole_transactions(tmp_path: Path, format: Format) -> None:
    rows = [msgspec.structs.astuple(transaction(number)) for number in range(25_000)]
    assert export(tmp_path / "x", format, fields_of(Transaction), rows).rows == 25_000


def test_optional_fields() -> None:
    class Row(msgspec.Struct):
        a: int | None
        b: str | None = None

    assert fields_of(Row) == (FileColumn("a", int), FileColumn("b", str))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=HYPERLINK("http://x","y")'],
)
def test_text_that_looks_like_a_formula_stays_text_in_csv(tmp_path: Path, text: str) -> None:
    path = export(tmp_path / "x", Format.CSV, [FileColumn("a", str)], [(text,)]).path
    (_, (cell,)) = read_csv(path)
    assert cell.startswith("'")
    assert cell.removeprefix("'").lstrip(" ")[0] == text.lstrip(" ")[0] or "\\x" in cell


@pytest.mark.parametrize(("value", "written"), [(-5, "-5"), (-0.25, "-0.25"), (-1e300, "-1e+300")])
def test_numbers_stay_numbers_in_csv(tmp_path: Path, value: float, written: str) -> None:
    path = export(tmp_path / "x", Format.CSV, [FileColumn("a", float)], [(value,)]).path
    assert read_csv(path)[1] == [written]


@ALL
def test_times_have_no_zone(tmp_path: Path, format: Format) -> None:
    here = timezone(timedelta(hours=2))
    rows = [(AT,), (AT.replace(tzinfo=UTC),), ((AT + timedelta(hours=2)).replace(tzinfo=here),)]
    path = export(tmp_path / "x", format, [FileColumn("at", datetime)], rows).path
    match format:
        case Format.CSV:
            assert [row[0] for row in read_csv(path)[1:]] == ["2023-03-04T17:22:10"] * 3
        case Format.JSON:
            assert path.read_text() == '{"at":"2023-03-04T17:22:10"}\n' * 3
        case Format.PARQUET:
            assert pq.read_table(path)["at"].to_pylist() == [AT] * 3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), max_size=5))
def test_any_text_survives(tmp_path: Path, texts: list[str]) -> None:
    for format in Format:
        path = export(tmp_path / "x", format, [FileColumn("a", str)], [(t,) for t in texts]).path
        data = path.read_bytes()
        path.unlink()
        if format is Format.PARQUET:
            continue
        written = data.decode()
        # The only control characters are line ends, one per row, whatever the rows contain.
        assert written.count("\n") == len(texts) + (format is Format.CSV)
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in written.replace("\n", ""))
        if format is Format.JSON:
            printable = [t.encode("utf-8", "backslashreplace").decode() for t in texts]
            assert [json.loads(line)["a"] for line in written.splitlines()] == printable


@ALL
def test_a_file_that_is_there_stays(tmp_path: Path, format: Format) -> None:
    taken = tmp_path / "users.x.csv"
    taken.write_text("mine")
    names = [export(taken, format, FIELDS, ROWS).path.name for _ in range(3)]
    assert names == ["users.x-2.csv", "users.x-3.csv", "users.x-4.csv"]
    assert taken.read_text() == "mine"


def test_a_dangling_link_and_a_folder_are_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "victim")
    (tmp_path / "folder.csv").mkdir()
    for name in ("link", "folder"):
        result = export(tmp_path / f"{name}.csv", Format.CSV, FIELDS, ROWS)
        assert result.path.name == f"{name}-2.csv"
    assert not (tmp_path / "victim").exists()


def test_where_links_are_not_possible_nothing_is_overwritten_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    names = [export(tmp_path / "x.csv", Format.CSV, FIELDS, ROWS).path.name for _ in range(2)]
    assert names == ["x.csv", "x-2.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x-2.csv", "x.csv"]


@ALL
def test_rows_that_break_off_leave_nothing_behind(tmp_path: Path, format: Format) -> None:
    def rows() -> Iterator[tuple[Value, ...]]:
        yield ROWS[0]
        raise PipelineError("Kafka is gone.")

    with pytest.raises(PipelineError, match=r"Kafka is gone\."):
        export(tmp_path / "x", format, FIELDS, rows())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [2**63, "text", 1.5])
def test_a_value_of_another_kind_is_an_error_in_one_sentence(tmp_path: Path, value: Value) -> None:
    with pytest.raises(PipelineError) as caught:
        export(tmp_path / "x", Format.PARQUET, [FileColumn("a", int)], [(value,)])
    assert caught.value.message.startswith("The rows cannot be written as parquet: ")
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing/x.csv", "There is no folder {0}/missing."),
        ("file/x.csv", "There is no folder {0}/file."),
        (f"{'n' * 300}.csv", f"{{0}}/{'n' * 300}.csv cannot be written: File name too long."),
    ],
)
def test_a_path_that_cannot_be_used(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PipelineError) as caught:
        export(tmp_path / place, Format.CSV, FIELDS, ROWS)
    assert caught.value.message == message.format(tmp_path)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(PipelineError, match=r"^/proc/x.csv cannot be written: .*\.$"):
        export(Path("/proc/x.csv"), Format.CSV, FIELDS, ROWS)


@ALL
def test_no_room(tmp_path: Path, format: Format) -> None:
    """The kernel refuses to let a file grow, which looks like a full disk to a writer."""
    script = """
import resource, sys
from pathlib import Path
from pipeline.errors import PipelineError
from tui.table.export import FileColumn, Format, export
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
rows = ((number * 7919,) for number in range(200_000))
try:
    export(Path(sys.argv[1]), Format(sys.argv[2]), [FileColumn("a", int)], rows)
except PipelineError as error:
    print(error.message, error.hint)
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x"), format],
        capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    said = f"There is no space left for {tmp_path}/x. Free some space, or choose another folder.\n"
    assert run.stdout == said, run.stderr
    assert list(tmp_path.iterdir()) == []


def test_decimals_stay_exact(tmp_path: Path) -> None:
    columns = [FileColumn("amount", Decimal, places=2)]
    rows = [(Decimal("12.10"),), (Decimal("-90071992547409.93"),), (None,)]
    written = export(tmp_path / "a", Format.CSV, columns, rows).path
    assert written.read_text().split()[:3] == ["amount", "12.10", "-90071992547409.93"]
    lines = export(tmp_path / "b", Format.JSON, columns, rows).path.read_text().splitlines()
    assert lines[0] == '{"amount":12.10}'
    table = pq.read_table(export(tmp_path / "c", Format.PARQUET, columns, rows).path)
    assert table["amount"].to_pylist() == [row[0] for row in rows]
