"""The supervisor: the small process that starts, checks and ends the local stack's processes.

It runs in a session of its own, detached from every console. It ends, with the whole stack, when
the last console that held it is gone, unless it received a `Stay`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.errors import PipelineError, UnavailableError
from pipeline.flink.jobs import Jobs
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import Submission, Submitted
from pipeline.model.simulator import SimulatorCommand
from pipeline.text.ready_type import ready

from .broker_process import BrokerProcess
from .control import (
    GetReport,
    Hold,
    Refused,
    Report,
    Request,
    Stay,
    Stop,
    Submit,
    SubmitAnswer,
    socket_path,
)
from .gateway_process import GatewayProcess
from .keeper import Keeper
from .logs import keep_bounded
from .parts import parts
from .pids import PidFile
from .simulation import Simulator
from .topic_keeper import TopicKeeper

# Bytes of a request: that of a model holds all its trees as SQL.
_LONGEST_REQUEST: Final = 16 * 1024 * 1024
# Without a connection for this long after the start, the process that started this one is gone.
_FIRST_LEASE_SECONDS: Final = 20.0
_LOCK_SECONDS: Final = 10.0
_LOCK_POLL_SECONDS: Final = 0.1
_SUSPEND_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 8.0


class Supervisor:
    """Owns the processes of one state directory.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pids = PidFile(settings.state_dir / "pids.json")
        self._pids.end_leftovers()
        mine = parts(settings)
        self._flink = mine.flink
        self._gateway = GatewayProcess(mine.gateway, self._pids, self._flink_at)
        self._simulator = Simulator(settings, self._kafka, self._pids)
        self._broker = (
            BrokerProcess(mine.broker, self._pids, (self._gateway, self._simulator))
            if mine.broker is not None
            else None
        )
        self._stays = False
        self._holders = 0
        self._stop_wanted = asyncio.Event()

    @property
    def report(self) -> Report:
        return Report(
            pid=os.getpid(),
            bootstrap=self._kafka().bootstrap,
            rest=self._gateway.address or self._flink.rest,
            stays=self._stays,
            stopping=self._stop_wanted.is_set(),
            processes=tuple(component.report for component in self._components),
            simulator=self._simulator.report,
            cluster_id=self._broker.cluster_id if self._broker is not None else "",
        )

    @property
    def _components(self) -> tuple[BrokerProcess | GatewayProcess, ...]:
        """The processes, in display order."""
        return (self._gateway,) if self._broker is None else (self._broker, self._gateway)

    async def run(self) -> None:
        """Run the stack until it is no longer wanted, then end it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_wanted.set)
        path = socket_path(self._settings.state_dir)
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path, limit=_LONGEST_REQUEST)
        path.chmod(0o600)
        for component in self._components:
            component.start()
        keepers = (
            asyncio.create_task(self._keep_jobs(loop), name="jobs"),
            asyncio.create_task(self._keep_topics(), name="topics"),
            asyncio.create_task(keep_bounded(self._settings.logs_dir), name="logs"),
        )
        loop.call_later(_FIRST_LEASE_SECONDS, self._stop_if_unused)
        await self._stop_wanted.wait()
        for keeper in keepers:
            keeper.cancel()
        await self._end()
        # Not waited for: connections stay open until this process ends, which is how the
        # client that requested the stop sees that it is done.
        server.close()
        path.unlink(missing_ok=True)

    def _stop_if_unused(self) -> None:
        if not self._stays and self._holders == 0:
            self._stop_wanted.set()

    async def _end(self) -> None:
        await self._simulator.stop()
        if (rest := self._gateway.rest) is not None:
            with contextlib.suppress(PipelineError, TimeoutError):
                jobs = Jobs(rest, self._settings)
                await asyncio.wait_for(asyncio.to_thread(jobs.suspend_all), _SUSPEND_SECONDS)
        await asyncio.gather(*(component.stop(_STOP_SECONDS) for component in self._components))
        self._pids.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection; closing it ends a lease held over it."""
        holds = False
        try:
            async for line in reader:
                request = msgspec.json.decode(line, type=ready(Request))
                if isinstance(request, Hold) and not holds:
                    holds = True
                    self._holders += 1
                writer.write(msgspec.json.encode(await self._answer(request)) + b"\n")
                await writer.drain()
        except (OSError, msgspec.DecodeError, ValueError):
            pass  # The client is gone or violates the protocol: drop the connection.
        except asyncio.CancelledError:
            pass  # The stack has ended; asyncio would log the open connection as an error.
        finally:
            writer.close()
            if holds:
                self._holders -= 1
                self._stop_if_unused()

    async def _answer(self, request: Request) -> Report | SubmitAnswer | Refused:
        try:
            match request:
                case GetReport() | Hold():
                    pass
                case Stay():
                    self._stays = True
                case Stop():
                    self._stop_wanted.set()
                case Submit(submission):
                    return SubmitAnswer(await self._gateway.submit(submission))
                case SimulatorCommand():
                    await self._simulator.change(request)
        except PipelineError as error:
            return Refused(error.message, error.hint)
        return self.report

    async def _keep_jobs(self, loop: asyncio.AbstractEventLoop) -> None:
        """Restart jobs that a managed cluster has lost; an external cluster is left alone."""
        if self._settings.flink.attached:
            return

        def submit(submission: Submission) -> Submitted:
            work = self._gateway.submit(submission)
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        def kafka() -> KafkaSettings | None:
            up = self._broker is None or self._broker.up
            return self._kafka() if up else None

        await Keeper(lambda: self._gateway.rest, self._settings, kafka, submit).keep()

    async def _keep_topics(self) -> None:
        """Create topics again that a managed Kafka has lost; no external one is touched."""
        if self._broker is not None and self._settings.sandbox:
            await TopicKeeper(self._broker, self._settings, self._simulated).keep()

    def _simulated(self) -> frozenset[str]:
        topic = self._settings.kafka.topic(TRANSACTION_TOPIC)
        return frozenset({topic} if self._simulator.report.up else ())

    def _kafka(self) -> KafkaSettings:
        """The Kafka cluster at its current or future address."""
        return self._broker.kafka if self._broker is not None else self._settings.kafka

    def _flink_at(self, address: str) -> FlinkRest:
        show = self._settings.show_sensitive
        return FlinkRest(self._flink.at(address), show_values=show)


def _lock(state_dir: Path) -> int:
    """Lock the state directory; waits for a supervisor that is just ending.

    Raises:
        UnavailableError: Another supervisor holds it.
    """
    lock = os.open(state_dir / "supervisor.lock", os.O_CREAT | os.O_RDWR, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise UnavailableError(f"Another stack runs in {state_dir}.") from error
            time.sleep(_LOCK_POLL_SECONDS)


def main() -> int:
    """Run the supervisor with the settings on stdin."""
    settings = config.from_json(sys.stdin.buffer.read())
    # Topics, checkpoints and logs contain transactions, which only the user may read.
    os.umask(0o077)
    _log_to_stderr()
    try:
        lock = _lock(settings.state_dir)
        asyncio.run(_run(settings))
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    os.close(lock)
    return 0


def _log_to_stderr() -> None:
    """Log what this project says to the supervisor's log; libraries log each lost connection."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("pipeline").addHandler(handler)


async def _run(settings: Settings) -> None:
    await Supervisor(settings).run()


if __name__ == "__main__":
    sys.exit(main())
