"""The baseline of a start: as few lines as start the same jobs.

A process of its own, which starts the broker and a PyFlink gateway whose JVM hosts Flink's
`MiniCluster`, sends transactions, submits the jobs, and writes the time of each step since the
process began. It plans nothing ahead, supervises nothing and ends by killing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.topics import create_topics
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.local.ports import LOOPBACK, listening

from .report import PATIENCE_SECONDS, cpu_seconds, resident, seconds_until

PLAN, FIGURES = "plan.json", "figures.json"
RATE, SPEED = 100, 720
_JVM = "-Xms128m -Xmx640m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"


class Job(msgspec.Struct, frozen=True):
    """One job: the topic that it writes, and its SQL, whose last statement is the INSERT."""

    name: str
    topic: str
    statements: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True):
    """What to start, compiled beforehand.

    Attributes:
        broker: Command of the broker.
        kafka_port: Port of the broker.
        rest_port: Port of Flink's REST API.
        java_home: Java for Flink.
        java_options: JVM options for Flink.
        connector: Jars of the Kafka connector.
        slots: Number of task slots.
        jobs: In the order in which they are submitted.
    """

    broker: tuple[str, ...]
    kafka_port: int
    rest_port: int
    java_home: str
    java_options: str
    connector: tuple[str, ...]
    slots: int
    jobs: tuple[Job, ...]


def main(folder: Path) -> None:
    """Start everything, and write the figures."""
    plan = msgspec.json.decode((folder / PLAN).read_bytes(), type=Plan)
    me, figures = psutil.Process(), dict[str, float]()

    def mark(name: str) -> None:
        figures[name] = time.time() - me.create_time()

    threads = [
        threading.Thread(target=work, args=(plan, mark), daemon=True)
        for work in (_start_kafka, _await_row, _await_jobs)
    ]
    try:
        for thread in threads:
            thread.start()
        gateway = _start_flink(plan, folder)
        mark("rest")
        seconds_until(lambda: "kafka" in figures)
        for job in plan.jobs:
            _submit(gateway.jvm.org.apache.flink, plan, job)
        seconds_until(lambda: "jobs" in figures)
        processes = [me, *me.children(recursive=True)]
        figures["cpu"] = cpu_seconds(processes)
        seconds_until(lambda: "first_row" in figures)
        figures["resident"] = resident(processes)
        (folder / FIGURES).write_bytes(msgspec.json.encode(figures))
    finally:
        for child in me.children(recursive=True):
            child.kill()


def _start_kafka(plan: Plan, mark: Callable[[str], None]) -> None:
    """The broker, its topics, and transactions at the simulator's pace until the process ends."""
    subprocess.Popen(plan.broker, stdout=sys.stderr)
    seconds_until(lambda: listening(plan.kafka_port))
    kafka = _kafka(plan)
    names = [contract.TRANSACTION_TOPIC, *(job.topic for job in plan.jobs)]
    create_topics(kafka, names, retention_bytes=-1)
    mark("kafka")
    generator = Generator()
    with TopicProducer(kafka) as producer:
        while True:
            for _ in range(RATE // 10):
                row = generator.next(SPEED / RATE)
                producer.send(encode.key(row), encode.value(row))
            time.sleep(0.1)


def _start_flink(plan: Plan, folder: Path) -> Any:
    """PyFlink's gateway with a cluster inside, once its REST endpoint answers."""
    os.environ |= {
        "JAVA_HOME": plan.java_home,
        "JVM_ARGS": _JVM,
        # Files that a killed JVM leaves behind are removed with the folder.
        "FLINK_ENV_JAVA_OPTS": f"{plan.java_options} -Djava.io.tmpdir={folder}",
        # Without it PyFlink takes its own jars, and with them the planner's slow loader.
        "FLINK_HOME": str(folder),
        "FLINK_LOG_DIR": str(folder),
        "HADOOP_CLASSPATH": ":".join(plan.connector),
        "_python_worker_execution_mode": "process",
    }
    from pyflink.java_gateway import get_gateway

    gateway = get_gateway()
    flink = gateway.jvm.org.apache.flink
    configuration = _configuration(
        flink,
        {
            "rest.address": LOOPBACK,
            "rest.bind-address": LOOPBACK,
            "rest.port": str(plan.rest_port),
            "web.refresh-interval": "250",
            "taskmanager.memory.network.max": "64m",
            "taskmanager.memory.managed.size": "128m",
        },
    )
    minicluster = flink.runtime.minicluster
    builder = getattr(minicluster, "MiniClusterConfiguration$Builder")()
    builder = builder.setConfiguration(configuration).setNumTaskManagers(1)
    cluster = minicluster.MiniCluster(builder.setNumSlotsPerTaskManager(plan.slots).build())
    cluster.start()
    return gateway


def _submit(flink: Any, plan: Plan, job: Job) -> None:
    options = {
        "execution.target": "remote",
        "rest.address": LOOPBACK,
        "rest.port": str(plan.rest_port),
        "pipeline.name": job.name,
        "parallelism.default": "1",
        "table.local-time-zone": "UTC",
        "execution.checkpointing.interval": "10 s",
    }
    settings = flink.table.api.EnvironmentSettings.newInstance().inStreamingMode()
    settings = settings.withConfiguration(_configuration(flink, options)).build()
    environment = flink.table.api.TableEnvironment.create(settings)
    for statement in job.statements:
        environment.executeSql(statement)


def _configuration(flink: Any, options: dict[str, str]) -> Any:
    configuration = flink.configuration.Configuration()
    for name, value in options.items():
        configuration.setString(name, value)
    return configuration


def _await_row(plan: Plan, mark: Callable[[str], None]) -> None:
    """The first record in a topic of a job."""
    seconds_until(lambda: listening(plan.kafka_port))
    consumer = Consumer({"bootstrap.servers": f"{LOOPBACK}:{plan.kafka_port}", "group.id": "floor"})
    topics = {job.topic for job in plan.jobs}
    seconds_until(lambda: topics <= consumer.list_topics(timeout=10).topics.keys())
    known = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in topics
            for partition in known[topic].partitions
        ]
    )
    while (message := consumer.poll(0.05)) is None or message.error():
        pass
    mark("first_row")


def _await_jobs(plan: Plan, mark: Callable[[str], None]) -> None:
    """The first job, and all of them, running."""
    address = f"http://{LOOPBACK}:{plan.rest_port}/jobs/overview"
    seconds_until(lambda: listening(plan.rest_port))
    with httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client:

        def running() -> int:
            jobs = client.get(address).json()["jobs"]
            return sum(job["state"] == "RUNNING" for job in jobs)

        seconds_until(lambda: running() > 0)
        mark("first_job")
        seconds_until(lambda: running() == len(plan.jobs))
        mark("jobs")


def _kafka(plan: Plan) -> KafkaSettings:
    return KafkaSettings().at(f"{LOOPBACK}:{plan.kafka_port}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
