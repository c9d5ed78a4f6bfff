"""The supervisor's protocol: one JSON line per request and answer, over a private Unix socket.

A connection is also a lease: a console holds one open, and when the kernel closes it, however the
console ended, the supervisor knows that the stack is no longer needed.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from pipeline.errors import PipelineError, UnavailableError
from pipeline.flink.submission import Submission, Submitted
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.model.stack import Health
from pipeline.text.ready_type import ready

# The longest address of a Unix socket on the strictest system, without its final NUL.
_MAX_ADDRESS: Final = 103


class ProcessReport(msgspec.Struct, frozen=True):
    """One process of the stack.

    Attributes:
        name: Stable name, also of its log.
        title: What the user reads.
        health: Its health.
        pid: Its process id; 0 while it does not run.
        seconds: How long it took to come up, or has taken so far.
        restarts: How often it was restarted.
        detail: Why it is down.
    """

    name: str
    title: str
    health: Health
    pid: int = 0
    seconds: float = 0.0
    restarts: int = 0
    detail: str = ""


class Report(msgspec.Struct, frozen=True, tag="report"):
    """The whole local stack.

    Attributes:
        pid: The supervisor's process id.
        bootstrap: Kafka's address.
        rest: Address of Flink's REST API.
        stays: Whether the stack outlives the consoles that use it.
        stopping: Whether it is being stopped.
        processes: Its processes, in display order.
        simulator: The simulator.
        cluster_id: The id of the managed broker's cluster; empty if it is unknown, or Kafka is
            external.
    """

    pid: int
    bootstrap: str
    rest: str
    stays: bool
    stopping: bool
    processes: tuple[ProcessReport, ...]
    simulator: SimulatorStatus
    cluster_id: str = ""

    @property
    def up(self) -> bool:
        """Whether every process is up."""
        return all(process.health is Health.UP for process in self.processes)


class GetReport(msgspec.Struct, frozen=True, tag="get"):
    """Request for a `Report`; changes nothing."""


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """Keep the stack running while this connection is open; answered by a `Report`."""


class Stay(msgspec.Struct, frozen=True, tag="stay"):
    """Keep the stack running until a `Stop`; answered by a `Report`."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Stop the stack with savepoints.

    Answered by a `Report` at once; the connection is closed when everything has ended.
    """


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    """Pass a job to the submitter; answered by a `SubmitAnswer`."""

    submission: Submission


class SubmitAnswer(msgspec.Struct, frozen=True, tag="submitted"):
    """The result of a `Submit`: a job id, or Flink's reason."""

    submitted: Submitted


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Answer to a request that failed."""

    message: str
    hint: str = ""


Request = GetReport | Hold | Stay | Stop | Submit | SimulatorCommand
Answer = Report | SubmitAnswer | Refused

A = TypeVar("A", Report, SubmitAnswer)


def socket_path(state_dir: Path) -> Path:
    """Return the path of the supervisor's socket.

    It is in the state directory, unless that path is too long for a socket's address.
    """
    path = state_dir / "control.sock"
    if len(os.fsencode(path)) <= _MAX_ADDRESS:
        return path
    digest = hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"fraudwatch-{os.getuid()}-{digest}.sock"


class Control:
    """A connection to the supervisor.

    Args:
        state_dir: The supervisor's state directory.
        timeout: Seconds to wait for an answer.

    Raises:
        UnavailableError: No supervisor runs for this state directory.
    """

    def __init__(self, state_dir: Path, timeout: float = 5.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(socket_path(state_dir)))
        except OSError as error:
            self._socket.close()
            raise UnavailableError(
                "The local stack is not running.", "Start it with `fraudwatch up`."
            ) from error
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, and with it a lease held over it."""
        self._lines.close()
        self._socket.close()

    def wait_closed(self, timeout: float) -> None:
        """Wait until the supervisor has ended, as after a `Stop`.

        Raises:
            UnavailableError: It takes longer than `timeout` seconds.
        """
        self._socket.settimeout(timeout)
        try:
            while self._socket.recv(4096):
                pass
        except TimeoutError as error:
            raise UnavailableError(
                f"The local stack has not stopped within {timeout:.0f} s.",
                "Look at `fraudwatch logs supervisor`.",
            ) from error
        except OSError:
            pass  # Reset rather than closed: it has ended all the same.

    def ask(self, request: Request, answer: type[A], *, timeout: float | None = None) -> A:
        """Send a request and return its answer.

        Args:
            request: The request.
            answer: Type of the answer.
            timeout: Seconds to wait, if not those of the connection.

        Raises:
            UnavailableError: The supervisor ended or does not answer.
            PipelineError: It refused.
        """
        before = self._socket.gettimeout()
        try:
            self._socket.settimeout(timeout if timeout is not None else before)
            self._socket.sendall(msgspec.json.encode(request) + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise UnavailableError(
                f"The local stack does not answer ({error}).", "Look at `fraudwatch logs`."
            ) from error
        finally:
            with suppress(OSError):
                self._socket.settimeout(before)
        if not line:
            raise UnavailableError("The local stack has stopped.", "Start it again.")
        reply = msgspec.json.decode(line, type=ready(Answer))
        if isinstance(reply, Refused):
            raise PipelineError(reply.message, reply.hint)
        if not isinstance(reply, answer):
            raise UnavailableError("The local stack runs another version.", "Restart it.")
        return reply
