"""Three brokers, 64 partitions with three replicas, three TaskManagers; then two brokers."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline import contract
from pipeline.errors import JobError, UnavailableError
from pipeline.kafka import topics
from pipeline.kafka.client import client_config, wait_for
from pipeline.kafka.read_to_end import read_to_end
from pipeline.model.jobs import JobState
from pipeline.stack.runtime import Runtime

from .conftest import assert_nothing_wrong, assert_right, running, wait_until
from .many import BROKERS, PARALLELISM, PARTITIONS, SLOTS_EACH, TASKMANAGERS, many
from .test_features import FILES, send, transactions

JOBS = ("rolling", "tumbling", "flagged")


def test_features_are_right_beyond_one_machine(tmp_path: Path, sample_data: Path) -> None:
    rows = transactions(sample_data / FILES[1])
    first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    with many(tmp_path) as company:
        runtime = Runtime(company.settings)
        try:
            runtime.bring_up(simulator=False, jobs=False)
            wait_until(lambda: await_leaders(runtime), 60, "every partition to have a leader")
            # Before the jobs start: of idle partitions, those that are read first would advance the
            # watermark beyond the others.
            send(runtime, first)
            for name in JOBS:
                assert runtime.start_job(name).state is JobState.RUNNING
            slots = runtime.status().slots
            assert (slots.total, slots.free) == (TASKMANAGERS * SLOTS_EACH, 0)
            assert slots.total == len(JOBS) * PARALLELISM
            with pytest.raises(JobError, match=r"4 task slots.*feature jobs .*rolling"):
                runtime.start_job("hopping")
            for name in JOBS:
                parity = runtime.verify(name)
                assert (parity.transactions, parity.unread) == (len(first), 0)
                # On a slow machine, a partition may count as idle before it is read.
                assert_nothing_wrong(parity, outage=True)
            only_there(runtime, "orphan", broker=BROKERS)
            lost = company.brokers[BROKERS - 1]
            lost.kill()
            lost.wait()
            send(runtime, second)
            # `flagged` depends on no other row, so it waits for no watermark: all transactions that
            # were sent after the loss are there.
            assert_right(runtime.verify("flagged"), of=len(rows))
            wait_until(lambda: running(runtime.status()).keys() == {*JOBS}, 60, "jobs to run")
            assert_only_the_topic_itself_suffers(runtime, "orphan")
        finally:
            runtime.close()


def await_leaders(runtime: Runtime) -> bool:
    """Whether every partition of the transactions has a leader; an election takes a while."""
    try:
        found = {info.name: info for info in topics.list_topics(runtime.kafka)}
    except UnavailableError:
        return False
    topic = found[contract.TRANSACTION_TOPIC]
    return not topic.leaderless and len(topic.partitions) == PARTITIONS


def only_there(runtime: Runtime, topic: str, *, broker: int) -> None:
    """Create a topic whose only replica is on one broker."""
    admin = AdminClient(client_config(runtime.kafka))
    (made,) = admin.create_topics([NewTopic(topic, 1, replica_assignment=[[broker]])]).values()
    wait_for(made)


def assert_only_the_topic_itself_suffers(runtime: Runtime, lost: str) -> None:
    """Commands for other topics work; those for this one name its problem."""

    def leaderless() -> bool:
        found = {info.name: info for info in topics.list_topics(runtime.kafka)}
        transactions = found[contract.TRANSACTION_TOPIC].offsets
        assert transactions is not None and transactions > 0
        return found[lost].leaderless == (0,)

    wait_until(leaderless, 60, "the topic to have no leader")
    with pytest.raises(UnavailableError, match=f"Partition 0 of {lost} has no leader"):
        next(read_to_end(runtime.kafka, lost))
