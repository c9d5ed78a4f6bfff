"""The answers of Flink's REST API."""

from __future__ import annotations

from typing import Any, Final

JOB: Final = "d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f"
FAILING: Final = "a0e1f2a3b4c5d6e7f8091a2b3c4d5e6f"
OTHERS: Final = "b0e1f2a3b4c5d6e7f8091a2b3c4d5e6f"
SOURCE: Final = "cbc357ccb763df2852fee8c4fc7d55f2"
SINK: Final = "90bea66de1c231edf33913ecd54406c1"
REQUEST: Final = "e6ea3d1b9d7c1a2b3c4d5e6f70819203"

TRACE: Final = (
    "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTime.\n"
    "\tat org.apache.flink.runtime.executiongraph.failover.Handler.handle(Handler.java:219)\n"
    "Caused by: java.lang.RuntimeException: One or more fetchers have encountered exception.\n"
    "\t... 12 more\n"
)
_COUNTS: Final = {"CREATED": 0, "RUNNING": 8, "FINISHED": 0, "FAILED": 0, "total": 8}
_TIMES: Final = {"start-time": 1_767_600_000_000, "end-time": -1, "duration": 61_000}


def _overview_of(job: str, name: str, state: str) -> dict[str, Any]:
    return {
        "jid": job,
        "name": name,
        "state": state,
        **_TIMES,
        "last-modification": 1_767_600_002_000,
        "tasks": _COUNTS,
        "pending-operators": 0,
    }


def _vertex(vertex: str, name: str, state: str) -> dict[str, Any]:
    return {
        "id": vertex,
        "name": name,
        "maxParallelism": 128,
        "parallelism": 1,
        "status": state,
        **_TIMES,
        "tasks": _COUNTS,
        "metrics": {"read-bytes": 0, "read-bytes-complete": True},
    }


_SOURCE_METRICS: Final = (
    "Source__transaction[1].numRecordsInPerSecond",
    "Source__transaction[1].pendingRecords",
    "Source__transaction[1].currentOutputWatermark",
    "busyTimeMsPerSecond",
    "backPressuredTimeMsPerSecond",
    "currentInputWatermark",
)
_SINK_METRICS: Final = (
    "sink[4]__Writer.numRecordsInPerSecond",
    "WindowAggregate[3].numLateRecordsDropped",
    "busyTimeMsPerSecond",
)
_SUBTASKS: Final = ("min", "max", "avg", "sum")
_DONE: Final = {"status": {"id": "COMPLETED"}}


def _snapshot(path: str) -> dict[str, Any]:
    return {
        "@class": "completed",
        "id": 7,
        "status": "COMPLETED",
        "trigger_timestamp": 1_767_600_010_000,
        "latest_ack_timestamp": 1_767_600_010_321,
        "state_size": 41_277,
        "external_path": path,
        "discarded": False,
    }


class Flink:
    """The state of a Flink with some jobs, for proper and for garbled answers.

    A job that is stopped has ended from then on.

    Args:
        version: Its version.

    Attributes:
        changes: Methods and paths of the requests that change something.
    """

    def __init__(self, version: str = "2.3.0") -> None:
        self._version = version
        self._ended: set[str] = set()
        self.changes: list[str] = []

    def answer(self, method: str, target: str) -> tuple[int, Any]:
        """Return the status and the body of an answer to a request."""
        path, _, query = target.partition("?")
        if method != "GET":
            return self._changed(method, path)
        if path.startswith("/jobs/") and path != "/jobs/overview":
            return self._of_job(path.split("/")[2], "/".join(path.split("/")[3:]), query)
        known = {
            "/overview": {
                "taskmanagers": 1,
                "slots-total": 8,
                "slots-available": 6,
                "jobs-running": 2,
                "flink-version": self._version,
            },
            "/config": {
                "refresh-interval": 3000,
                "timezone-name": "UTC",
                "flink-version": self._version,
                "features": {"web-submit": False},
            },
            "/taskmanagers": {"taskmanagers": [{"id": "127.0.0.1:1-x", "dataPort": 41_001}]},
            "/jobmanager/config": [{"key": "rest.port", "value": "8081"}],
            "/jobs/overview": {
                "jobs": [
                    _overview_of(JOB, "fraudwatch-rolling", self._state(JOB)),
                    _overview_of(FAILING, "fraudwatch-tumbling", self._state(FAILING)),
                    _overview_of(OTHERS, "another team's", self._state(OTHERS)),
                ]
            },
            f"/savepoint-disposal/{REQUEST}": {**_DONE, "operation": {}},
        }
        return (200, known[path]) if path in known else (404, {"errors": ["Not found."]})

    def _state(self, job: str) -> str:
        return "FINISHED" if job in self._ended else "RESTARTING" if job == FAILING else "RUNNING"

    def _changed(self, method: str, path: str) -> tuple[int, Any]:
        self.changes.append(f"{method} {path}")
        if method == "PATCH":
            self._ended.add(path.split("/")[2])
            return 202, {}
        if path.endswith("/stop"):
            self._ended.add(path.split("/")[2])
        return 202, {"request-id": REQUEST}

    def _of_job(self, job: str, rest: str, query: str) -> tuple[int, Any]:
        state = self._state(job)
        vertices = [_vertex(SOURCE, "Source: transaction", state), _vertex(SINK, "sink", state)]
        listed = {SOURCE: _SOURCE_METRICS, SINK: _SINK_METRICS}
        known: dict[str, Any] = {
            "": {"jid": job, "name": "x", "state": state, **_TIMES, "vertices": vertices},
            "config": {
                "jid": job,
                "execution-config": {
                    "job-parallelism": 1,
                    "object-reuse-mode": False,
                    "user-config": {"fraudwatch.definition": "0123"},
                },
            },
            "exceptions": {
                "exceptionHistory": {
                    "entries": [
                        {
                            "exceptionName": "org.apache.flink.runtime.JobException",
                            "stacktrace": TRACE,
                            "timestamp": 1_767_600_050_000,
                            "failureLabels": {},
                        }
                    ],
                    "truncated": False,
                }
            },
            "checkpoints": {
                "counts": {"restored": 0, "total": 7, "completed": 7, "failed": 0},
                "latest": {
                    "completed": _snapshot(f"s3://bucket/{job}/chk-7"),
                    "savepoint": None,
                    "failed": None,
                    "restored": None,
                },
            },
            f"checkpoints/{REQUEST}": {**_DONE, "operation": {"checkpointId": 8}},
            f"savepoints/{REQUEST}": {**_DONE, "operation": {"location": "s3://bucket/savepoint"}},
            "metrics": [
                {"id": "numRestarts", "value": "0"},
                {"id": "numberOfFailedCheckpoints", "value": "0"},
                {"id": "lastCheckpointDuration", "value": "21"},
                {"id": "lastCheckpointSize", "value": "41277"},
                {"id": "lastCheckpointCompletedTimestamp", "value": "1767600010321"},
            ],
        }
        for vertex, names in listed.items():
            known[f"vertices/{vertex}/watermarks"] = [
                {"id": "0.currentInputWatermark", "value": "1767600000000"}
            ]
            known[f"vertices/{vertex}/subtasks/metrics"] = (
                [{"id": name, **dict.fromkeys(_SUBTASKS, 12.5)} for name in names]
                if query
                else [{"id": name} for name in names]
            )
        return (200, known[rest]) if rest in known else (404, {"errors": ["Not found."]})
