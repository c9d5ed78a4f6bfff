"""The console opens on a topic with two million transactions that no job has read yet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

from pipeline import config, contract
from pipeline.kafka import topics
from pipeline.kafka.producer import TopicProducer
from pipeline.model.jobs import JobState
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from ..conftest import assert_ended, stack_environment, stack_processes, wait_until
from ..test_console import Terminal

BACKLOG: Final = 2_000_000
# Generated once and sent repeatedly: generating is slow, and only the number matters.
DISTINCT: Final = 20_000
JOB: Final = "flagged"
UNHURRIED: Final = ("tumbling", "hopping", "cumulating")
MIB: Final = 1024 * 1024


def test_attach_to_a_backlog(tmp_path: Path, round_number: int) -> None:
    settings = config.load(
        environment=stack_environment(tmp_path) | {"FRAUDWATCH_RETENTION_MIB": "4096"}
    )
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    processes = stack_processes(settings)
    terminal = None
    try:
        generator = Generator(seed=round_number)
        rows = [generator.next(7.2) for _ in range(DISTINCT)]
        fraud = sum(row.is_fraud for row in rows) * (BACKLOG // DISTINCT)
        records = [(encode.key(row), encode.value(row)) for row in rows]
        with TopicProducer(runtime.kafka) as producer:
            for _ in range(BACKLOG // DISTINCT):
                for key, value in records:
                    producer.send(key, value)
        terminal = Terminal(settings)
        terminal.wait_for(r"● kafka.*● flink", 30)
        # It shows the lag, and never shows the jobs as up to date.
        terminal.wait_for(r"● \w+ +running.* [1-9][\d,]{6,}  →", 60)
        terminal.wait_for(r"5 of 5 running", 60)
        # The running jobs are not needed below, and would only slow it down.
        for name in UNHURRIED:
            runtime.stop_job(name, discard=True)
        terminal.process.send("4")
        terminal.wait_for(r"fraud_", 60)
        console = psutil.Process(terminal.process.pid)

        def flagged() -> int:
            known = topics.list_topics(runtime.kafka)
            assert terminal is not None and terminal.text
            (records,) = (t.offsets for t in known if t.name == "flagged_transactions")
            assert records is not None
            return records

        wait_until(lambda: flagged() >= fraud, 240, f"{fraud} flagged transactions")
        terminal.wait_for(r"● flagged +running.* 0  →", 60)
        assert console.memory_info().rss < 512 * MIB
        (job,) = (job for job in runtime.status().jobs if job.name == JOB)
        assert job.state is JobState.RUNNING
        held = {topic.name: topic.offsets for topic in topics.list_topics(runtime.kafka)}
        assert held[contract.TRANSACTION_TOPIC] == BACKLOG
        assert held["flagged_transactions"] == fraud
    finally:
        if terminal is not None:
            terminal.close()
        runtime.close()
        assert_ended(processes, patience=20)
