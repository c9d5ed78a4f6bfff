"""Transactions over time: the simulator, restarts, and topics whose oldest records are deleted."""

from __future__ import annotations

import itertools
import json
from datetime import datetime

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline import contract, features
from pipeline.config import FlinkSettings, Settings
from pipeline.contract import Transaction
from pipeline.kafka import groups, topics
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.records import decode
from pipeline.model.reading import Reset
from pipeline.model.simulator import SimulatorCommand
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from ..running import with_command
from .conftest import Run, assert_nothing_wrong, stack_processes, wait_until

NAMES = [feature.name for feature in features.BUILT_IN]


def transactions_by_partition(stack: Runtime) -> dict[int, list[Transaction]]:
    found: dict[int, list[Transaction]] = {}
    for batch in read_to_end(stack.kafka, contract.TRANSACTION_TOPIC):
        for record in batch:
            good, bad = decode(Transaction, [record])
            assert not bad
            found.setdefault(record.partition, []).extend(good)
    return found


def wait_until_sent(stack: Runtime, count: int, what: str) -> None:
    wait_until(lambda: stack.status().simulator.sent >= count, 30, what)


def held(stack: Runtime) -> int:
    """Number of records in all topics together."""
    found = 0
    for topic in topics.list_topics(stack.kafka):
        assert topic.offsets is not None, topic
        found += topic.offsets
    return found


def test_a_restarted_simulator_carries_on_and_the_features_stay_right(
    stack: Runtime, fraudwatch: Run
) -> None:
    sent = 0
    for rate in ("400", "800"):
        assert fraudwatch("simulate", "--rate", rate, "--speed", "7200").returncode == 0
        wait_until_sent(stack, 500, "500 transactions")
        status = json.loads(fraudwatch("status", "--json").stdout)["simulator"]
        assert (status["up"], status["rate"], status["speed"]) == (True, float(rate), 7200)
        fraudwatch("simulate", "--inject-fraud")
        so_far = stack.status().simulator.sent
        # The next transactions include the fraud.
        wait_until_sent(stack, so_far + 300, "fraud")
        assert fraudwatch("simulate", "--off").returncode == 0
        sent += 500
    found = transactions_by_partition(stack)
    assert len(found) == contract.PARTITIONS
    assert sum(map(len, found.values())) >= sent
    for rows in found.values():
        times = [row.trans_date_trans_time for row in rows]
        assert all(earlier <= later for earlier, later in itertools.pairwise(times))
    for name in ("rolling", "flagged"):
        stack.start_job(name)
        parity = stack.verify(name)
        assert parity.proved, parity
        assert (parity.late, parity.duplicates) == (0, 0)


def test_how_far_a_run_has_read_says_nothing_of_the_next_one(stack: Runtime) -> None:
    send(stack, generated(200))
    stack.start_job("flagged")
    assert stack.verify("flagged").transactions == 200
    group = FlinkSettings().job_prefix + "flagged"
    read = groups.committed(stack.kafka, group, contract.TRANSACTION_TOPIC)
    assert sum(read.values()) == 200
    stack.stop_job("flagged", discard=True)
    groups.forget(stack.kafka, group)
    assert groups.committed(stack.kafka, group, contract.TRANSACTION_TOPIC) == {}
    # It works without fraud as well.
    groups.forget(stack.kafka, group)
    stack.start_job("flagged")
    assert stack.verify("flagged").transactions == 200


