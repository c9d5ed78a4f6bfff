"""What the documentation says of the tests is so."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
