"""The submitter process of the local stack: PyFlink with our jars, our Java, our log."""

from __future__ import annotations

import sys
from asyncio.subprocess import Process
from pathlib import Path

from pipeline.config import FlinkSettings, Settings
from pipeline.flink import java_client
from pipeline.flink.submission import SHIPPED_JARS

from .cluster import FlinkHome
from .process import ProcessSpec

_JVM = "-Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxMetaspaceSize=192m"


def submitter(settings: Settings, java: Path, home: FlinkHome, flink: FlinkSettings) -> ProcessSpec:
    """The warm process that submits jobs; it says on its stdout when it is ready.

    Raises:
        ConfigError: A secret of the cluster is not where the settings say.
    """

    async def ready(process: Process) -> bool:
        assert process.stdout is not None
        return bool(await process.stdout.readline())

    shipped = ";".join(jar.as_uri() for jar in home.connector)
    return ProcessSpec(
        name="submitter",
        title="Job submitter",
        command=(sys.executable, "-m", "pipeline.flink.submitter"),
        log=settings.logs_dir / "submitter.log",
        ready=ready,
        environment={
            **java_client.environment(flink),
            SHIPPED_JARS: shipped if flink.ship_connector else "",
            "JAVA_HOME": str(java),
            # PyFlink takes Flink's own jars from its wheel whatever one says; what stands here
            # is appended, Hadoop or not.
            "HADOOP_CLASSPATH": ":".join(map(str, home.connector)),
            "FLINK_CONF_DIR": str(home.conf),
            "FLINK_LOG_DIR": str(settings.logs_dir),
            "FLINK_ENV_JAVA_OPTS": " ".join(home.java_options),
            "LOG4J_PROPERTIES": str(home.conf / "log4j.properties"),
            "JVM_ARGS": _JVM,
            # Otherwise PyFlink opens a port on every interface for Python UDFs at each job.
            "_python_worker_execution_mode": "process",
        },
        piped=True,
    )
