"""Why a job gets no task slots: who has them, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.config import FlinkSettings
from pipeline.errors import JobError
from pipeline.model import Slots
from pipeline.text.sanitise import sanitised

_NAMED = 5


def no_slots(
    name: str, needed: int, slots: Slots, running: Iterable[str], flink: FlinkSettings
) -> JobError:
    """The error of a job that needs more slots than are free.

    Args:
        name: The job's.
        needed: Its parallelism.
        slots: Of the cluster.
        running: Flink's names of the jobs that run there.
        flink: The cluster, and how our jobs are called there.
    """
    named = list(running)
    others = [job for job in named if not job.startswith(flink.job_prefix)]
    ours = [job.removeprefix(flink.job_prefix) for job in named if job not in others]
    has = [_listed("ours", ours), _listed("of others", others)]
    holders = f" Jobs that run: {'; '.join(filter(None, has))}." if named else ""
    more = "have TaskManagers added" if flink.attached else "set more slots"
    ways = [more]
    if needed > 1:
        ways.append("set a lower parallelism")
    if ours:
        ways.insert(0, "stop a job of ours")
    hint = ", or ".join(ways)
    return JobError(
        f"{name} needs {needed} task slot(s), and {slots.free} of {slots.total} are free.{holders}",
        f"{hint[0].upper()}{hint[1:]}.",
    )


def _listed(whose: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{whose} {', '.join(map(sanitised, names[:_NAMED]))}{more}"
