"""A stack of its own in a temporary directory, on which Flink computes rows from given records."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.features import Feature
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.batch import lookback
from pipeline.parity.decoded import decode_columns
from pipeline.parity.report import Parity
from pipeline.sources.paths import inner
from pipeline.stack.bring_up import create_topics
from pipeline.stack.runtime import Runtime

from .records import Rows, as_rows, closed, decoded, opened, require_held, written

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


@contextmanager
def scratch_stack(
    features: Sequence[Path], report: Callable[[str], None]
) -> Iterator[ScratchStack]:
    """Run a stack of its own, in a temporary directory.

    Args:
        features: The feature files.
        report: Called with what is being done.
    """
    others = {k: v for k, v in os.environ.items() if not k.startswith("FRAUDWATCH_")}
    with TemporaryDirectory(prefix="fraudwatch-scratch-") as folder:
        own = {
            "FRAUDWATCH_STATE_DIR": folder,
            "FRAUDWATCH_KAFKA_PORT": "0",
            "FRAUDWATCH_FLINK_PORT": "0",
        }
        settings = config.load(features=features, environment=others | own)
        with closing(Runtime(settings)) as stack:
            report("starting a stack of its own")
            stack.bring_up(simulator=False, jobs=False)
            yield ScratchStack(settings, report)


class ScratchStack:
    """A stack that computes features from given records; see `scratch_stack`.

    Args:
        settings: Its settings.
        report: Called with what is being done.
    """

    def __init__(self, settings: Settings, report: Callable[[str], None]) -> None:
        self._settings = settings
        self._report = report
        self._trials = 0

    def compute(self, name: str, records: Sequence[str]) -> Computed:
        """Let Flink compute a feature from these records, with topics and a job of their own.

        Raises:
            InputError: The records are not in JSON.
            PipelineError: There is no such feature, or it does not run.
        """
        self._trials += 1
        with closing(Runtime(_named(self._settings, f"trial{self._trials}"))) as runtime:
            (feature,) = runtime.features.find([name])
            require_held(feature)
            kafka = runtime.kafka
            create_topics(self._settings, kafka, [feature])
            end, last_record = _closing(feature, records)
            topic = kafka.topic(feature.source.topic)
            with TopicProducer(kafka, topic) as producer:
                for record in (*records, last_record):
                    producer.send(b"", record.encode())
            runtime.start_job(name, self._report)
            with _again_and_again(kafka, topic, last_record):
                parity = runtime.verify(name, self._report)
            values = [
                record.value
                for batch in read_to_end(kafka, kafka.topic(feature.topic))
                for record in batch
            ]
            table, _ = decode_columns(values, feature.columns)
            runtime.stop_job(name, discard=True)
        last = end.isoformat(" ")
        return Computed([row for row in as_rows(table) if row[feature.event_time] <= last], parity)


def _closing(feature: Feature, records: Sequence[str]) -> tuple[datetime, str]:
    """Return the last time of a row of the records, and a record that makes all of them final."""
    source = feature.source
    newest = max(decoded(feature, records)[source.time].to_pylist())
    longest = (lookback(feature.table) or timedelta()) if _has_windows(feature) else timedelta()
    end: datetime = newest + longest
    fields = opened(records[-1])
    path = source.record_paths[source.time]
    inner(fields, path[:-1])[path[-1]] = written(source, end + source.watermark + _SLACK)
    return end, closed(fields)


@contextmanager
def _again_and_again(kafka: KafkaSettings, topic: str, record: str) -> Iterator[None]:
    """Send a record at intervals: without any, Flink commits its offsets only every ten seconds."""
    ended = threading.Event()

    def send() -> None:
        with TopicProducer(kafka, topic) as producer:
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
