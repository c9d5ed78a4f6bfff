"""A server on loopback that answers as Flink's REST API does, or with garbage instead."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Final

from .mutation import mutated

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
    """What a Flink with some jobs says: to be asked, or to be garbled.

    A job that is stopped has ended from then on.
    """

    def __init__(self) -> None:
        self._ended: set[str] = set()

    def answer(self, method: str, target: str) -> tuple[int, Any]:
        """The status and the body of an answer to a request."""
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
                "flink-version": "2.3.0",
            },
            "/config": {
                "refresh-interval": 3000,
                "timezone-name": "UTC",
                "flink-version": "2.3.0",
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


class Exchange:
    """One request, and what may be sent for it.

    Args:
        handler: Which speaks HTTP.
        code: Of a proper answer.
        body: Of a proper answer.
        random: For garbage of which there is more than one kind.
    """

    def __init__(
        self, handler: BaseHTTPRequestHandler, code: int, body: Any, random: Random
    ) -> None:
        self._handler = handler
        self._code = code
        self.body = json.dumps(body).encode()
        self.value = body
        self.random = random

    def send(
        self,
        body: bytes,
        code: int | None = None,
        *,
        kind: str = "application/json",
        length: int | None = None,
        **headers: str,
    ) -> None:
        """An answer; a `length` that is not the body's leaves the client to wait, or cut off."""
        handler = self._handler
        handler.send_response_only(self._code if code is None else code)
        handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Bytes that need be no HTTP, and the end of the connection."""
        self._handler.wfile.write(data)
        self._handler.close_connection = True


Garble = Callable[[Exchange], None]

_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>\x1b[31m</body>"
_SERVER_ERROR: Final = json.dumps({"errors": ["Internal server error.", f"<Exception on {TRACE}>"]})
_HOSTILE: Final = "\x1b]0;owned\x07\x1b[2J\u202ered\r\n\x00"
_HTTP: Final = b"HTTP/1.1 200 OK\r\n"


def _cut(exchange: Exchange) -> None:
    exchange.send(exchange.body[: len(exchange.body) // 2])


def _broken_off(exchange: Exchange) -> None:
    exchange.raw(_HTTP + b"Content-Length: 5000\r\n\r\n" + exchange.body[:9])


def _long(exchange: Exchange) -> None:
    exchange.send(json.dumps({"errors": ["x" * 100_000 + _HOSTILE]}).encode(), 500)


def _deep(exchange: Exchange) -> None:
    exchange.send(b'{"execution-config":' + b"[" * 100_000)


GARBLES: Final[dict[str, Garble]] = {
    "html": lambda exchange: exchange.send(_PAGE, 200, kind="text/html"),
    "html error": lambda exchange: exchange.send(_PAGE, 500, kind="text/html"),
    "redirect": lambda exchange: exchange.send(b"", 302, Location="https://sso.example/login"),
    "odd redirect": lambda exchange: exchange.send(b"", 302, Location="http://[\x1b[31mx\xa0"),
    "nowhere": lambda exchange: exchange.send(b"", 302),
    "empty": lambda exchange: exchange.send(b"", 200),
    "no content": lambda exchange: exchange.send(b"", 204),
    "truncated": _cut,
    "null": lambda exchange: exchange.send(b"null", 200),
    "list": lambda exchange: exchange.send(b"[]", 200),
    "number": lambda exchange: exchange.send(b"1e999", 200),
    "text": lambda exchange: exchange.send(b'"\xf0\x9f\x92\xa9"', 200),
    "object": lambda exchange: exchange.send(b'{"status":"UP"}', 200),
    "not UTF-8": lambda exchange: exchange.send(b'{"errors":["\xff\xfe\x80"]}', 200),
    "error, not UTF-8": lambda exchange: exchange.send(b'{"errors":["\xff\xfe\x80"]}', 500),
    "nested deeply": _deep,
    "too short": lambda exchange: exchange.send(exchange.body, length=len(exchange.body) // 2),
    "too long": lambda exchange: exchange.send(exchange.body, length=len(exchange.body) + 99),
    "broken off": _broken_off,
    "closed": lambda exchange: exchange.raw(b""),
    "no HTTP": lambda exchange: exchange.raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "random": lambda exchange: exchange.raw(exchange.random.randbytes(500)),
    "odd header": lambda exchange: exchange.raw(_HTTP + b"\xff\x00: \x1b[31m\r\n\r\n{}"),
    "odd charset": lambda exchange: exchange.send(b"\xff\xff", 500, kind="text/x; charset=\x1b[31"),
    "lying gzip": lambda exchange: exchange.send(exchange.body, Content_Encoding="gzip"),
    "cut gzip": lambda exchange: exchange.send(
        gzip.compress(exchange.body)[:20], Content_Encoding="gzip"
    ),
    "stack trace": lambda exchange: exchange.send(_SERVER_ERROR.encode(), 500),
    "hostile error": lambda exchange: exchange.send(
        json.dumps({"errors": [f"{_HOSTILE}..."]}).encode(), 400
    ),
    "long error": _long,
    "error of errors": lambda exchange: exchange.send(b'{"errors":[[1],null,{"a":2}]}', 500),
    "unauthorized": lambda exchange: exchange.send(b"no", 401),
    "forbidden": lambda exchange: exchange.send(b'{"errors":[]}', 403),
    "not found": lambda exchange: exchange.send(b'{"errors":["Not found."]}', 404),
    "too many": lambda exchange: exchange.send(b"", 429),
    "bad gateway": lambda exchange: exchange.send(_PAGE, 502, kind="text/html"),
    "odd code": lambda exchange: exchange.send(b"{}", 799),
    "early hints": lambda exchange: exchange.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3),
    "silent": lambda exchange: exchange.raw(_HTTP),
}
"""What is sent in place of an answer, none of which is one; by a name for the test's report."""


def mutate(exchange: Exchange) -> None:
    """Send the answer with values taken out or put in, which may be an answer all the same."""
    exchange.send(mutated(exchange.value, exchange.random))


class FlinkServer:
    """Answers on a port of its own until it is closed.

    Attributes:
        garbled: How many answers were garbage.
        asked: How many requests came.
    """

    def __init__(self) -> None:
        self.begin(Random(0))
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                # Who does not like the answer closes the connection.
                with suppress(OSError):
                    server._serve(self)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is written into the test's own output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def address(self) -> str:
        """As a profile has it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def begin(
        self,
        random: Random,
        garble: Garble | None = None,
        *,
        after: int = 0,
        share: float = 1.0,
    ) -> None:
        """Begin a case: a Flink that is as new.

        Args:
            random: Decides what the garbage is.
            garble: Sends garbage; without it, answers are proper ones.
            after: How many answers are proper ones before.
            share: Of the others, how many are garbled.
        """
        self._lock = threading.Lock()
        self._flink = Flink()
        self._random = random
        self._garble = garble
        self._after = after
        self._share = share
        self.garbled = 0
        self.asked = 0

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            code, body = self._flink.answer(handler.command, handler.path)
            self.asked += 1
            garble = self._garble
            wanted = self.asked > self._after and self._random.random() < self._share
            garble = garble if wanted else None
            self.garbled += garble is not None
            exchange = Exchange(handler, code, body, Random(self._random.random()))
        if garble is None:
            exchange.send(exchange.body)
        else:
            garble(exchange)
