"""A client for Flink's REST API: status of the cluster and its jobs, savepoints, cancellation.

Source: Flink 2.3 documentation, "REST API".
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from pipeline.config import FlinkSettings
from pipeline.errors import JobError, UnansweredError, UnavailableError
from pipeline.model.jobs import JobFailure, RestorePoint
from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready
from pipeline.text.words import quoted

from .answers import (
    Aggregate,
    Checkpoints,
    Cluster,
    Exceptions,
    Job,
    JobConfig,
    JobList,
    JobOverview,
    Metric,
    Operation,
    OperationProgress,
    Option,
    Overview,
    TaskManagers,
    Trigger,
    is_date,
)
from .exceptions import without_records
from .http import http_error, not_flinks_api, rest_client, unavailable

T = TypeVar("T")

POLL_SECONDS: Final = 0.1
_FAILURES: Final = 5
# How many polls in a row may go unanswered while an operation is waited for.
_UNANSWERED: Final = 5
_OVER_SUBTASKS: Final = ("min", "max", "avg", "sum")
# Prefixes of the options of a cluster that allocates TaskManagers from Kubernetes or YARN.
_PROVIDERS: Final = ("kubernetes.", "yarn.", "$internal.yarn.")
TERMINAL: Final = frozenset({"FINISHED", "CANCELED", "FAILED"})
TROUBLED: Final = frozenset({"FAILING", "RESTARTING"})


class FlinkRest:
    """A client for one cluster; thread-safe.

    Args:
        flink: The cluster and its credentials.
        show_values: Whether exceptions are returned with the values of records that they quote.

    Raises:
        ConfigError: A certificate, a key or a secret cannot be read.
    """

    def __init__(self, flink: FlinkSettings, *, show_values: bool = False) -> None:
        self.address = flink.rest
        self._show_values = show_values
        self._client = rest_client(flink)

    def close(self) -> None:
        self._client.close()

    def reachable(self) -> bool:
        try:
            self.overview()
        except UnavailableError:
            return False
        return True

    def overview(self) -> Overview:
        """Return the cluster's task slots.

        Raises:
            UnavailableError: The API does not answer.
        """
        return self._get("/overview", Overview)

    def data_ports(self) -> frozenset[int]:
        """Return the ports on which the registered TaskManagers exchange records."""
        found = self._get("/taskmanagers", TaskManagers)
        return frozenset(manager.data_port for manager in found.taskmanagers)

    def version(self) -> str:
        """Return Flink's version, such as `2.3.0`."""
        return self._get("/config", Cluster).version

    def jobs(self) -> tuple[JobOverview, ...]:
        """Return all jobs that the cluster remembers, newest first."""
        jobs = self._get("/jobs/overview", JobList).jobs
        return tuple(sorted(jobs, key=lambda job: job.start, reverse=True))

    def state(self, job_id: str) -> str:
        """Return Flink's state of a job, such as `RUNNING`."""
        return self._get(f"/jobs/{job_id}", Job).state

    def parameters(self, job_id: str) -> dict[str, str]:
        """Return a job's global job parameters, which its submitter has set."""
        config = self._get(f"/jobs/{job_id}/config", JobConfig).execution
        configured = config.parameters if config is not None else None
        return {name: str(value) for name, value in (configured or {}).items()}

    def grows(self) -> bool:
        """Whether the cluster allocates TaskManagers on demand."""
        known = self._get("/jobmanager/config", tuple[Option, ...])
        return any(option.key.startswith(_PROVIDERS) for option in known)

    def failure(self, job_id: str) -> str:
        """Return the root cause of a job's last failure; empty when it did not fail."""
        found = self._get(f"/jobs/{job_id}/exceptions?maxExceptions=1", Exceptions)
        return next((self._root_cause(entry.stacktrace) for entry in found.history.entries), "")

    def failures(self, job_id: str) -> tuple[JobFailure, ...]:
        """Return a job's exceptions in full, newest first; none if Flink has forgotten the job."""
        try:
            path = f"/jobs/{job_id}/exceptions?maxExceptions={_FAILURES}"
            entries = self._get(path, Exceptions).history.entries
        except JobError:
            return ()
        return tuple(
            JobFailure(entry.timestamp / 1000, self._shown(entry.stacktrace)) for entry in entries
        )

    def vertices(self, job_id: str) -> tuple[str, ...]:
        """Return the ids of a job's vertices, from sources to sinks."""
        return tuple(vertex.id for vertex in self._get(f"/jobs/{job_id}", Job).vertices)

    def metric_names(self, job_id: str, vertex: str) -> tuple[str, ...]:
        """Return the names of the metrics of a vertex that can be aggregated over its subtasks."""
        path = f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics"
        return tuple(metric.id for metric in self._get(path, tuple[Metric, ...]))

    def metrics(
        self, job_id: str, vertex: str, names: Iterable[str]
    ) -> dict[str, dict[str, float]]:
        """Return metrics of a vertex: `min`, `max`, `avg` and `sum` over its subtasks, by name."""
        wanted = quote(",".join(names))
        path = f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics?get={wanted}"
        listed = self._get(path, tuple[Aggregate, ...])
        return {
            metric.id: {
                name: value
                for name in _OVER_SUBTASKS
                if (value := _number(getattr(metric, name))) is not None
            }
            for metric in listed
        }

    def job_metrics(self, job_id: str, names: Iterable[str]) -> dict[str, float]:
        """Return metrics of a whole job; those that Flink does not report yet are left out."""
        listed = self._get(f"/jobs/{job_id}/metrics?get={','.join(names)}", tuple[Metric, ...])
        return {
            metric.id: value for metric in listed if (value := _number(metric.value)) is not None
        }

    def last_state(self, job_id: str) -> RestorePoint | None:
        """Return the newest completed checkpoint of a run, or the savepoint that stopped it.

        None without one, or when the cluster has forgotten the run.
        """
        try:
            latest = self._get(f"/jobs/{job_id}/checkpoints", Checkpoints).latest
        except JobError:
            return None
        # The path of a checkpoint that exists only in memory is a placeholder.
        found = (
            RestorePoint(taken.path, taken.at / 1000, kind)
            for taken, kind in ((latest.completed, "checkpoint"), (latest.savepoint, "savepoint"))
            if taken and ":/" in taken.path
        )
        return max(found, key=lambda state: state.at or 0.0, default=None)

    def restored_at(self, job_id: str) -> int | None:
        """Return when a run last resumed from state, in milliseconds since the epoch.

        At its start or after a failure; None if it never did.
        """
        restored = self._get(f"/jobs/{job_id}/checkpoints", Checkpoints).latest.restored
        return None if restored is None else restored.restore_timestamp

    def dispose_savepoint(self, path: str, *, patience: float = 30.0) -> None:
        """Let Flink delete a savepoint.

        Raises:
            JobError: The deletion failed.
        """
        body = {"savepoint-path": path}
        operation = self._operation("/savepoint-disposal", body, patience, "the disposal")
        if operation.failure is not None:
            cause = self._root_cause(operation.failure.trace)
            raise JobError(f"Flink could not delete {path}: {cause}.")

    def watermark(self, job_id: str) -> int | None:
        """Return a job's lowest watermark, in milliseconds since the epoch.

        None before the job has a watermark, as before its first record.
        """
        found = [
            int(value)
            for vertex in self.vertices(job_id)
            for metric in self._get(
                f"/jobs/{job_id}/vertices/{vertex}/watermarks", tuple[Metric, ...]
            )
            if (value := _number(metric.value)) is not None
        ]
        lowest = min(found, default=None)
        return lowest if lowest is not None and is_date(lowest) else None

    def stop_with_savepoint(self, job_id: str, directory: str) -> str:
        """Stop a job with a savepoint, however long that takes.

        Args:
            job_id: Flink's id of the job.
            directory: Directory for the savepoint, as a URI; the cluster's default when empty.

        Returns:
            The savepoint's path.

        Raises:
            JobError: Flink could not take the savepoint; the job then still runs.
        """
        body = {"targetDirectory": directory or None, "drain": False}
        operation = self._operation(
            f"/jobs/{job_id}/stop",
            body,
            math.inf,
            "a savepoint",
            progress=f"/jobs/{job_id}/savepoints",
        )
        if operation.failure is not None:
            cause = self._root_cause(operation.failure.trace)
            raise JobError(
                f"Flink could not take a savepoint: {cause}.",
                "The job keeps running; look at its log, or cancel it with --discard.",
            )
        self.wait_terminal(job_id, patience=math.inf)
        return operation.location

    def checkpoint(self, job_id: str, *, patience: float = 30.0) -> None:
        """Trigger a checkpoint of a job and wait until it completes.

        Raises:
            JobError: It could not be taken.
        """
        path = f"/jobs/{job_id}/checkpoints"
        operation = self._operation(path, {}, patience, "a checkpoint")
        if operation.failed_checkpoint is not None:
            cause = self._root_cause(operation.failed_checkpoint.trace)
            raise JobError(f"Flink could not take a checkpoint: {cause}.", "Try again.")

    def cancel(self, job_id: str, *, patience: float = 30.0) -> None:
        """Cancel a job without a savepoint, and wait until it has ended."""
        self._request("PATCH", f"/jobs/{job_id}?mode=cancel")
        self.wait_terminal(job_id, patience=patience)

    def wait_terminal(self, job_id: str, *, patience: float) -> None:
        """Wait until a job has ended in any way."""
        self._wait(lambda: self.state(job_id) in TERMINAL or None, patience, "the job to end")

    def wait_running(self, job_id: str, *, patience: float = 60.0) -> None:
        """Wait until all tasks of a job run.

        Raises:
            JobError: The job ended instead, or there are no slots for it.
        """

        def running() -> bool | None:
            job = self._get(f"/jobs/{job_id}", Job)
            if job.state in TERMINAL:
                raise JobError(
                    f"The job ended at once: {self.failure(job_id) or job.state}.",
                    "Look at `fraudwatch logs flink`, or at the logs of your own cluster.",
                )
            states = {vertex.status for vertex in job.vertices}
            return states == {"RUNNING"} or None

        try:
            self._wait(running, patience, "the job to run")
        except JobError as error:
            if (reason := self.failure(job_id)) and reason not in error.message:
                raise JobError(
                    f"The job cannot start: {reason}.",
                    "Look at `fraudwatch logs flink`, or at the logs of your own cluster.",
                ) from error
            raise

    def _root_cause(self, trace: str) -> str:
        """Return the innermost cause of a Java stack trace, in one line."""
        shown = self._shown(trace)
        causes = [line for line in shown.splitlines() if line.startswith("Caused by: ")]
        cause = causes[-1].removeprefix("Caused by: ") if causes else shown.partition("\n")[0]
        return quoted(cause)

    def _shown(self, trace: str) -> str:
        return trace if self._show_values else without_records(trace)

    def _operation(
        self, path: str, body: object, patience: float, what: str, *, progress: str = ""
    ) -> Operation:
        """Trigger an asynchronous operation and wait until it completes.

        Args:
            path: Path of the POST request.
            body: Its body.
            patience: Timeout in seconds.
            what: The operation, for messages.
            progress: Path to poll; `path` when empty.
        """
        answer = self._request("POST", path, body)
        request = self._decode(answer, path, Trigger).request_id
        asked = f"{progress or path}/{request}"

        def completed() -> Operation | None:
            found = self._get(asked, OperationProgress)
            done = found.status.id == "COMPLETED"
            return (found.operation or Operation()) if done else None

        return self._wait(completed, patience, what)

    def _wait(self, condition: Callable[[], T | None], patience: float, what: str) -> T:
        """Poll `condition` until it is not None.

        A JobManager that is busy, as while it restarts jobs, leaves a request unanswered now and
        then. What is waited for may still come, so it is asked again, a few times in a row.
        """
        deadline = time.monotonic() + patience
        unanswered = 0
        while True:
            try:
                if (result := condition()) is not None:
                    return result
                unanswered = 0
            except UnansweredError:
                unanswered += 1
                if unanswered > _UNANSWERED:
                    raise
            if time.monotonic() > deadline:
                raise JobError(
                    f"Flink took longer than {patience:.0f} s for {what}.",
                    "Look at `fraudwatch status` and try again.",
                )
            time.sleep(POLL_SECONDS)

    def _get(self, path: str, answer: type[T]) -> T:
        return self._decode(self._request("GET", path), path, answer)

    def _decode(self, content: bytes, path: str, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=ready(answer))
        except MALFORMED as error:
            raise not_flinks_api(self.address, path, content) from error

    def _request(self, method: str, path: str, body: object = None) -> bytes:
        try:
            response = self._client.request(method, path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unavailable(self.address, error) from error
        if not response.is_success:
            raise http_error(self.address, path, response)
        return response.content


def _number(value_text: float | str) -> float | None:
    """Convert a metric's value; None if it is not a number, as before its first update."""
    try:
        value = float(value_text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
