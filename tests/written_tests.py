"""Runs the tests that `shrink` and `hold` write, as their user does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(test: Path, which: str) -> str:
    """What pytest says of those tests of a file whose name has this part."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", which, "-p", "no:cacheprovider", test.name],
        cwd=test.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr
