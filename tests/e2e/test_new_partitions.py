"""Partitions that are added to a topic while jobs read it, on real Kafka and Flink."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec
import pytest
from confluent_kafka.admin import NewPartitions

from pipeline.cli.app import main
from pipeline.config import Settings
from pipeline.flink import source_table
from pipeline.parity.awaited import Patience
from pipeline.parity.verify import verify
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.stack import verification
from pipeline.stack.runtime import Runtime

from .conftest import wait_until
from .own_topics import OwnTopics, own_topics
from .test_verify_outcomes import tx

_NEVER = 3_600


@dataclass
class Growing:
    """A topic of transactions that gets more partitions."""

    own: OwnTopics
    sent: int = 0

    def grow(self, width: int) -> None:
        """Add partitions, and wait until Kafka lists them."""
        topic, admin = self.own.transactions, self.own.admin()
        (added,) = admin.create_partitions([NewPartitions(topic, width)]).values()
        added.result(60)
        wait_until(
            lambda: len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == width,
            60,
            "the new partitions",
        )

    def send(self, count: int, partition: int) -> None:
        producer = self.own.producer()
        for number in range(count):
            row = tx(60.0 * (self.sent + number), 7 + partition, 1.0)
            row = msgspec.structs.replace(row, is_fraud=1)
            producer.produce(
                self.own.transactions, encode.value(row), encode.key(row), partition=partition
            )
        assert producer.flush(60) == 0
        self.sent += count

    def lag(self, job: str) -> int | None:
        found = self.own.runtime.metrics().get(job)
        return found.pending if found is not None else None

    def lags(self, job: str, count: int) -> Callable[[], bool]:
        return lambda: self.lag(job) == count


@pytest.fixture
def growing(stack: Runtime, stack_settings: Settings) -> Iterator[Growing]:
    # Flink spells the dots otherwise in the names of metrics.
    with own_topics(stack_settings, "more.partitions.") as own:
        yield Growing(own)


def test_unread_partitions_are_lag_until_flink_has_found_them(
    growing: Growing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a job that does not look for new partitions, so that no discovery comes between."""
    monkeypatch.setattr(source_table, "DISCOVERY_SECONDS", _NEVER)
    growing.send(40, partition=0)
    growing.own.runtime.start_job("flagged")
    wait_until(growing.lags("flagged", 0), 60, "the job to read what there is")

    growing.grow(6)
    assert growing.lag("flagged") == 0
    growing.send(30, partition=5)
    wait_until(growing.lags("flagged", 30), 5, "the records of the new partition to be lag")
    done = growing.own.run("check", "flagged", "--max-lag", "29", "--json")
    lag = next(each for each in json.loads(done.stdout)["checks"] if each["check"] == "lag")
    assert (done.returncode, lag["value"], lag["holds"]) == (1, 30, False)
    assert lag["said"].startswith("30 records wait")

    # The job lags: what it has read is right, and nothing is claimed of the rest.
    monkeypatch.setattr(verification, "verify", partial(verify, patience=Patience(seconds=1.0)))
    said: list[str] = []
    parity = growing.own.runtime.verify("flagged", said.append)
    assert parity.outcome is Outcome.NOT_JUDGED, parity
    assert (parity.unread, parity.equal, parity.missing, parity.different) == (30, 40, 0, 0)
    assert parity.reasons == ("the job lags: 30 transactions not read yet",)
    assert "waiting for the job to read 30 more offsets" in said
    for name, value in growing.own.variables.items():
        monkeypatch.setenv(name, value)
    assert main(["verify", "flagged"]) == main(["check", "flagged", "--verify"]) == 6
    printed = capsys.readouterr().out
    assert printed.count("the job lags: 30 transactions not read yet") == 2, printed


def test_new_partitions_are_found_within_seconds_and_never_accused(growing: Growing) -> None:
    growing.send(100, partition=0)
    growing.own.runtime.start_job("rolling")
    growing.grow(6)
    growing.send(400, partition=5)
    parity = growing.own.runtime.verify("rolling")
    assert parity.outcome is not Outcome.WRONG, parity
    assert (parity.transactions, parity.unread) == (500, 0)
    wait_until(growing.lags("rolling", 0), 20, "the job to read the new partition")
    found = growing.own.runtime.metrics()["rolling"].partitions
    assert found == {("more_partitions_transaction", number) for number in range(6)}
