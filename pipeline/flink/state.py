"""Where the jobs' state is stored, whether it can still be read, and how it is deleted."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from pipeline.config import FlinkSettings, Settings
from pipeline.errors import JobError
from pipeline.model.jobs import RestorePoint

from .rest import FlinkRest

# The name of a savepoint's directory starts with this many characters of the job id.
_ID_CHARACTERS: Final = 6


class StateStore(Protocol):
    """The storage of the jobs' checkpoints and savepoints."""

    @property
    def checkpoints(self) -> str:
        """Directory for checkpoints, as a URI for Flink; empty for the cluster's default."""

    @property
    def savepoints(self) -> str:
        """Directory for savepoints, likewise."""

    def newest_left_by(self, job_id: str) -> RestorePoint | None:
        """Return the newest restore point that a run left; None if there is none."""

    def readable(self, path: str) -> bool:
        """Whether a savepoint still exists, as far as can be checked."""

    def discard(self, path: str) -> None: ...

    def discard_checkpoints(self, job_id: str) -> None:
        """Delete the checkpoints of a run, if they are ours to delete."""


class OwnState:
    """State of a managed cluster: files in the state directory.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def checkpoints(self) -> str:
        return flink_path(self._settings.checkpoints_dir)

    @property
    def savepoints(self) -> str:
        return flink_path(self._settings.savepoints_dir)

    def newest_left_by(self, job_id: str) -> RestorePoint | None:
        """Return the newest completed checkpoint of a run, or a savepoint that was never recorded.

        A run that ends with a savepoint deletes its checkpoints, even if no client waited for it.
        """
        checkpoints = self._settings.checkpoints_dir / job_id
        savepoint = f"savepoint-{job_id[:_ID_CHARACTERS]}-*"
        found = (
            RestorePoint(flink_path(metadata.parent), metadata.stat().st_mtime, kind)
            for folder, pattern, kind in (
                (checkpoints, "chk-*", "checkpoint"),
                (self._settings.savepoints_dir, savepoint, "savepoint"),
            )
            for metadata in folder.glob(f"{pattern}/_metadata")
        )
        return max(found, key=lambda state: state.at or 0.0, default=None)

    def readable(self, path: str) -> bool:
        """Whether a savepoint exists and is complete."""
        return (_folder(path) / "_metadata").is_file()

    def discard(self, path: str) -> None:
        shutil.rmtree(_folder(path), ignore_errors=True)

    def discard_checkpoints(self, job_id: str) -> None:
        shutil.rmtree(self._settings.checkpoints_dir / job_id, ignore_errors=True)


class RemoteState:
    """State of an external cluster, known only through its REST API.

    Args:
        rest: The cluster; None while it cannot be reached.
        flink: The cluster's settings, with the directories for state.
    """

    def __init__(self, rest: FlinkRest | None, flink: FlinkSettings) -> None:
        self._rest = rest
        self._flink = flink

    @property
    def checkpoints(self) -> str:
        return self._flink.checkpoints

    @property
    def savepoints(self) -> str:
        return self._flink.savepoints

    def newest_left_by(self, job_id: str) -> RestorePoint | None:
        """Return the newest checkpoint of a run, while the cluster remembers the run.

        Or the savepoint with which another user stopped it.
        """
        return self._rest.last_state(job_id) if self._rest else None

    def readable(self, path: str) -> bool:
        """Return True: only restoring a savepoint shows whether it can be read."""
        return True

    def discard(self, path: str) -> None:
        """Let the cluster delete a savepoint; one that is already gone is ignored."""
        if self._rest:
            with suppress(JobError):
                self._rest.dispose_savepoint(path)

    def discard_checkpoints(self, job_id: str) -> None:
        """Do nothing: Flink cannot delete checkpoints on request."""


def state_store(settings: Settings, rest: FlinkRest | None) -> StateStore:
    """Return the storage of a profile's jobs.

    Args:
        settings: Settings of the profile.
        rest: The cluster; None while it cannot be reached.
    """
    return RemoteState(rest, settings.flink) if settings.flink.attached else OwnState(settings)


def flink_path(path: Path) -> str:
    """Return the URI of a local path for Flink, which does not decode `%20`."""
    return f"file://{path}"


def _folder(address: str) -> Path:
    return Path("/" + address.removeprefix("file:").lstrip("/"))
