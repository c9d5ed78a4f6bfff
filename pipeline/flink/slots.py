"""Explains why a job gets no task slots: who holds them, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.config import FlinkSettings
from pipeline.errors import JobError
from pipeline.model.stack import Slots
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .rest import TERMINAL, FlinkRest

_NAMED = 5


def require_slots(rest: FlinkRest, name: str, needed: int, flink: FlinkSettings) -> None:
    """Return if a cluster has enough free slots for a job, or allocates more on demand.

    Raises:
        JobError: It has not.
    """
    slots = rest.overview().slots
    if slots.free < needed and not rest.grows():
        running = [job.name for job in rest.jobs() if job.state not in TERMINAL]
        raise no_slots(name, needed, slots, running, flink)


def no_slots(
    name: str, needed: int, slots: Slots, running: Iterable[str], flink: FlinkSettings
) -> JobError:
    """Return the error for a job that needs more slots than are free.

    Args:
        name: The job's name.
        needed: Its parallelism.
        slots: The cluster's slots.
        running: Flink's names of the running jobs.
        flink: The cluster, whose `job_prefix` marks our jobs.
    """
    named = list(running)
    others = [job for job in named if not job.startswith(flink.job_prefix)]
    ours = [job.removeprefix(flink.job_prefix) for job in named if job not in others]
    has = [_listed("feature jobs", ours), _listed("other jobs", others)]
    holders = f" Running: {'; '.join(filter(None, has))}." if named else ""
    more = "have TaskManagers added" if flink.attached else "set more slots"
    ways = [more]
    if needed > 1:
        ways.append("set a lower parallelism")
    if ours:
        ways.insert(0, "stop one of the feature jobs")
    hint = ", or ".join(ways)
    return JobError(
        f"{name} needs {counted(needed, 'task slot')}, "
        f"but {slots.used} of {slots.total} are used.{holders}",
        f"{hint[0].upper()}{hint[1:]}.",
    )


def _listed(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{what} {', '.join(map(sanitised, names[:_NAMED]))}{more}"
