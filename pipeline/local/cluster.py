"""A Flink session cluster on the laptop: JobManager and TaskManager from the apache-flink wheel.

The two `java` commands are started directly with every memory option spelled out, since Flink's
shell scripts start further JVMs only to work those out.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec
import psutil

from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.flink.rest import FlinkRest
from pipeline.kafka.security import SHADED

from . import jars
from .log4j import write_log4j
from .ports import LOOPBACK
from .process import ProcessSpec

_JVM = ("-Djava.awt.headless=true",)
_JOBMANAGER_JVM = (
    "-XX:+UseSerialGC",
    "-Xms128m",
    "-Xmx320m",
    "-XX:MaxMetaspaceSize=192m",
    "-XX:TieredStopAtLevel=1",
)
_TASKMANAGER_JVM = (
    # Costs some memory and gives a sixth more throughput than the serial collector.
    "-XX:+UseParallelGC",
    "-Xms256m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=192m",
    "-XX:MaxDirectMemorySize=128m",
)

_QUIETER = {
    "org.apache.pekko": "warn",
    "org.apache.kafka": "warn",
    "org.jboss.netty.channel.DefaultChannelPipeline": "off",
}


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """The folders that the JVMs run from.

    Attributes:
        lib: Flink's own jars.
        connector: The Kafka connector's jars.
        conf: `config.yaml` and the log settings.
        java_options: What Flink needs on Java 17 and newer, and what its Kafka client needs.
    """

    lib: Path
    connector: tuple[Path, ...]
    conf: Path
    java_options: tuple[str, ...]


def wheel_lib() -> Path:
    """The `lib` folder of the apache-flink wheel.

    Raises:
        UnavailableError: The wheel is not installed.
    """
    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise UnavailableError("apache-flink is not installed.", "Install fraudwatch again.")
    return Path(spec.origin).parent / "lib"


def cluster_home(settings: Settings, rest_port: int, rpc_port: int) -> FlinkHome:
    """Lay out the folders of a cluster of ours under the state directory."""
    tmp = settings.state_dir / "flink" / "tmp"
    for folder in (tmp, settings.checkpoints_dir, settings.savepoints_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return _home(settings, _config(settings, tmp, rest_port, rpc_port))


def client_home(settings: Settings) -> FlinkHome:
    """Lay out what is needed to hand jobs to somebody's cluster, which is set up already."""
    # PyFlink does not take a file without any entry.
    return _home(settings, {"env.log.dir": str(settings.logs_dir)})


def _home(settings: Settings, config: Mapping[str, str | int | float]) -> FlinkHome:
    conf = settings.state_dir / "flink" / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    # YAML reads JSON, and JSON leaves no doubt about quoting.
    lines = (f"{name}: {msgspec.json.encode(value).decode()}\n" for name, value in config.items())
    (conf / "config.yaml").write_text("".join(lines))
    write_log4j(conf / "log4j.properties", _QUIETER)
    return FlinkHome(
        lib=wheel_lib(),
        connector=jars.connector(settings.jars_dir),
        conf=conf,
        java_options=_java_options(settings.kafka),
    )


def _java_options(kafka: KafkaSettings) -> tuple[str, ...]:
    """What every JVM of Flink is told: modules as in the wheel's own configuration."""
    config = (wheel_lib().parent / "conf" / "config.yaml").read_text()
    words = config.split("all: ", 1)[1].partition("\n")[0].split()
    # The bundled Java is a runtime without the compiler; Flink brings its own.
    modules = tuple(word for word in words if "jdk.compiler" not in word)
    if not kafka.token_endpoint:
        return modules
    # Kafka's client asks for tokens only where it has been allowed to.
    allowed = f"{SHADED}org.apache.kafka.sasl.oauthbearer.allowed.urls"
    return (*modules, f"-D{allowed}={kafka.token_endpoint}")


def _config(
    settings: Settings, tmp: Path, rest_port: int, rpc_port: int
) -> Mapping[str, str | int | float]:
    return {
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.rpc.port": rpc_port,
        "jobmanager.bind-host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": rest_port,
        "web.submit.enable": "false",
        # How old an answer about a job may be; the default of 3 s would be felt at every start.
        "web.refresh-interval": 250,
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        # One that comes back under its old name replaces the dead one at once: jobs need not wait
        # until its heartbeat is missed.
        "taskmanager.resource-id": "taskmanager",
        "taskmanager.numberOfTaskSlots": settings.slots,
        "taskmanager.cpu.cores": float(settings.slots),
        "taskmanager.memory.framework.heap.size": "128m",
        "taskmanager.memory.task.heap.size": "384m",
        "taskmanager.memory.framework.off-heap.size": "64m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.managed.size": "128m",
        "taskmanager.memory.network.min": "64m",
        "taskmanager.memory.network.max": "64m",
        "taskmanager.memory.jvm-metaspace.size": "192m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
        "io.tmp.dirs": str(tmp),
        "env.log.dir": str(settings.logs_dir),
        # Latency is ours to lose: 5 ms buffers and 20 ms watermarks cost little here.
        "execution.buffer-timeout.interval": "5 ms",
        "pipeline.auto-watermark-interval": "20 ms",
        "heartbeat.interval": "3 s",
        "heartbeat.timeout": "15 s",
        # A restarted TaskManager registers at once.
        "cluster.registration.initial-timeout": "100 ms",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "15 s",
        "metrics.fetcher.update-interval": "1000",
        "execution.checkpointing.dir": settings.checkpoints_dir.as_uri(),
        "execution.checkpointing.savepoint-dir": settings.savepoints_dir.as_uri(),
        "state.backend.type": "hashmap",
    }


def jobmanager(settings: Settings, java: Path, home: FlinkHome, rest: FlinkRest) -> ProcessSpec:
    """The process that plans and watches jobs; ready when its REST API answers."""

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


def taskmanager(settings: Settings, java: Path, home: FlinkHome, rest: FlinkRest) -> ProcessSpec:
    """The process that runs the jobs' tasks; ready when the JobManager knows it."""

    async def ready(process: Process) -> bool:
        return await asyncio.to_thread(_is_registered, rest, process.pid)

    return _process(
        settings,
        home,
        name="taskmanager",
        title="Flink TaskManager",
        java=(str(java / "bin" / "java"), *_JVM, *_TASKMANAGER_JVM),
        main="org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        ready=ready,
    )


def _is_registered(rest: FlinkRest, pid: int) -> bool:
    """Whether the cluster's TaskManager is this process, and not one that has died before it."""
    try:
        sockets = psutil.Process(pid).net_connections(kind="tcp")
        ports = {socket.laddr.port for socket in sockets if socket.status == psutil.CONN_LISTEN}
        return not ports.isdisjoint(rest.data_ports())
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
    ready: Callable[[Process], Awaitable[bool]],
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        title=title,
        command=(
            *java,
            *home.java_options,
            f"-Dlog4j.configurationFile={home.conf / 'log4j.properties'}",
            "-cp",
            ":".join((f"{home.lib}/*", *map(str, home.connector))),
            main,
            "--configDir",
            str(home.conf),
        ),
        log=settings.logs_dir / f"{name}.log",
        ready=ready,
    )
