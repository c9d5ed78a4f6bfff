"""The state that jobs leave behind: where it is, whether it can still be read, how it goes away."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from pipeline.config import FlinkSettings, Settings
from pipeline.errors import JobError
from pipeline.model import RestorePoint

from .rest import FlinkRest

# A savepoint's folder begins with this much of the id of its job.
_ID_CHARACTERS: Final = 6


class StateStore(Protocol):
    """Where the jobs of a cluster keep their state."""

    @property
    def checkpoints(self) -> str:
        """Where checkpoints go, as Flink names it; empty for what the cluster is set to."""

    @property
    def savepoints(self) -> str:
        """Where savepoints go; likewise."""

    def left_by(self, job_id: str) -> RestorePoint | None:
        """The newest state that a run has left by itself; None when there is none to be had."""

    def readable(self, path: str) -> bool:
        """Whether a savepoint is still there, as far as can be told."""

    def discard(self, path: str) -> None:
        """Throw a savepoint away."""

    def discard_checkpoints(self, job_id: str) -> None:
        """Throw away what a run has left, where that is ours to do."""


class OwnState:
    """State of a cluster that fraudwatch brings: files in the state directory.

    Args:
        settings: Whose state directory.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def checkpoints(self) -> str:
        """Where checkpoints go."""
        return flink_path(self._settings.checkpoints_dir)

    @property
    def savepoints(self) -> str:
        """Where savepoints go."""
        return flink_path(self._settings.savepoints_dir)

    def left_by(self, job_id: str) -> RestorePoint | None:
        """The newest complete checkpoint of a run, or a savepoint that came too late to be noted.

        A run that ends with a savepoint deletes its checkpoints, also when nobody waited for it.
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
        """Whether a savepoint is complete and still there."""
        return (_folder(path) / "_metadata").is_file()

    def discard(self, path: str) -> None:
        """Throw a savepoint away."""
        shutil.rmtree(_folder(path), ignore_errors=True)

    def discard_checkpoints(self, job_id: str) -> None:
        """Throw away what a run has left."""
        shutil.rmtree(self._settings.checkpoints_dir / job_id, ignore_errors=True)


class RemoteState:
    """State of somebody's cluster: wherever that keeps it, and known by what the cluster says.

    Args:
        rest: The cluster; None while it cannot be asked.
        flink: Where it is to keep state.
    """

    def __init__(self, rest: FlinkRest | None, flink: FlinkSettings) -> None:
        self._rest = rest
        self._flink = flink

    @property
    def checkpoints(self) -> str:
        """Where checkpoints go."""
        return self._flink.checkpoints

    @property
    def savepoints(self) -> str:
        """Where savepoints go."""
        return self._flink.savepoints

    def left_by(self, job_id: str) -> RestorePoint | None:
        """The newest checkpoint of a run that the cluster has not forgotten yet.

        Or the savepoint with which somebody else has stopped it.
        """
        return self._rest.last_state(job_id) if self._rest else None

    def readable(self, path: str) -> bool:
        """Only the cluster can tell, and only by trying."""
        return True

    def discard(self, path: str) -> None:
        """Have the cluster throw a savepoint away; one that is gone already is fine."""
        if self._rest:
            with suppress(JobError):
                self._rest.dispose_savepoint(path)

    def discard_checkpoints(self, job_id: str) -> None:
        """They are left: Flink has no way to throw them away from outside."""


def state_store(settings: Settings, rest: FlinkRest | None) -> StateStore:
    """Where the jobs of a profile keep their state.

    Args:
        settings: Of the profile.
        rest: The cluster; None while it cannot be asked.
    """
    return RemoteState(rest, settings.flink) if settings.flink.attached else OwnState(settings)


def flink_path(path: Path) -> str:
    """A local file or folder as Flink names it: it takes an escaped `%20` for what it says."""
    return f"file://{path}"


def _folder(address: str) -> Path:
    return Path("/" + address.removeprefix("file:").lstrip("/"))
