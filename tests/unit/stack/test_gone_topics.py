"""A job that fails for want of a topic says which one."""

from __future__ import annotations

import pytest

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.features import BUILT_IN
from pipeline.model.jobs import JobState, JobStatus
from pipeline.stack import gone_topics

KAFKA = KafkaSettings(bootstrap="kafka:9092", topic_prefix="team.")
OF_KAFKA = "org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.TimeoutException: Expiring"
SAID = "Kafka has no topic {} any more; create it again, or stop the job with --discard"


@pytest.mark.parametrize(
    ("known", "failure", "said"),
    [
        (["team.transaction"], OF_KAFKA, SAID.format("team.flagged_transactions")),
        ([], OF_KAFKA, SAID.format("team.transaction and no team.flagged_transactions")),
        (["team.transaction", "team.flagged_transactions"], OF_KAFKA, OF_KAFKA),
        (UnavailableError("Kafka does not answer."), OF_KAFKA, OF_KAFKA),
        ([], "java.lang.OutOfMemoryError", "java.lang.OutOfMemoryError"),
        ([], "", ""),
    ],
)
def test_the_topics_are_named(
    monkeypatch: pytest.MonkeyPatch, known: list[str] | Exception, failure: str, said: str
) -> None:
    def names(_: KafkaSettings) -> list[str]:
        if isinstance(known, Exception):
            raise known
        return known

    monkeypatch.setattr(gone_topics, "topic_names", names)
    rolling = JobStatus("rolling", JobState.RUNNING, "team.user_trans_amt_last_360min")
    flagged = JobStatus(
        "flagged", JobState.RESTARTING, "team.flagged_transactions", failure=failure
    )
    found = gone_topics.explained([rolling, flagged], BUILT_IN, KAFKA)
    assert found[0] == rolling
    assert found[1].failure == said
