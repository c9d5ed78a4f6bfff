"""JobManager and TaskManagers as separate processes, as with Compose and in companies.

The `java` commands are started directly with every memory option spelled out, since Flink's shell
scripts start further JVMs only to compute those.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from pipeline.config import Settings
from pipeline.errors import UnavailableError
from pipeline.flink.rest import FlinkRest
from pipeline.stack.local import cluster
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.cluster import FlinkHome
from pipeline.stack.local.ports import LOOPBACK, free_port, ports_of

_JVM = ("-Djava.awt.headless=true",)
_JOBMANAGER_JVM = (
    "-XX:+UseSerialGC",
    "-Xms128m",
    "-Xmx320m",
    "-XX:MaxMetaspaceSize=192m",
    "-XX:TieredStopAtLevel=1",
)
_TASKMANAGER_JVM = (
    "-XX:+UseParallelGC",
    "-Xms256m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=192m",
    "-XX:MaxDirectMemorySize=128m",
)


def home(settings: Settings, rest_port: int) -> FlinkHome:
    """The folders of a cluster whose processes find each other over loopback."""
    return cluster.cluster_home(
        settings,
        rest_port,
        {
            "jobmanager.rpc.address": LOOPBACK,
            "jobmanager.rpc.port": free_port(),
            "rest.bind-port": str(rest_port),
        },
    )


def jobmanager(settings: Settings, java: Path, home: FlinkHome, rest: FlinkRest) -> ProcessSpec:
    """The process that plans and supervises jobs; ready when its REST API answers."""

    async def ready(_: Process) -> bool:
        return await asyncio.to_thread(rest.reachable)

    return _process(
        settings,
        home,
        name="jobmanager",
        title="Flink JobManager",
        java=(str(java / "bin" / "java"), *_JVM, *_JOBMANAGER_JVM),
        main="org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
        ready=ready,
    )


def taskmanager(
    settings: Settings,
    java: Path,
    home: FlinkHome,
    rest: FlinkRest,
    name: str = "taskmanager",
) -> ProcessSpec:
    """A process that runs the jobs' tasks; ready when it is registered with the JobManager.

    Args:
        settings: Settings with the log directory.
        java: The Java home.
        home: Folders of the cluster.
        rest: Client of the cluster.
        name: Distinguishes it from other TaskManagers of the cluster.
    """

    async def ready(process: Process) -> bool:
        return await asyncio.to_thread(_is_registered, rest, process.pid)

    return _process(
        settings,
        home,
        name=name,
        title="Flink TaskManager",
        java=(str(java / "bin" / "java"), *_JVM, *_TASKMANAGER_JVM),
        main="org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        # A process with the name of a dead one replaces it at once: jobs need not wait until its
        # heartbeat is missed.
        arguments=("-D", f"taskmanager.resource-id={name}"),
        ready=ready,
    )


def _is_registered(rest: FlinkRest, pid: int) -> bool:
    """Whether this process is registered, and not only an earlier one that has died."""
    try:
        return not ports_of(pid).isdisjoint(rest.data_ports())
    except (psutil.Error, UnavailableError):
        return False


def _process(
    settings: Settings,
    home: FlinkHome,
    *,
    name: str,
    title: str,
    java: tuple[str, ...],
    main: str,
    arguments: tuple[str, ...] = (),
    ready: Callable[[Process], Awaitable[bool]],
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        title=title,
        command=(
            *java,
            *home.java_options,
            # Files that a killed process leaves behind are removed with the folder.
            f"-Djava.io.tmpdir={home.tmp}",
            f"-Dlog4j.configurationFile={home.conf / 'log4j.properties'}",
            "-cp",
            ":".join((f"{home.lib}/*", *map(str, home.connector))),
            main,
            "--configDir",
            str(home.conf),
            *arguments,
        ),
        log=settings.logs_dir / f"{name}.log",
        ready=ready,
    )
