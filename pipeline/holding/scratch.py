"""A stack of its own in a temporary directory, on which Flink computes rows from given records."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final

import msgspec

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.features import Feature
from pipeline.kafka.producer import TransactionProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.batch import lookback
from pipeline.parity.decoded import decode_columns
from pipeline.parity.report import Parity
from pipeline.stack.bring_up import create_topics
from pipeline.stack.runtime import Runtime

from .records import Rows, as_rows, require_json, written

_SLACK: Final = timedelta(seconds=1)
_AGAIN_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Computed:
    """What Flink has computed from some records.

    Attributes:
        rows: The rows.
        parity: How they compare with those of DuckDB.
    """

    rows: Rows
    parity: Parity


class ScratchStack:
    """A context in which a stack of its own runs.

    Args:
        features: The feature files.
        report: Called with what is being done.
    """

    def __init__(self, features: Sequence[Path], report: Callable[[str], None]) -> None:
        self._features = tuple(features)
        self._report = report
        self._trials = 0

    def __enter__(self) -> ScratchStack:
        self._folder = TemporaryDirectory(prefix="fraudwatch-scratch-")
        others = {k: v for k, v in os.environ.items() if not k.startswith("FRAUDWATCH_")}
        own = {
            "FRAUDWATCH_STATE_DIR": self._folder.name,
            "FRAUDWATCH_KAFKA_PORT": "0",
            "FRAUDWATCH_FLINK_PORT": "0",
        }
        self._settings = config.load(features=self._features, environment=others | own)
        self._stack = Runtime(self._settings)
        self._report("starting a stack of its own")
        try:
            self._stack.bring_up(simulator=False, jobs=False)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def compute(self, name: str, records: Sequence[str]) -> Computed:
        """Let Flink compute a feature from these records, with topics and a job of their own.

        Raises:
            InputError: The records are not in JSON.
            PipelineError: There is no such feature, or it does not run.
        """
        self._trials += 1
        runtime = Runtime(_named(self._settings, f"trial{self._trials}"))
        (feature,) = runtime.features.find([name])
        require_json(feature.source)
        try:
            kafka = runtime.kafka
            create_topics(self._settings, kafka, [feature])
            end, closing = _closing(feature, records)
            topic = kafka.topic(feature.source.topic)
            with TransactionProducer(kafka, topic) as producer:
                for record in (*records, closing):
                    producer.send(b"", record.encode())
            runtime.start_job(name, self._report)
            with _again_and_again(kafka, topic, closing):
                parity = runtime.verify(name, self._report)
            values = [
                record.value
                for batch in read_to_end(kafka, kafka.topic(feature.topic))
                for record in batch
            ]
            table, _ = decode_columns(values, feature.columns)
            runtime.stop_job(name, discard=True)
        finally:
            runtime.close()
        last = end.isoformat(" ")
        return Computed([row for row in as_rows(table) if row[feature.event_time] <= last], parity)

    def _end(self) -> None:
        self._stack.close()
        self._folder.cleanup()


def _closing(feature: Feature, records: Sequence[str]) -> tuple[datetime, str]:
    """Return the last time of a row of the records, and a record that makes all of them final."""
    source = feature.source
    table, _ = decode_columns(
        [record.encode() for record in records], source.columns, source.time_format
    )
    newest = max(table[source.time].to_pylist())
    longest = (lookback(feature.table) or timedelta()) if _has_windows(feature) else timedelta()
    end: datetime = newest + longest
    closing = msgspec.json.decode(records[-1])
    closing[source.time] = written(source, end + source.watermark + _SLACK)
    return end, msgspec.json.encode(closing).decode()


@contextmanager
def _again_and_again(kafka: KafkaSettings, topic: str, record: str) -> Iterator[None]:
    """Send a record at intervals: without any, Flink commits its offsets only every ten seconds."""
    ended = threading.Event()

    def send() -> None:
        with TransactionProducer(kafka, topic) as producer:
            while not ended.wait(_AGAIN_SECONDS):
                producer.send(b"", record.encode())

    sending = threading.Thread(target=send, name="closing", daemon=True)
    sending.start()
    try:
        yield
    finally:
        ended.set()
        sending.join()


def _has_windows(feature: Feature) -> bool:
    return feature.event_time != feature.source.time


def _named(settings: Settings, name: str) -> Settings:
    """Return settings with which topics and jobs have names of their own.

    Topics have one partition, so that the order in which Flink reads the records is known.
    """
    replace: Any = msgspec.structs.replace
    kafka = replace(settings.kafka, topic_prefix=f"{name}.", partitions=1)
    flink = replace(settings.flink, job_prefix=f"{name}-")
    changed: Settings = replace(settings, kafka=kafka, flink=flink)
    return changed
