"""Commands of a profile that attaches to an external Kafka and Flink."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.config import KafkaSettings
from pipeline.contract import Transaction
from pipeline.kafka.producer import TopicProducer
from pipeline.simulator import encode

from .conftest import Run, stack_environment, wait_until
from .test_transactions import generated

_PROFILE: Final = """
[profile.company]
sandbox = true
parallelism = 1
{more}

[profile.company.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "{prefix}"

[profile.company.flink]
rest = "{rest}"
job_prefix = "{folder.name}-"
checkpoints = "file://{folder}/checkpoints"
savepoints = "file://{folder}/savepoints"
"""
_SECONDS: Final = 600


def attached(folder: Path, bootstrap: str, rest: str, *, prefix: str = "", more: str = "") -> Run:
    """Return a function that runs `fraudwatch` with such a profile; no traceback is accepted.

    Args:
        folder: Folder for the profile's file and the state.
        bootstrap: Address of Kafka.
        rest: Address of Flink.
        prefix: Prefix of every topic.
        more: More settings of the profile.
    """
    text = _PROFILE.format(bootstrap=bootstrap, rest=rest, folder=folder, prefix=prefix, more=more)
    (folder / "fraudwatch.toml").write_text(text)
    environment = os.environ | stack_environment(folder / "state")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).parent / "fraudwatch", *arguments, "--profile", "company"],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@dataclass(frozen=True, slots=True)
class Attached:
    """An external Kafka with transactions.

    Attributes:
        kafka: Its settings.
        fraudwatch: Runs commands of the profile that attaches to it.
    """

    kafka: KafkaSettings
    fraudwatch: Run

    def json(self, *arguments: str) -> Any:
        """The parsed output of a command with `--json`."""
        done = self.fraudwatch(*arguments, "--json")
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)


@contextmanager
def with_transactions(
    folder: Path, kafka: KafkaSettings, rest: str, count: int
) -> Iterator[Attached]:
    """Create the topics in an external Kafka, and send this many transactions.

    Those of the second half have later timestamps in Kafka, however fast the machine is.
    """
    fraudwatch = attached(folder, kafka.bootstrap, rest)
    done = fraudwatch("topics", "--create")
    assert done.returncode == 0, done.stderr
    rows = generated(count)
    with TopicProducer(kafka) as producer:
        _send(producer, rows[: count // 2])
        sent = _milliseconds()
        wait_until(lambda: _milliseconds() > sent, 5, "the next millisecond")
        _send(producer, rows[count // 2 :])
    yield Attached(kafka, fraudwatch)
    fraudwatch("down")


def _send(producer: TopicProducer, rows: Iterable[Transaction]) -> None:
    for row in rows:
        producer.send(encode.key(row), encode.value(row))
    producer.flush(60)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
