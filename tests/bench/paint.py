"""Time to the console's first paint, compared with a Textual application that does nothing."""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import pexpect

from pipeline.config import Settings
from tests.e2e.conftest import stack_environment
from tests.e2e.test_console import COLUMNS, LINES

from . import bare
from .report import PATIENCE_SECONDS, show

# Attaching starts nothing that would slow down the next paint.
CONSOLE = (str(Path(sys.executable).parent / "fraudwatch"), "--profile=compose", "--read-only")
BARE = (sys.executable, bare.__file__)


def bench_paint(settings: Settings, rounds: int) -> None:
    """First paint of the console and of a bare application, alternately."""
    bares, consoles = [], []
    for _ in range(rounds):
        bares.append(_first_paint(settings, BARE, bare.SHOWN))
        consoles.append(_first_paint(settings, CONSOLE, "fraudwatch"))
    more = statistics.median(console - bare for bare, console in zip(bares, consoles, strict=True))
    show(f"first paint, median of {rounds}", f"{statistics.median(consoles):.2f} s")
    show(
        "  above a bare Textual application",
        f"{more:.2f} s",
        f"goal: 0.15 s; the bare one takes {statistics.median(bares):.2f} s",
    )


def _first_paint(settings: Settings, command: tuple[str, ...], shown: str) -> float:
    began = time.monotonic()
    process = pexpect.spawn(
        command[0],
        list(command[1:]),
        env={**os.environ, **stack_environment(settings.state_dir), "TERM": "xterm-256color"},
        dimensions=(LINES, COLUMNS),
        timeout=PATIENCE_SECONDS,
    )
    process.expect_exact(shown)
    taken = time.monotonic() - began
    process.close(force=True)
    return taken
