"""Time and memory of a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import psutil

from pipeline.config import Settings
from tests.e2e.conftest import stack_environment

_LOOK_SECONDS = 0.05


class Measured(NamedTuple):
    """Seconds, the largest resident set in bytes, and the exit code."""

    seconds: float
    peak: int
    code: int


def fraudwatch(settings: Settings, *arguments: str) -> Measured:
    """Run `fraudwatch` on the stack of these settings, and measure it."""
    command = [str(Path(sys.executable).parent / "fraudwatch"), *arguments]
    return measured(command, stack_environment(settings.state_dir))


def measured(
    command: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})
) -> Measured:
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
