"""`tail` that follows a topic while Kafka goes and comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Self

import pytest

from pipeline.cli.data import followed
from pipeline.config import KafkaSettings
from pipeline.kafka import consumer
from pipeline.kafka.records import Record
from pipeline.model.reading import Reset


@dataclass
class Flaky:
    """A consumer whose Kafka goes away for two polls."""

    errors: list[str] = field(default_factory=lambda: ["", "Kafka is away.", "Kafka is away.", ""])
    error: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def poll(self) -> list[Record]:
        self.error = self.errors.pop(0)
        return []


def test_why_nothing_comes_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(consumer, "BatchConsumer", lambda *_: Flaky())
    batches = list(islice(followed(KafkaSettings(), "any", Reset.LATEST), 4))
    assert batches == [[], [], [], []]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["Kafka is away.", "Kafka answers again."]
