"""Topics are deleted and recreated, and other clients join a job's consumer group."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from confluent_kafka import Consumer

from pipeline import contract, features
from pipeline.kafka import topics
from pipeline.kafka.client import client_config

from ..conftest import wait_until
from .conftest import Patient

RECOVERY_SECONDS: Final = 30
JOB: Final = "rolling"


def recreate(patient: Patient, topic: str) -> None:
    kafka = patient.runtime.kafka
    assert patient.records(topic) > 0
    topics.delete_topics(kafka, [topic])
    retention = patient.settings.retention_mib * 1024 * 1024
    topics.create_topics(kafka, [topic], retention_bytes=retention)


def compute_again(patient: Patient) -> None:
    """Start every job without its state, as a user does after a loss."""
    for job in patient.runtime.status().jobs:
        patient.runtime.stop_job(job.name, discard=True)
        patient.runtime.start_job(job.name)


def test_sink_topic_is_recreated(patient: Patient) -> None:
    (feature,) = features.BUILT_IN.find([JOB])
    wait_until(lambda: patient.records(feature.topic), 30, "results")
    recreate(patient, feature.topic)
    wait_until(lambda: patient.records(feature.topic), RECOVERY_SECONDS, "results again")
    patient.assert_recovers(RECOVERY_SECONDS)
    # The records of the topic are gone, and `verify` reports it.
    patient.simulate(running=False)
    parity = patient.runtime.verify(JOB)
    assert not parity.proved
    # A restarted job has lost its count of records that it dropped as late, so some of the missing
    # rows may have been late.
    assert parity.missing + parity.undecided > 0
    compute_again(patient)
    patient.assert_right()


def test_source_topic_is_recreated(patient: Patient) -> None:
    (feature,) = features.BUILT_IN.find([JOB])
    wait_until(lambda: patient.records(feature.topic), 30, "results")
    recreate(patient, contract.TRANSACTION_TOPIC)
    wait_until(lambda: patient.records(contract.TRANSACTION_TOPIC), 30, "transactions again")
    patient.assert_recovers(RECOVERY_SECONDS)
    before = patient.records(feature.topic)
    wait_until(
        lambda: patient.records(feature.topic) > before, RECOVERY_SECONDS, "results of new ones"
    )
    looks = [patient.shown]

    def grows() -> bool:
        """The console counts from 0 again, so that its number may have been larger."""
        looks.append(patient.shown)
        return sum(later > earlier for earlier, later in pairwise(looks)) > 5

    wait_until(grows, RECOVERY_SECONDS, "new ones in the console")


def test_consumer_group_is_rebalanced(patient: Patient) -> None:
    (feature,) = features.BUILT_IN.find([JOB])
    settings = {
        "group.id": f"fraudwatch-{feature.name}",
        "enable.auto.commit": False,
        "session.timeout.ms": 6_000,
    }
    strangers = [Consumer(client_config(patient.runtime.kafka) | settings) for _ in range(2)]
    before = job_ids(patient)

    def places() -> list[int]:
        for stranger in strangers:
            stranger.poll(0.05)
        return [len(stranger.assignment()) for stranger in strangers]

    try:
        strangers[0].subscribe([feature.topic, contract.TRANSACTION_TOPIC])
        wait_until(lambda: places()[0] > 0, 30, "the first one's partitions")
        alone = places()[0]
        strangers[1].subscribe([feature.topic, contract.TRANSACTION_TOPIC])
        wait_until(lambda: 0 < places()[0] < alone and places()[1] > 0, 30, "a rebalance")
        # A single answer of Flink's may be late on a busy machine.
        wait_until(lambda: patient.well, RECOVERY_SECONDS, "the state of the jobs")
    finally:
        for stranger in strangers:
            stranger.close()
    patient.assert_recovers(RECOVERY_SECONDS)
    assert job_ids(patient) == before
    patient.assert_right()


def job_ids(patient: Patient) -> dict[str, str]:
    """The jobs' ids in Flink, which change when one is started again."""
    return {job.name: job.job_id for job in patient.runtime.status().jobs}
