"""The restore points of a job: its savepoints, and the last checkpoint of its last run."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config import Settings
from pipeline.model.jobs import RestorePoint

from .journal import Entry, Journal
from .state import StateStore, state_store


def restore_points(store: StateStore, entry: Entry) -> tuple[RestorePoint, ...]:
    """Return all readable restore points of a job, newest first; a start resumes from the first.

    A stopped job has a savepoint; a job whose cluster died has a checkpoint.
    """
    found = []
    if entry.job_id and (left := store.newest_left_by(entry.job_id)):
        found.append(left)
    found += [
        RestorePoint(savepoint.path, savepoint.taken_at, "savepoint")
        for savepoint in entry.savepoints
        if store.readable(savepoint.path)
    ]
    return tuple(replace(state, resumes=number == 0) for number, state in enumerate(found))


def recorded_restore_points(settings: Settings, name: str) -> tuple[RestorePoint, ...]:
    """Like `restore_points`, from the journal alone, while there is no cluster to ask."""
    entry = Journal(settings.journal_file).entry(name)
    return restore_points(state_store(settings, None), entry)
