"""Names that Kafka rejects are refused before any topic is created."""

from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.kafka.topics import check_names


@pytest.mark.parametrize(
    ("names", "known", "said"),
    [
        (["fraud.transaction"], ["fraud_transaction"], "a topic fraud.transaction beside fraud_t"),
        (["a.b", "a_b"], [], "a topic a_b beside a.b"),
        (["x" * 250], [], "has 250 characters, but Kafka allows 249"),
    ],
)
def test_names_that_kafka_refuses(names: list[str], known: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        check_names(names, known)
    assert "topic_prefix" in caught.value.hint


def test_names_that_kafka_takes() -> None:
    check_names(["team.transaction", "x" * 249], ["team.transaction", "__consumer_offsets", "a_b"])
