"""What the documentation says of the tests is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import config

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FAULTS = ROOT / "tests" / "e2e" / "faults"


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


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_settings_in_the_docs_are_settings(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.S)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / config.FILE_NAME).write_text(block)
        for name in config.profiles((folder,)):
            config.load(name, environment={}, directories=(folder,))
