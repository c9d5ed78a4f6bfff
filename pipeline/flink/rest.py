"""Flink's REST API: what the cluster and its jobs are doing, and stopping a job.

Source: Flink 2.3 documentation, "REST API".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from pipeline.config import FlinkSettings
from pipeline.errors import JobError, UnavailableError
from pipeline.model import JobFailure, KeptState, Slots

from .http import refused, rest_client, unavailable

T = TypeVar("T")

POLL_SECONDS: Final = 0.1
_FAILURES: Final = 5
# Options of a cluster that asks Kubernetes or YARN for TaskManagers.
_PROVIDERS: Final = ("kubernetes.", "yarn.", "$internal.yarn.")
TERMINAL: Final = frozenset({"FINISHED", "CANCELED", "FAILED"})


class Overview(msgspec.Struct, frozen=True):
    """The cluster as a whole."""

    taskmanagers: int
    slots_total: int = msgspec.field(name="slots-total")
    slots_free: int = msgspec.field(name="slots-available")

    @property
    def slots(self) -> Slots:
        """Task slots, all and free."""
        return Slots(total=self.slots_total, free=self.slots_free)


class JobOverview(msgspec.Struct, frozen=True):
    """One job of the cluster, ended ones included; `start` in milliseconds since the epoch."""

    id: str = msgspec.field(name="jid")
    name: str = ""
    state: str = ""
    start: int = msgspec.field(name="start-time", default=0)


class _TaskManager(msgspec.Struct, frozen=True):
    data_port: int = msgspec.field(name="dataPort")


class _TaskManagers(msgspec.Struct, frozen=True):
    taskmanagers: tuple[_TaskManager, ...]


class _Jobs(msgspec.Struct, frozen=True):
    jobs: tuple[JobOverview, ...]


class _Trigger(msgspec.Struct, frozen=True):
    request_id: str = msgspec.field(name="request-id")


class FlinkRest:
    """A client for one cluster; may be shared between threads.

    Args:
        flink: Where its REST API is, and how to get in.

    Raises:
        ConfigError: A certificate, a key or a secret is not where the settings say.
    """

    def __init__(self, flink: FlinkSettings) -> None:
        self.address = flink.rest
        self._client = rest_client(flink)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def reachable(self) -> bool:
        """Whether the API answers."""
        try:
            self.overview()
        except UnavailableError:
            return False
        return True

    def overview(self) -> Overview:
        """The cluster's slots.

        Raises:
            UnavailableError: The API does not answer.
        """
        return msgspec.json.decode(self._request("GET", "/overview"), type=Overview)

    def data_ports(self) -> frozenset[int]:
        """Ports on which the registered TaskManagers exchange records."""
        found = msgspec.json.decode(self._request("GET", "/taskmanagers"), type=_TaskManagers)
        return frozenset(manager.data_port for manager in found.taskmanagers)

    def jobs(self) -> tuple[JobOverview, ...]:
        """All jobs that the cluster remembers, newest first."""
        jobs = msgspec.json.decode(self._request("GET", "/jobs/overview"), type=_Jobs).jobs
        return tuple(sorted(jobs, key=lambda job: job.start, reverse=True))

    def state(self, job_id: str) -> str:
        """Flink's state of one job."""
        return str(self._get(f"/jobs/{job_id}")["state"])

    def parameters(self, job_id: str) -> dict[str, str]:
        """What was said of a job by whoever submitted it: Flink's global job parameters."""
        told = self._get(f"/jobs/{job_id}/config").get("execution-config", {}).get("user-config")
        return {name: str(value) for name, value in (told or {}).items()}

    def grows(self) -> bool:
        """Whether the cluster starts TaskManagers when a job needs them."""
        known = self._get("/jobmanager/config")
        return any(option["key"].startswith(_PROVIDERS) for option in known)

    def failure(self, job_id: str) -> str:
        """The first line of what a job failed with; empty when it did not fail."""
        history = self._get(f"/jobs/{job_id}/exceptions?maxExceptions=1")
        entries = history.get("exceptionHistory", {}).get("entries", [])
        return str(entries[0]["stacktrace"]).partition("\n")[0] if entries else ""

    def failures(self, job_id: str) -> tuple[JobFailure, ...]:
        """A job's exceptions in full, newest first; none when Flink has forgotten the job."""
        try:
            history = self._get(f"/jobs/{job_id}/exceptions?maxExceptions={_FAILURES}")
        except JobError:
            return ()
        entries = history.get("exceptionHistory", {}).get("entries", [])
        return tuple(
            JobFailure(entry["timestamp"] / 1000, str(entry["stacktrace"])) for entry in entries
        )

    def vertices(self, job_id: str) -> tuple[str, ...]:
        """The ids of a job's vertices, from sources to sinks."""
        return tuple(vertex["id"] for vertex in self._get(f"/jobs/{job_id}")["vertices"])

    def metric_names(self, job_id: str, vertex: str) -> tuple[str, ...]:
        """The metrics that all subtasks of a vertex have together."""
        listed = self._get(f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics")
        return tuple(metric["id"] for metric in listed)

    def metrics(
        self, job_id: str, vertex: str, names: Iterable[str]
    ) -> dict[str, dict[str, float]]:
        """Metrics over the subtasks of a vertex: `min`, `max`, `avg` and `sum` by name."""
        wanted = quote(",".join(names))
        listed = self._get(f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics?get={wanted}")
        return {metric.pop("id"): metric for metric in listed}

    def job_metrics(self, job_id: str, names: Iterable[str]) -> dict[str, float]:
        """Metrics of a job as a whole; those that Flink does not know (yet) are left out."""
        listed = self._get(f"/jobs/{job_id}/metrics?get={','.join(names)}")
        return {
            metric["id"]: float(metric["value"])
            for metric in listed
            if metric["value"].lstrip("-").replace(".", "", 1).isdigit()
        }

    def last_state(self, job_id: str) -> KeptState | None:
        """The newest complete checkpoint of a run, or the savepoint with which it was stopped.

        None without one, or when the cluster has forgotten the run.
        """
        try:
            latest = self._get(f"/jobs/{job_id}/checkpoints")["latest"]
        except JobError:
            return None
        # What Flink says of a checkpoint that is only in its memory is no address.
        found = (
            KeptState(told["external_path"], told["latest_ack_timestamp"] / 1000, kind)
            for key, kind in (("completed", "checkpoint"), ("savepoint", "savepoint"))
            if (told := latest[key]) and ":/" in told.get("external_path", "")
        )
        return max(found, key=lambda state: state.at or 0.0, default=None)

    def dispose_savepoint(self, path: str, *, patience: float = 30.0) -> None:
        """Have Flink throw a savepoint away.

        Raises:
            JobError: It could not.
        """
        answer = self._request("POST", "/savepoint-disposal", {"savepoint-path": path})
        request = msgspec.json.decode(answer, type=_Trigger).request_id
        asked = f"/savepoint-disposal/{request}"
        operation = self._wait(lambda: self._completed(asked), patience, "the disposal")[
            "operation"
        ]
        if "failure-cause" in operation:
            cause = operation["failure-cause"].get("stack-trace", "").partition("\n")[0]
            raise JobError(f"Flink could not throw {path} away: {cause}.")

    def watermark(self, job_id: str) -> int | None:
        """How far the slowest part of a job has come in event time, in milliseconds.

        None while the job has no watermark yet, as before its first record.
        """
        found = [
            int(float(metric["value"]))
            for vertex in self._get(f"/jobs/{job_id}")["vertices"]
            for metric in self._get(f"/jobs/{job_id}/vertices/{vertex['id']}/watermarks")
        ]
        # Before the first record the watermark is the smallest number there is.
        return min(found) if found and min(found) > -(2**62) else None

    def stop_with_savepoint(self, job_id: str, directory: str, *, patience: float = 60.0) -> str:
        """Stop a job and keep its state.

        Args:
            job_id: The job.
            directory: Where the savepoint goes, as an address that Flink knows; where the cluster
                is set to put it when empty.
            patience: Seconds to wait for it.

        Returns:
            The savepoint's path.

        Raises:
            JobError: Flink could not take the savepoint; the job then still runs.
        """
        body = {"targetDirectory": directory or None, "drain": False}
        answer = self._request("POST", f"/jobs/{job_id}/stop", body)
        request = msgspec.json.decode(answer, type=_Trigger).request_id
        path = f"/jobs/{job_id}/savepoints/{request}"
        operation = self._wait(lambda: self._completed(path), patience, "a savepoint")["operation"]
        if "failure-cause" in operation:
            cause = operation["failure-cause"].get("stack-trace", "").partition("\n")[0]
            raise JobError(
                f"Flink could not take a savepoint: {cause}.",
                "The job was left as it is; look at its log, or cancel it with --discard.",
            )
        self.wait_terminal(job_id, patience=patience)
        return str(operation["location"])

    def checkpoint(self, job_id: str, *, patience: float = 30.0) -> None:
        """Have a job take a checkpoint now, and wait until it is complete.

        Raises:
            JobError: It could not be taken.
        """
        answer = self._request("POST", f"/jobs/{job_id}/checkpoints", {})
        request = msgspec.json.decode(answer, type=_Trigger).request_id
        path = f"/jobs/{job_id}/checkpoints/{request}"
        operation = self._wait(lambda: self._completed(path), patience, "a checkpoint")["operation"]
        if "failureCause" in operation:
            cause = operation["failureCause"].get("stack-trace", "").partition("\n")[0]
            raise JobError(f"Flink could not take a checkpoint: {cause}.", "Try again.")

    def cancel(self, job_id: str, *, patience: float = 30.0) -> None:
        """End a job without keeping its state, and wait until it has ended."""
        self._request("PATCH", f"/jobs/{job_id}?mode=cancel")
        self.wait_terminal(job_id, patience=patience)

    def wait_terminal(self, job_id: str, *, patience: float) -> None:
        """Wait until a job has ended in whatever way."""
        self._wait(lambda: self.state(job_id) in TERMINAL or None, patience, "the job to end")

    def wait_running(self, job_id: str, *, patience: float = 60.0) -> None:
        """Wait until all tasks of a job run.

        Raises:
            JobError: The job ended instead, or there are no slots for it.
        """

        def running() -> bool | None:
            detail = self._get(f"/jobs/{job_id}")
            if detail["state"] in TERMINAL:
                raise JobError(
                    f"The job ended at once: {self.failure(job_id) or detail['state']}.",
                    "Look at `fraudwatch logs flink`, or at the logs of your own cluster.",
                )
            states = {vertex["status"] for vertex in detail["vertices"]}
            return states == {"RUNNING"} or None

        try:
            self._wait(running, patience, "the job to run")
        except JobError as error:
            if (reason := self.failure(job_id)) and reason not in error.message:
                raise JobError(
                    f"The job does not get to run: {reason}.",
                    "Look at `fraudwatch logs flink`, or at the logs of your own cluster.",
                ) from error
            raise

    def _completed(self, path: str) -> dict[str, Any] | None:
        """The answer about an operation that was triggered; None while it is under way."""
        status = self._get(path)
        return status if status["status"]["id"] == "COMPLETED" else None

    def _wait(self, condition: Callable[[], T | None], patience: float, what: str) -> T:
        deadline = time.monotonic() + patience
        while (result := condition()) is None:
            if time.monotonic() > deadline:
                raise JobError(
                    f"Flink took longer than {patience:.0f} s for {what}.",
                    "Look at `fraudwatch status` and try again.",
                )
            time.sleep(POLL_SECONDS)
        return result

    def _get(self, path: str) -> Any:
        return msgspec.json.decode(self._request("GET", path))

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise unavailable(self.address, error) from error
        if response.is_error:
            raise refused(self.address, path, response)
        return response.content
