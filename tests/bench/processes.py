"""Time and memory of a command."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psutil

_LOOK_SECONDS = 0.05


class Measured(NamedTuple):
    """Seconds, the largest resident set in bytes, and the exit code."""

    seconds: float
    peak: int
    code: int


def measured(command: Sequence[str], variables: Mapping[str, str]) -> Measured:
    """Run a command with these variables, and measure it."""
    began, peak = time.monotonic(), 0
    process = psutil.Popen(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.Error:
            break
        # Not a wait, but the interval at which the memory is measured.
        time.sleep(_LOOK_SECONDS)
    code = process.wait()
    return Measured(time.monotonic() - began, peak, code)
