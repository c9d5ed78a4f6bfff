"""What a hundred starts and stops of jobs leave behind in the JVM of Flink."""

from __future__ import annotations

import httpx
import msgspec

from pipeline.config import Settings
from pipeline.stack.runtime import Runtime

from .report import MIB, show

_HEAP = "Status.JVM.Memory.Heap.Used"
_METASPACE = "Status.JVM.Memory.Metaspace.Used"
_THREADS = "Status.JVM.Threads.Count"
_EVERY = 20
_JOBS = ("rolling", "tumbling")


class _Metric(msgspec.Struct):
    id: str
    value: float


def bench_restarts(settings: Settings, count: int = 100) -> None:
    """Start and stop jobs, and show the memory of the JVM.

    The heap includes garbage, so its figure goes up and down; what matters is that neither figure
    grows permanently.
    """
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        rest = runtime.status().rest
        for number in range(1, count + 1):
            name = _JOBS[number % len(_JOBS)]
            runtime.start_job(name)
            runtime.stop_job(name)
            if number % _EVERY == 0 or number == 1:
                held = _held(rest)
                show(
                    f"Flink's JVM after {number} starts and stops of jobs",
                    f"{held[_METASPACE] / MIB:,.0f} MiB",
                    f"metaspace; heap {held[_HEAP] / MIB:,.0f} MiB, {held[_THREADS]:,.0f} threads",
                )
    finally:
        runtime.close()


def _held(rest: str) -> dict[str, float]:
    wanted = ",".join((_HEAP, _METASPACE, _THREADS))
    url = f"{rest}/jobmanager/metrics?get={wanted}"
    answer = httpx.get(url, trust_env=False).content
    metrics = msgspec.json.decode(answer, type=list[_Metric], strict=False)
    return {metric.id: metric.value for metric in metrics}
