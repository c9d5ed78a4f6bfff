"""The process that plans jobs, and in the local profile runs them, too: one JVM of Flink.

For the local profile it hosts Flink's own `MiniCluster`, whose REST endpoint accepts jobs like any
session cluster's. For a profile with an external cluster it only plans and submits.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.config import FlinkSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.flink import java_client
from pipeline.flink.gateway import Gateway
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import Submission, Submitted
from pipeline.model.stack import Health

from .child_process import ProcessSpec, terminate
from .class_data import class_data
from .cluster import FlinkHome
from .component import Component
from .control import ProcessReport
from .java import NO_FILE_OF_COUNTERS, UTF8_NAMES
from .pids import PidFile

_MAIN: Final = "org.apache.flink.api.python.shaded.py4j.GatewayServer"
_SERVER: Final = (_MAIN, "--die-on-broken-pipe", "--enable-auth", "0")
_PLANNER_JVM: Final = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    NO_FILE_OF_COUNTERS,
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxMetaspaceSize=192m",
)
_CLUSTER_JVM: Final = (
    "-Xms128m",
    "-Xmx640m",
    "-XX:+UseSerialGC",
    NO_FILE_OF_COUNTERS,
    "-XX:MaxMetaspaceSize=320m",
    "-XX:MaxDirectMemorySize=192m",
)
_SUBMIT_SECONDS: Final = 300.0
_STARTED_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 2.0
# Consecutive answers without a TaskManager after which the cluster cannot recover by itself.
_LOST_LOOKS: Final = 5


@dataclass(frozen=True, slots=True)
class GatewaySpec:
    """The JVM to run.

    Attributes:
        process: How it is started.
        conf: Configuration directory of the cluster that it hosts; None if it hosts none.
        slots: Task slots of that cluster.
        shipped: URLs of the jars to ship with each job.
    """

    process: ProcessSpec
    conf: Path | None = None
    slots: int = 0
    shipped: tuple[str, ...] = ()


def flink(settings: Settings, java: Path, home: FlinkHome) -> GatewaySpec:
    """Return the JVM of the local profile: cluster and planner in one."""
    process = _process(settings, java, home, name="flink", title="Flink", jvm=_CLUSTER_JVM)
    return GatewaySpec(process, conf=home.conf, slots=settings.slots)


def submitter(
    settings: Settings, java: Path, home: FlinkHome, cluster: FlinkSettings
) -> GatewaySpec:
    """Return the JVM that submits to an external cluster.

    Raises:
        ConfigError: A secret of the cluster cannot be read.
    """
    process = _process(
        settings, java, home, name="submitter", title="Job submitter", jvm=_PLANNER_JVM
    )
    process = replace(
        process, environment={**process.environment, **java_client.environment(cluster)}
    )
    shipped = tuple(jar.as_uri() for jar in home.connector) if cluster.ship_connector else ()
    return GatewaySpec(process, shipped=shipped)


def _process(
    settings: Settings,
    java: Path,
    home: FlinkHome,
    *,
    name: str,
    title: str,
    jvm: tuple[str, ...],
) -> ProcessSpec:
    async def started(_: Process) -> bool:
        return True

    classes = class_data(settings, name, java, jvm, home.classpath)
    return ProcessSpec(
        name=name,
        title=title,
        command=(
            str(java / "bin" / "java"),
            *jvm,
            *classes.flags(),
            # A plan or job that exhausts the memory ends the process, which is then restarted: a
            # JVM with failed threads would be worse.
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Djava.io.tmpdir={home.tmp}",
            *home.java_options,
            f"-Dlog4j.configurationFile={home.conf / 'log4j.properties'}",
            "-cp",
            ":".join(map(str, home.classpath)),
            *_SERVER,
        ),
        log=settings.logs_dir / f"{name}.log",
        ready=started,
        environment={"FLINK_CONF_DIR": str(home.conf), **UTF8_NAMES},
        piped=True,
        tmp=home.tmp,
        afterwards=classes.make,
    )


class GatewayProcess:
    """Keeps the JVM running, and passes jobs to it.

    Args:
        spec: The JVM to run.
        pids: Records its pid.
        rest: Creates a client for a hosted cluster, from its address.
    """

    def __init__(self, spec: GatewaySpec, pids: PidFile, rest: Callable[[str], FlinkRest]) -> None:
        self._spec = spec
        self._connect = rest
        self._rest: FlinkRest | None = None
        self._gateway: Gateway | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._process: Process | None = None
        process = replace(spec.process, ready=self._ready)
        self._component = Component(process, pids, self._watch)

    @property
    def report(self) -> ProcessReport:
        return self._component.report

    @property
    def rest(self) -> FlinkRest | None:
        """Client for the hosted cluster; None while it is not up: another may be at its address."""
        return self._rest if self.report.health is Health.UP else None

    @property
    def address(self) -> str:
        """The last known address of the hosted cluster's REST API; empty until there is one."""
        return self._rest.address if self._rest is not None else ""

    def start(self) -> None:
        """Start the process and keep it running."""
        self._component.start()

    def pause(self) -> None:
        """Halt the process with its jobs until `resume`."""
        self._component.pause()

    def resume(self) -> None:
        """Let a paused process go on."""
        self._component.resume()

    def restart(self) -> None:
        """Kill the process, and with it the jobs of the cluster that it hosts, if there are any."""
        # One that is starting has none yet.
        if self._spec.conf is not None and self.report.health is Health.UP:
            self._component.restart()

    async def stop(self, patience: float) -> None:
        """Terminate the process, and kill it after `patience` seconds."""
        self._forget()
        await self._component.stop(patience)

    async def submit(self, submission: Submission) -> Submitted:
        """Plan a job and submit it; waits for a process that is starting.

        Raises:
            UnavailableError: The process is not up, ended, or took too long.
        """
        async with self._one_at_a_time:
            await self._component.until_started(_STARTED_SECONDS)
            gateway, process = self._gateway, self._process
            if gateway is None or process is None or self.report.health is not Health.UP:
                raise UnavailableError(f"{self._spec.process.title} is not up.", "Try again.")
            planned = asyncio.to_thread(gateway.submit, submission)
            try:
                return await asyncio.wait_for(planned, _SUBMIT_SECONDS)
            except TimeoutError as error:
                # Planning cannot be interrupted, and the job might still appear at any time.
                await terminate(process, patience=0)
                raise self._gone() from error
            except UnavailableError as error:
                raise self._gone() from error

    def _gone(self) -> UnavailableError:
        process = self._spec.process
        return UnavailableError(
            f"{process.title} ended or did not answer.",
            f"It is being restarted; look at `fraudwatch logs {process.name}`.",
        )

    async def _ready(self, process: Process) -> bool:
        """Connect to the JVM, let it host its cluster, and wait for the cluster's slots."""
        if process is not self._process:
            self._forget()
            assert process.stdout is not None
            port, token = await process.stdout.readline(), await process.stdout.readline()
            if not token:
                return False
            self._process = process
            self._gateway = Gateway(int(port), token.decode().strip(), self._spec.shipped)
            self._begin(self._drain(process))
            self._begin(self._warm_up(self._gateway))
            if (conf := self._spec.conf) is not None:
                host = self._gateway.host_cluster
                address = await asyncio.to_thread(host, conf, self._spec.slots)
                self._rest = self._connect(address)
        return self._rest is None or await asyncio.to_thread(_has_slots, self._rest)

    async def _watch(self, process: Process) -> None:
        if self._rest is not None:
            self._begin(self._end_when_lost(process, self._rest))

    async def _end_when_lost(self, process: Process, rest: FlinkRest) -> None:
        """End a JVM whose cluster has lost its TaskManager, which cannot come back inside a JVM."""
        lost = 0
        while lost < _LOST_LOOKS:
            await asyncio.sleep(_LOOK_SECONDS)
            # A missing answer does not count: the machine may have been asleep.
            with contextlib.suppress(UnavailableError):
                overview = await asyncio.to_thread(rest.overview)
                lost = 0 if overview.taskmanagers else lost + 1
        await terminate(process, patience=0)

    async def _warm_up(self, gateway: Gateway) -> None:
        # If it fails, the first job will fail, too, and report why.
        with contextlib.suppress(PipelineError):
            await asyncio.to_thread(gateway.warm_up)

    async def _drain(self, process: Process) -> None:
        """Copy the output of jobs to the log, since a full pipe would block them."""
        assert process.stdout is not None
        with self._spec.process.log.open("ab", buffering=0) as log:
            while piece := await process.stdout.read(65_536):
                log.write(piece)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self) -> None:
        """Release a JVM that has ended or is about to end."""
        for task in self._tasks:
            task.cancel()
        if self._gateway is not None:
            self._gateway.close()
        self._gateway = self._process = None


def _has_slots(rest: FlinkRest) -> bool:
    try:
        return rest.overview().slots_total > 0
    except UnavailableError:
        return False
