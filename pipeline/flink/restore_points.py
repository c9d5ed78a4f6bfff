"""What a start of a job can resume from: its savepoints, and its last run's last checkpoint."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config import Settings
from pipeline.model import RestorePoint

from .journal import Entry, Journal
from .state import StateStore, state_store


def restore_points(store: StateStore, entry: Entry) -> tuple[RestorePoint, ...]:
    """All state of a job that can still be read, newest first; a start resumes from the first.

    A job that was stopped has a savepoint; one whose cluster died has its last checkpoint.
    """
    found = []
    if entry.job_id and (left := store.left_by(entry.job_id)):
        found.append(left)
    found += [
        RestorePoint(savepoint.path, savepoint.taken_at, "savepoint")
        for savepoint in entry.savepoints
        if store.readable(savepoint.path)
    ]
    return tuple(replace(state, resumes=number == 0) for number, state in enumerate(found))


def recorded_restore_points(settings: Settings, name: str) -> tuple[RestorePoint, ...]:
    """The same by the job's name, while there is no cluster to ask."""
    entry = Journal(settings.journal_file).entry(name)
    return restore_points(state_store(settings, None), entry)
