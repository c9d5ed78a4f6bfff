"""Servers that answer like Kafka and Flink, profiles that attach to them, and short waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from pipeline.errors import UnavailableError

from . import broker
from .flink_server import FlinkServer
from .kafka_server import KafkaServer
from .quick import shorten_waits

OWN: Final = "fuzz"
OTHERS: Final = "company"
PROFILES: Final = f"""
[profile.{OWN}]
sandbox = true
[profile.{OWN}.kafka]
bootstrap = "{{kafka}}"
partitions = {broker.PARTITIONS}
[profile.{OWN}.flink]
rest = "{{flink}}"
timeout = 1.0

[profile.{OTHERS}]
sandbox = false
[profile.{OTHERS}.kafka]
bootstrap = "{{kafka}}"
[profile.{OTHERS}.flink]
rest = "{{flink}}"
timeout = 1.0
"""
ROWS: Final = "transactions.jsonl"
ROW: Final = (
    '{"trans_date_trans_time":"2026-01-05 09:00:00","cc_num":4613314721966,"merchant":"fraud_x",'
    '"category":"grocery_pos","amt":1.5,"first":"Jason","last":"Murphy","zipcode":"29209",'
    '"dob":"1988-09-15","trans_num":"e8a81877ae9a0a7f883e15cb39dc4022","is_fraud":0,"user_id":7}\n'
)


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers to which the profiles attach."""

    kafka: KafkaServer
    flink: FlinkServer


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        kafka, cluster = KafkaServer(), FlinkServer()
        stack.callback(kafka.close)
        stack.callback(cluster.close)
        yield Servers(kafka, cluster)


@pytest.fixture
def alone(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with profiles that attach to the servers, and no process of a stack."""
    monkeypatch.chdir(tmp_path)
    for name, folder in (("XDG_CONFIG_HOME", "home"), ("FRAUDWATCH_STATE_DIR", "state")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("COLUMNS", "200")
    text = PROFILES.format(kafka=servers.kafka.address, flink=servers.flink.address)
    Path("fraudwatch.toml").write_text(text)
    Path(ROWS).write_text(ROW)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Commands in this process wait briefly, and neither download nor start anything."""
    import pipeline.checks.doctor
    import pipeline.checks.limits.read
    import pipeline.parity.verify  # noqa: F401  (so that its waits are found)
    from pipeline.checks.doctor import machine
    from pipeline.stack.local import launch, parts

    def refuse(*_: object) -> None:
        raise UnavailableError("This test starts no process.", "Run the others.")

    monkeypatch.setattr(launch, "connect", refuse)
    monkeypatch.setattr(parts, "fetch_jars", lambda *_: None)
    monkeypatch.setattr(machine, "java", lambda _: refuse())
    # A healthy Kafka may answer slowly on a busy machine, but has to be understood.
    name = request.node.name
    shorten_waits(monkeypatch, 0.6 if "kafka" in name else 10.0 if "understood" in name else 3.0)
