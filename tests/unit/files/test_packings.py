"""Compression and encodings of files, several files at once, and files of other formats."""

import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.files.text_lines import known_encoding
from tests.replayed import HEADER, csv_of, file_of, line, read

ROWS = csv_of(line("a"), line("b", merchant="Café Straße"))
MANY = csv_of(*(line(str(number * 7919)) for number in range(20_000)))


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, "zstd", asbytes=True)
    return packed


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: zipped(**{"2024.csv": data}),
    "gzip in zip": lambda data: zipped(**{"2024.csv.gz": gzip.compress(data)}),
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
    "gzip of several members": lambda data: gzip.compress(data[:200]) + gzip.compress(data[200:]),
    "zip of macOS": lambda data: zipped(**{"2024.csv": data, "__MACOSX/._2024.csv": b"\0\5\x16"}),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_packed_file_is_unpacked(tmp_path: Path, packing: str) -> None:
    found = read(file_of(tmp_path, PACKINGS[packing](ROWS)))
    assert found.numbers == ["a", "b"]
    assert found.transactions[1].merchant == "Café Straße"


@pytest.mark.parametrize("packing", ["gzip", "zstd", "bz2", "xz"])
def test_a_file_cut_short_keeps_what_comes_before(tmp_path: Path, packing: str) -> None:
    packed = PACKINGS[packing](MANY)
    found = read(file_of(tmp_path, packed[: len(packed) * 3 // 4]))
    assert 100 < len(found.records) < 20_000
    assert found.numbers == [str(number * 7919) for number in range(len(found.records))]
    (said,) = found.reasons
    assert said.startswith(f"line {len(found.records) + 2}: the file is damaged from here on")


def test_a_stub_of_a_packed_file_is_damaged(tmp_path: Path) -> None:
    for data in (b"\x1f\x8b", b"PK\x03\x04", gzip.compress(MANY)[:20]):
        with pytest.raises(InputError, match="damaged"):
            read(file_of(tmp_path, data))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    found = read(file_of(tmp_path, ROWS.decode().encode(encoding)))
    assert found.transactions[1].merchant == "Café Straße"
    assert found.left_out == []


def test_what_is_not_utf_8_is_left_out_or_decoded_when_told(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROWS.decode().encode("cp1252"))
    found = read(path)
    assert found.numbers == ["a"]
    assert found.reasons == ["line 3: the line is not UTF-8: ••••"]
    assert read(path, encoding="cp1252").transactions[1].merchant == "Café Straße"


def test_an_encoding_has_to_be_known() -> None:
    assert known_encoding("latin-1") == "iso8859-1"
    with pytest.raises(ConfigError, match="'ansi-x'"):
        known_encoding("ansi-x")


def test_utf_16_without_a_mark_says_what_to_say(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROWS.decode().encode("utf-16-le"))
    with pytest.raises(InputError) as caught:
        read(path)
    assert "--encoding utf-16-le" in caught.value.hint
    assert read(path, encoding="utf-16-le").numbers == ["a", "b"]


def test_files_of_a_pattern_and_of_a_zip_are_merged_by_time(tmp_path: Path) -> None:
    times = {
        name: f"2024-01-0{day} 00:00:00" for name, day in zip("dcba", range(1, 5), strict=True)
    }
    one, two, three, four = (csv_of(line(name, time=time)) for name, time in times.items())
    file_of(tmp_path, four, "1.csv")
    file_of(tmp_path, gzip.compress(one), "2.csv.gz")
    file_of(
        tmp_path, zipped(**{"data/3.csv": three, "data/4.csv": two, "__MACOSX/x": b"?"}), "5.zip"
    )
    found = read(f"{tmp_path}/*")
    assert found.numbers == list("dcba")
    assert found.passed_over == []


def test_a_second_is_sent_as_it_stands_in_the_files(tmp_path: Path) -> None:
    first = file_of(tmp_path, csv_of(line("1"), line("2")), "1")
    second = file_of(tmp_path, csv_of(line("3"), line("4")), "2")
    assert read(second, first).numbers == ["3", "4", "1", "2"]


def test_what_a_pattern_finds_besides_is_passed_over_and_said(tmp_path: Path) -> None:
    file_of(tmp_path, ROWS, "a.csv")
    other = file_of(tmp_path, "id,name\n1,2\n", "b.csv")
    empty = file_of(tmp_path, HEADER, "c.csv")
    found = read(f"{tmp_path}/*.csv")
    assert found.numbers == ["a", "b"]
    assert [said for said in found.passed_over if str(other) in said]
    with pytest.raises(InputError, match=r"b\.csv has no known layout"):
        read(tmp_path / "a.csv", other)
    assert read(tmp_path / "a.csv", empty).numbers == ["a", "b"]


def test_standard_input_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with file_of(tmp_path, gzip.compress(ROWS)).open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert read("-").numbers == ["a", "b"]


def test_a_named_pipe_is_a_file(tmp_path: Path) -> None:
    """The shell makes one of `<(zcat rows.csv.gz)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(pipe.write_bytes, gzip.compress(ROWS))
        assert read(pipe, file_of(tmp_path, csv_of(line("c")))).numbers == ["a", "b", "c"]
        written.result()


@pytest.mark.parametrize(
    ("data", "kind", "help"),
    [
        (zipped(**{"xl/workbook.xml": b"", "x": b""}), "an Excel workbook", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "an old Excel workbook", "CSV UTF-8"),
        (bytes(257) + b"ustar" + bytes(300), "a tar archive", "tar xf"),
        (b"SQLite format 3\0", "a SQLite database", "sqlite3 -csv"),
        (b"Obj\x01more", "an Avro file", "Parquet"),
        (b"\x80\x05\x95more", "a Python pickle", "to_parquet"),
        (zipped(), "an empty zip archive", "again"),
        (b"\n<!DOCTYPE HTML><html>Sign in</html>", "a web page", "sign in"),
        (zipped(**{"word/document.xml": b"", "x": b""}), "a Word document", "made from"),
        (b"FEA1" + bytes(60), "a Feather file", "to_parquet"),
        (b"\xff\xff\xff\xff" + bytes(60), "an Arrow stream", "pyarrow"),
        (b"PARE" + bytes(60), "an encrypted Parquet file", "Decrypt"),
        (bytes(8) + b"DUCK" + bytes(60), "a DuckDB database", "COPY"),
        (b"\x89PNG\r\n\x1a\n", "a picture", "made from"),
        (b"-- MySQL dump 10.13\n", "a dump of MySQL", "as CSV"),
        (b"PGDMP" + bytes(60), "a dump of PostgreSQL", "as CSV"),
        (b"\xff\x06\x00\x00sNaPpY", "packed by Snappy", "snzip -d"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS", "git lfs pull"),
    ],
    # Not the bytes, which hold the time and so differ between the workers of a run.
    ids=[
        *("xlsx", "xls", "tar", "sqlite", "avro", "pickle", "empty zip", "page", "docx", "feather"),
        *("arrow", "encrypted", "duckdb", "picture", "mysql", "postgres", "snappy", "pointer"),
    ],
)
def test_other_kinds_are_named_with_what_helps(
    tmp_path: Path, data: bytes, kind: str, help: str
) -> None:
    with pytest.raises(InputError, match=kind) as caught:
        read(file_of(tmp_path, data))
    assert help in caught.value.hint


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "directory"),
        (Path("/dev/null"), "no regular file"),
        (tmp_path / "*.csv", "No file matches"),
        (tmp_path.parent / f"{tmp_path.name}*", "matches folders alone"),
    ):
        with pytest.raises(InputError, match=reason):
            read(path)
