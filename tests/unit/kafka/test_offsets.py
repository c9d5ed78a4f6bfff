"""Requests for offsets to several brokers succeed or fail as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from pipeline.kafka import offsets
from pipeline.kafka.offsets import OffsetRequest
from pipeline.model.reading import Reset
from tests.idle import DEADLINE_SECONDS

NOT_LEADER = KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))


class SlowAdmin(AdminClient):  # type: ignore[misc]  # the client has no types
    """Partition 0 has no leader any more; the answers for the others arrive when released."""

    def __init__(self) -> None:
        super().__init__({})
        self.answers: list[Future[Any]] = []

    def list_offsets(
        self, asked: Mapping[TopicPartition, OffsetSpec], **_: object
    ) -> dict[TopicPartition, Future[Any]]:
        futures: dict[TopicPartition, Future[Any]] = {part: Future() for part in asked}
        for part, future in futures.items():
            if part.partition == 0:
                future.set_exception(NOT_LEADER)
            else:
                self.answers.append(future)
        return futures


def test_an_error_is_not_raised_while_other_answers_are_on_their_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = SlowAdmin()
    asked = OffsetRequest(admin, {"t": ([0, 1, 2], Reset.EARLIEST)}, DEADLINE_SECONDS)

    def wait(futures: Collection[Future[Any]], timeout: float) -> None:
        """The answers arrive when something waits for them."""
        assert timeout == DEADLINE_SECONDS
        for future in futures:
            if not future.done():
                future.set_result(SimpleNamespace(offset=5))

    monkeypatch.setattr(offsets, "wait", wait)
    with pytest.raises(KafkaException) as caught:
        asked.of("t")
    assert caught.value.args[0].code() == KafkaError.NOT_LEADER_FOR_PARTITION
    assert len(admin.answers) == 4
    assert all(future.done() for future in admin.answers)


def test_an_answer_that_never_comes_is_waited_for_as_long_as_was_said() -> None:
    asked = OffsetRequest(SlowAdmin(), {"t": ([0, 1], Reset.EARLIEST)}, 0.01)
    with pytest.raises(KafkaException):
        asked.of("t")
