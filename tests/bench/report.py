"""Measurements and output of the benchmarks."""

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


def seconds_until(
    condition: Callable[[], object], patience: float = PATIENCE_SECONDS, *, every: float = 0.01
) -> float:
    """Return the seconds until a condition holds, which is looked at every so many seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not within {patience:.0f} s")
        time.sleep(every)
    return time.monotonic() - began


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of every figure over all rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Processor time of these processes and of their children that have ended."""
    # The first four are user, system, and both of children that were waited for.
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def resident(processes: Iterable[psutil.Process]) -> int:
    """Resident bytes of these processes; shared memory is counted in each."""
    return sum(process.memory_info().rss for process in processes)
