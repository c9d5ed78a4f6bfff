"""The contract of `docs/feature-arithmetic.md` on DuckDB; on Flink, it is in `tests/e2e`."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.features import BUILT_IN, Feature
from pipeline.flink.refusals import refusal
from pipeline.parity.batch import evaluate
from pipeline.stack import feature_files

from ...arithmetic.case import Case, Row, equal, of_case, readable
from ...arithmetic.contract import CASES, LATE
from ...arithmetic.of_page import PAGE, PAGE_CASES, of_page
from ...arithmetic.refusals import REFUSED
from ...documents import blocks

ON_TIME = CASES | PAGE_CASES | {name: late.in_time() for name, late in LATE.items()}
# Our messages name no class of Flink or Ibis, and show no SQL.
_PLANNERS = re.compile(r"org\.|Exception|SELECT|Traceback|ibis\.expr")


def computed(feature: Feature, case: Case, name: str) -> list[Row]:
    rows = pa.Table.from_pylist(
        [
            {field: getattr(row, field) for field in row.__struct_fields__}
            for row in of_case(name, case)
        ]
    )
    return [readable(row.values()) for row in evaluate(feature, rows).to_pylist()]


@pytest.mark.parametrize("name", ON_TIME)
def test_duckdb_computes_what_the_page_says(name: str) -> None:
    case = ON_TIME[name]
    feature = case.feature(name)
    assert refusal(feature) is None
    found = computed(feature, case, name)
    # The rows of a tie are Flink's.
    assert equal(found, case.rows) is case.judged, found


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_names_the_line_and_the_reason(name: str, tmp_path: Path) -> None:
    file = tmp_path / "refused.py"
    file.write_text(
        "import ibis\nfrom fraudwatch import feature\n\n\n"
        f'@feature(topic="own_{name}")\ndef {name}(transaction):\n'
        f"    return {REFUSED[name].expression}\n"
    )
    assert_refused(file, 5, name, REFUSED[name].reason)


def assert_refused(file: Path, line: int, name: str, reason: str) -> str:
    with pytest.raises(InputError) as raised:
        feature_files.load([file])
    error = raised.value
    assert error.message.startswith(f"{file}, line {line}: {name} cannot run: {reason}")
    assert error.hint.endswith(".")
    assert not _PLANNERS.search(error.message + error.hint)
    return f"{error.message} {error.hint}"


def test_the_features_of_the_page_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "my_features.py"
    file.write_text(blocks(PAGE, "python")[0])
    assert len(feature_files.load([file])) == len(BUILT_IN) + len(PAGE_CASES)
    assert set(of_page()) == set(PAGE_CASES)


def test_the_refused_feature_of_the_page_gets_the_message_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "my_features.py"
    imports = "import ibis\nfrom fraudwatch import feature\n"
    file.write_text(imports + blocks(PAGE, "python")[1])
    said = assert_refused(file, 3, "largest_three", "a window of .over() is not ordered by")
    shown = next(block for block in blocks(PAGE, "") if "cannot run" in block)
    at = f"{file}, line 3: "
    assert " ".join(shown.split()) == said.replace(at, "my_features.py, line 1: ")


def sentences() -> set[str]:
    """The sentences of the contract: the items of its lists."""
    contract = PAGE.read_text().partition("## The contract")[2].partition("\n## ")[0]
    items = re.findall(r"^- (.*?)(?=\n\n|\n- |\Z)", contract, re.MULTILINE | re.DOTALL)
    return {" ".join(item.split()) for item in items}


def test_each_sentence_of_the_contract_has_a_case_and_each_case_its_sentence() -> None:
    held = [
        *(case.says for case in CASES.values()),
        *(late.says for late in LATE.values()),
        *(refused.says for refused in REFUSED.values()),
    ]
    assert set(held) == sentences()
    assert len(held) > 20


def test_the_table_lists_the_features_of_the_page() -> None:
    listed = re.findall(r"^\|.*\| `(\w+)` \|$", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted([*PAGE_CASES, "largest_three"])
