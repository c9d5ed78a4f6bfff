"""The directories, jars and configuration of a local Flink, from the apache-flink wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec

from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.flink.state import flink_path
from pipeline.kafka.security import SHADED

from . import jars
from .log4j import write_log4j
from .ports import LOOPBACK

_LOADER = "flink-table-planner-loader"
_QUIETER = {
    "org.apache.pekko": "warn",
    "org.apache.kafka": "warn",
    f"{SHADED}org.apache.kafka": "warn",
    "org.jboss.netty.channel.DefaultChannelPipeline": "off",
}


@dataclass(frozen=True, slots=True)
class FlinkHome:
    """The directories that a JVM of Flink runs from.

    Attributes:
        lib: Flink's own jars.
        planner: The SQL planner as a plain jar. The one in `lib` unpacks itself to a temporary
            directory and uses its own class loader, which is slower and keeps its classes out of a
            class data archive.
        connector: The Kafka connector's jars.
        conf: Directory of `config.yaml` and the log configuration.
        tmp: Directory for temporary files.
        java_options: Options for Flink on Java 17 and newer, and for its Kafka client.
    """

    lib: Path
    planner: tuple[Path, ...]
    connector: tuple[Path, ...]
    conf: Path
    tmp: Path
    java_options: tuple[str, ...]

    @property
    def classpath(self) -> tuple[Path, ...]:
        """The jars of a JVM that plans and may run jobs, in a stable order."""
        own = sorted(jar for jar in self.lib.glob("*.jar") if not jar.name.startswith(_LOADER))
        # Contains the Py4J server.
        python = sorted((self.lib.parent / "opt").glob("flink-python-*.jar"))
        return (*own, *self.planner, *python, *self.connector)


def wheel_lib() -> Path:
    """Return the directory `lib` of the apache-flink wheel.

    Raises:
        UnavailableError: The wheel is not installed.
    """
    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise UnavailableError("apache-flink is not installed.", "Reinstall fraudwatch.")
    return Path(spec.origin).parent / "lib"


def cluster_home(
    settings: Settings, rest_port: int, more: Mapping[str, str | int | float] | None = None
) -> FlinkHome:
    """Create the directories of a managed cluster in the state directory.

    Args:
        settings: Settings of the profile.
        rest_port: Port of its REST endpoint.
        more: Additional options, as for processes that connect over a network.
    """
    for folder in (settings.checkpoints_dir, settings.savepoints_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return _home(settings, {**_config(settings, rest_port), **(more or {})})


def client_home(settings: Settings) -> FlinkHome:
    """Create the directories needed to submit jobs to an external cluster."""
    return _home(settings, {"env.log.dir": str(settings.logs_dir)})


def _tmp(settings: Settings) -> Path:
    return settings.state_dir / "flink" / "tmp"


def _home(settings: Settings, config: Mapping[str, str | int | float]) -> FlinkHome:
    conf, tmp = settings.state_dir / "flink" / "conf", _tmp(settings)
    for folder in (conf, tmp):
        folder.mkdir(parents=True, exist_ok=True)
    # JSON is valid YAML, and its quoting is unambiguous.
    lines = (f"{name}: {msgspec.json.encode(value).decode()}\n" for name, value in config.items())
    (conf / "config.yaml").write_text("".join(lines))
    write_log4j(conf / "log4j.properties", _QUIETER, show_values=settings.show_sensitive)
    return FlinkHome(
        lib=wheel_lib(),
        planner=jars.paths(jars.manifest().planner, settings.jars_dir),
        connector=jars.paths(jars.manifest().connector, settings.jars_dir),
        conf=conf,
        tmp=tmp,
        java_options=_java_options(settings.kafka),
    )


def _java_options(kafka: KafkaSettings) -> tuple[str, ...]:
    """Options for every JVM of Flink: module access as in the wheel's own configuration."""
    config = (wheel_lib().parent / "conf" / "config.yaml").read_text()
    words = config.split("all: ", 1)[1].partition("\n")[0].split()
    # The bundled Java is a runtime without a compiler module; Flink brings its own.
    modules = tuple(word for word in words if "jdk.compiler" not in word)
    if not kafka.token_endpoint:
        return modules
    # Kafka's client requests tokens only from URLs that are explicitly allowed.
    allowed = f"{SHADED}org.apache.kafka.sasl.oauthbearer.allowed.urls"
    return (*modules, f"-D{allowed}={kafka.token_endpoint}")


def _config(settings: Settings, rest_port: int) -> Mapping[str, str | int | float]:
    return {
        "jobmanager.bind-host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": rest_port,
        # Another port if this one has been taken meanwhile; the cluster reports which.
        "rest.bind-port": f"{rest_port},0",
        "web.submit.enable": "false",
        # Maximum age of cached answers about a job; the default of 3 s would delay every start.
        "web.refresh-interval": 250,
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
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
        "io.tmp.dirs": str(_tmp(settings)),
        "env.log.dir": str(settings.logs_dir),
        # For low latency: 5 ms buffers and 20 ms watermarks cost little here.
        "execution.buffer-timeout.interval": "5 ms",
        "pipeline.auto-watermark-interval": "20 ms",
        "heartbeat.interval": "3 s",
        "heartbeat.timeout": "15 s",
        # Lets a restarted TaskManager register at once.
        "cluster.registration.initial-timeout": "100 ms",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "15 s",
        "metrics.fetcher.update-interval": "1000",
        "execution.checkpointing.dir": flink_path(settings.checkpoints_dir),
        "execution.checkpointing.savepoint-dir": flink_path(settings.savepoints_dir),
        "state.backend.type": "hashmap",
    }
