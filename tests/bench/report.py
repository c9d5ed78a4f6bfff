"""What the benchmarks measure with, and how they say what came out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import psutil

MIB = 1024 * 1024
PATIENCE_SECONDS = 600.0


def show(what: str, figure: str, note: str = "") -> None:
    """One line of the report."""
    print(f"{what:<52}{figure:>16}  {note}".rstrip(), flush=True)


def seconds_until(condition: Callable[[], object], patience: float = PATIENCE_SECONDS) -> float:
    """How long until a condition holds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not within {patience:.0f} s")
        time.sleep(0.01)
    return time.monotonic() - began


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of every figure, the median of all rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """What these processes have used, and those that they started and that have ended."""
    # The first four are user, system, and both of children that were waited for.
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def resident(processes: Iterable[psutil.Process]) -> int:
    """Bytes that these processes hold; what they share is counted in each."""
    return sum(process.memory_info().rss for process in processes)