def test_users_share_partitions_and_verify_knows_where_history_begins(
    stack: Runtime,
) -> None:
    rows = generated(4_000)
    send(stack, rows)
    stack.start_job("rolling")
    stack.start_job("tumbling")
    whole = stack.verify("rolling")
    assert whole.proved
    assert whole.before_history == 0
    places: dict[bytes | None, set[int]] = {}
    for topic in (contract.TRANSACTION_TOPIC, "user_trans_amt_last_360min"):
        for record in itertools.chain.from_iterable(read_to_end(stack.kafka, topic)):
            places.setdefault(record.key, set()).add(record.partition)
    assert len(places) > 100
    assert all(len(partitions) == 1 for partitions in places.values())

    # Delete the oldest records, as Kafka does at the size limit; `verify` still has an outcome.
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    (info,) = (t for t in topics.list_topics(stack.kafka) if t.name == contract.TRANSACTION_TOPIC)
    gone = []
    for part in info.partitions:
        assert part.latest is not None, info
        gone.append(TopicPartition(info.name, part.partition, part.latest // 3))
    for future in admin.delete_records(gone).values():
        future.result()
    for name in ("rolling", "tumbling"):
        parity = stack.verify(name)
        assert parity.proved, parity
        assert parity.before_history > 0
        assert 0 < parity.expected < whole.expected


def test_newest_event_time_looks_past_damaged_records(stack: Runtime) -> None:
    assert topics.newest_event_time(stack.kafka) is None
    rows = generated(100)
    send(stack, rows)
    with TopicProducer(stack.kafka) as producer:
        for value in (b"{oops", b"", b'{"trans_date_trans_time": 5}'):
            producer.send(rows[-1].trans_num.encode(), value)
    newest = topics.newest_event_time(stack.kafka)
    assert newest == rows[-1].trans_date_trans_time


def test_damaged_records_neither_stop_a_job_nor_spoil_its_results(stack: Runtime) -> None:
    rows = generated(600)
    send(stack, rows[:300])
    with TopicProducer(stack.kafka) as producer:
        for value in (b"{oops", b"[]", b'{"user_id": 1}', b'{"trans_date_trans_time": null}'):
            producer.send(b"1", value)
    send(stack, rows[300:])
    for name in NAMES:
        stack.start_job(name)
    for name in NAMES:
        parity = stack.verify(name)
        assert_nothing_wrong(parity)
        assert parity.bad == 4
        assert parity.transactions == 600


def test_a_recreated_topic_is_read_from_its_beginning(stack: Runtime) -> None:
    """Also if it has more records than the old one, so that the old offset exists in it."""
    rows = generated(900)
    send(stack, rows[:300])
    with BatchConsumer(stack.kafka, (contract.TRANSACTION_TOPIC,), Reset.EARLIEST) as consumer:
        found: list[Transaction] = []

        def read() -> int:
            batch = consumer.poll()
            if consumer.take_recreated():
                found.clear()
            found.extend(decode(Transaction, batch)[0])
            return len(found)

        wait_until(lambda: read() == 300, 20, "300 transactions")
        stack.fresh()
        send(stack, rows)
        wait_until(lambda: read() == 900, 20, "900 transactions")
        assert {row.trans_num for row in found} == {row.trans_num for row in rows}
        assert consumer.lag() == 0
        assert consumer.error == ""


def test_tail_prints_what_is_there(stack: Runtime, fraudwatch: Run) -> None:
    rows = generated(50)
    send(stack, rows)
    done = fraudwatch("tail", "transaction", "--from", "beginning", "--no-follow", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 50
    assert {(r["partition"], r["offset"]) for r in records} >= {(0, 0), (1, 0), (2, 0), (3, 0)}
    assert sorted(r["value"]["trans_num"] for r in records) == sorted(t.trans_num for t in rows)
    assert {r["key"] for r in records} == {str(t.user_id) for t in rows}
    datetime.fromisoformat(records[0]["timestamp"])
    text = fraudwatch("tail", "transaction", "--from", "beginning", "--limit", "5").stdout
    assert len(text.splitlines()) == 6
    listed = json.loads(fraudwatch("topics", "--json").stdout)
    assert {t["name"]: t["records"] for t in listed}["transaction"] == 50
    assert all(len(t["partitions"]) == contract.PARTITIONS for t in listed)


def test_the_simulator_is_started_again_when_it_dies(
    stack: Runtime, stack_settings: Settings
) -> None:
    stack.simulate(SimulatorCommand(running=True, rate=300))
    wait_until(lambda: stack.status().simulator.sent > 100, 30, "transactions")
    (simulator,) = with_command(stack_processes(stack_settings), "pipeline.simulator.process")
    simulator.kill()
    before = held(stack)
    wait_until(lambda: held(stack) > before + 200, 30, "more transactions")
    stack.simulate(SimulatorCommand(running=False))
    for rows in transactions_by_partition(stack).values():
        times = [row.trans_date_trans_time for row in rows]
        assert all(earlier <= later for earlier, later in itertools.pairwise(times))


def generated(count: int) -> list[Transaction]:
    generator = Generator(7)
    return [generator.next(30.0) for _ in range(count)]


def send(stack: Runtime, rows: list[Transaction]) -> None:
    with TopicProducer(stack.kafka) as producer:
        for row in rows:
            producer.send(encode.key(row), encode.value(row))
