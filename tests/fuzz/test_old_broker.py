"""A broker that lacks a request which the client cannot live without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from .kafka_server import KafkaServer

FORGET = """
import sys
from pipeline.config import KafkaSettings
from pipeline.kafka.groups import forget
forget(KafkaSettings(bootstrap=sys.argv[1]), "a job")
"""


@pytest.fixture
def broker() -> Iterator[KafkaServer]:
    with closing(KafkaServer()) as served:
        yield served


def test_a_broker_without_the_deletion_of_groups_does_not_end_the_process(
    broker: KafkaServer,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGET, broker.address],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
