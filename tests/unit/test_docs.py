"""The documentation is right, as far as that can be tested without a stack.

`tests/e2e/test_docs.py` runs its commands.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from pipeline import config
from pipeline.cli.app import command_line, options_last
from pipeline.features import Registry
from pipeline.files.target import Target
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.json.nested import NestedReader
from pipeline.formats.protobuf.decoder import ProtobufDecoder
from pipeline.formats.protobuf.encoder import ProtobufEncoder
from pipeline.sources import source
from pipeline.stack import feature_files
from tui.__main__ import console_options
from tui.web.command import serve

from ..documents import DOCS, ROOT, blocks, commands, documents
from ..generated_docs import pages
from ..replayed import read

FAULTS = ROOT / "tests" / "e2e" / "faults"
PAGES = pytest.mark.parametrize("page", documents(), ids=lambda page: page.name)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def test_every_fault_has_its_test_and_every_test_its_fault() -> None:
    table = (ROOT / "docs" / "faults.md").read_text()
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", table))
    there = {
        (path.name, test)
        for path in FAULTS.glob("test_*.py")
        for test in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named == there
    assert len(there) >= 13


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_generated_pages_are_up_to_date(page: Path) -> None:
    assert page.read_text() == pages()[page], "run `make docs`"


@PAGES
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (page.parent / parts.path).resolve() if parts.path else page
        assert target.exists(), link
        if parts.fragment and target.suffix == ".md":
            assert parts.fragment in {
                _anchor(text) for text in _HEADING.findall(target.read_text())
            }


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(_LINK.findall((ROOT / "README.md").read_text()))
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in linked] == []


@PAGES
def test_every_command_is_one_that_there_is(page: Path) -> None:
    for line in commands(page):
        program, *arguments = shlex.split(line)
        if program == "fraudwatch" and console_options(arguments) is None:
            command_line((serve,)).parse_args(
                options_last(arguments), print_error=False, exit_on_error=False
            )
        elif program == "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@PAGES
def test_commands_are_in_console_blocks_only(page: Path) -> None:
    """No test would run a command in another block."""
    text = page.read_text()
    for language in ("", "sh", "bash", "shell"):
        assert not any("fraudwatch " in block for block in blocks(page, language)), language
    assert len(re.findall(r"^\$ ", text, re.MULTILINE)) == len(commands(page))


def test_the_feature_of_the_readme_is_that_of_its_page() -> None:
    (shown,) = blocks(ROOT / "README.md", "python")
    assert shown == blocks(DOCS / "writing-a-feature.md", "python")[0]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_settings_in_the_docs_are_settings(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.S)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / config.FILE_NAME).write_text(block)
        for name in config.profiles((folder,)):
            config.load(name, environment={}, directories=(folder,))


def test_the_files_of_your_own_stream_are_known_by_their_columns(tmp_path: Path) -> None:
    page = DOCS / "writing-a-source.md"
    names: dict[str, Any] = {}
    exec(next(block for block in blocks(page, "python") if "FILES = {" in block), names)
    declared = source(
        topic="payments",
        schema={"booked_at": "timestamp(3)", "account": "string", "amount": "decimal(12, 2)"}
        | {"country": "string"},
        time="booked_at",
        files=names["FILES"],
    )
    for text, layout in (
        ("When;IBAN;Amount\n2024-03-01 09:30;DE1;$12.50\n", "bank export"),
        ("booked_at;account;Cents\n2024-03-01 09:30;DE1;1250\n", "ledger"),
    ):
        file = tmp_path / layout
        file.write_text(text)
        found = read(file, target=Target.of(declared))
        assert found.layouts == [layout]
        row = msgspec.json.decode(found.records[0][1])
        assert (row["account"], float(row["amount"])) == ("DE1", 12.5)


def test_the_order_of_your_own_stream_is_read_by_its_paths() -> None:
    page = DOCS / "writing-a-source.md"
    (written,) = blocks(page, "json")
    names: dict[str, Any] = {}
    exec(next(block for block in blocks(page, "python") if "orders = source(" in block), names)
    row = NestedReader(names["orders"]).read(written.encode())
    assert (str(row.placed_at), row.customer, row.country) == ("2024-03-01 09:30:00", "c-7", None)
    assert (str(row.total), row.card_number, row.first_item, row.paid) == (
        *("12.50", "4111 1111", "a", True),
    )


def test_the_payment_in_protobuf_fits_its_file(tmp_path: Path) -> None:
    page = DOCS / "writing-a-source.md"
    (proto,) = blocks(page, "proto")
    (tmp_path / "payment.proto").write_text(proto)
    names: dict[str, Any] = {"__file__": str(tmp_path / "my_payments.py")}
    exec(next(block for block in blocks(page, "python") if 'format="protobuf"' in block), names)
    encoder = ProtobufEncoder(names["payments"])
    row = {"booked_at": 1_709_285_400_000, "account": "DE01", "fee": 7, "first_tag": "a"}
    value = encoder.encode(dict.fromkeys(names["payments"].columns) | row)
    found = ProtobufDecoder(names["payments"]).usual(value)
    assert (str(found.booked_at), found.account, found.amount, found.channel) == (
        *("2024-03-01 09:30:00", "DE01", 0.0, "UNKNOWN"),
    )
    assert (found.fee, found.first_tag) == (7, "a")


def test_the_transfer_in_csv_is_read_by_its_source() -> None:
    page = DOCS / "writing-a-source.md"
    found = re.search(r"Records are such as `(.+)`:", page.read_text())
    assert found is not None
    names: dict[str, Any] = {}
    exec(next(block for block in blocks(page, "python") if 'format="csv"' in block), names)
    row = CsvDecoder(names["transfers"]).usual(found[1].encode())
    assert (str(row.at), row.account, str(row.amount), row.note) == (
        *("2024-03-01 09:30:00", "DE01", "12.50", 'a note, with "quotes"'),
    )


def test_the_join_of_two_streams_is_accepted(tmp_path: Path) -> None:
    page = DOCS / "writing-a-source.md"
    file = tmp_path / "joined.py"
    file.write_text(next(b for b in blocks(page, "python") if "source=(payments, logins)" in b))
    (joined,) = feature_files.load([file], Registry([]))
    assert [each.name for each in joined.sources] == ["payments", "logins"]
    assert (joined.event_time, joined.sink.user) == ("booked_at", "account")
