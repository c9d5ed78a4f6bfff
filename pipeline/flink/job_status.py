"""The status of a feature's job, from what Flink and the journal know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.config import Settings
from pipeline.model.jobs import JobState, JobStatus

from .answers import JobOverview
from .journal import Entry, Journal
from .rest import TERMINAL


def remembered(settings: Settings, topics: Mapping[str, str]) -> tuple[JobStatus, ...]:
    """Return what the journal knows of each feature's job, while there is no cluster to ask.

    Args:
        settings: Settings of the profile.
        topics: Sink topic by feature name.
    """
    entries = Journal(settings.journal_file).entries()
    return tuple(
        status_of(name, topic, None, entries.get(name, Entry()), "")
        for name, topic in topics.items()
    )


def newest_by_name(jobs: Iterable[JobOverview]) -> dict[str, JobOverview]:
    """Return for each name the newest running job, or else the newest ended one.

    Args:
        jobs: Newest first.
    """
    newest: dict[str, JobOverview] = {}
    for job in sorted(jobs, key=lambda job: job.state in TERMINAL):
        newest.setdefault(job.name, job)
    return newest


def status_of(
    name: str, topic: str, job: JobOverview | None, entry: Entry, failure: str
) -> JobStatus:
    """Return the status of a feature's job.

    Args:
        name: The feature's name.
        topic: Its sink topic.
        job: What Flink knows of the job; None if nothing.
        entry: What the journal knows of it.
        failure: Why it failed; empty when it did not.
    """
    state, job_id, started_at = JobState.FAILED if failure else JobState.STOPPED, "", None
    run = ""
    if job is not None and job.state not in TERMINAL:
        job_id, started_at = job.id, job.start / 1000
        state = JobState(job.state) if job.state in JobState.__members__ else JobState.UNKNOWN
        run = f"{job.id}@{job.changed}"
    newest = entry.savepoints[0] if entry.savepoints else None
    return JobStatus(
        name=name,
        state=state,
        topic=topic,
        job_id=job_id,
        started_at=started_at,
        savepoint=newest.path if newest else "",
        savepoint_at=newest.taken_at if newest else None,
        failure=failure,
        run=run,
    )
