"""The state that a job has left behind: its savepoints, and the last checkpoint of its last run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse

from pipeline.config import Settings
from pipeline.model import KeptState

from .journal import Entry, Journal


def kept_state(settings: Settings, entry: Entry) -> tuple[KeptState, ...]:
    """All state of a job that can still be read, newest first; a start resumes from the first.

    A job that was stopped has a savepoint; one whose cluster died has its last checkpoint.
    """
    found = []
    if entry.job_id and (checkpoint := _last_checkpoint(settings, entry.job_id)):
        found.append(KeptState(checkpoint.as_uri(), checkpoint.stat().st_mtime, "checkpoint"))
    found += [
        KeptState(savepoint.path, savepoint.taken_at, "savepoint")
        for savepoint in entry.savepoints
        if (Path(urlparse(savepoint.path).path) / "_metadata").is_file()
    ]
    return tuple(replace(state, resumes=number == 0) for number, state in enumerate(found))


def remembered_state(settings: Settings, name: str) -> tuple[KeptState, ...]:
    """The same by the job's name, while there is no cluster to ask."""
    return kept_state(settings, Journal(settings.journal_file).entry(name))


def _last_checkpoint(settings: Settings, job_id: str) -> Path | None:
    complete = [
        metadata.parent for metadata in (settings.checkpoints_dir / job_id).glob("chk-*/_metadata")
    ]
    return max(complete, key=lambda path: int(path.name.removeprefix("chk-")), default=None)
