"""`doctor` on a healthy stack, and on one with a problem."""

from __future__ import annotations

import json

from pipeline.kafka import topics
from pipeline.stack.runtime import Runtime

from .conftest import Run


def outcomes(fraudwatch: Run) -> tuple[int, dict[str, dict[str, str]]]:
    done = fraudwatch("doctor", "--json")
    assert not done.stderr
    return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)}


def test_a_stack_that_is_well(stack: Runtime, fraudwatch: Run) -> None:
    stack.start_job("rolling")
    code, findings = outcomes(fraudwatch)
    assert code == 0
    for check in ("Processes", "Kafka", "Topics", "Flink", "Slots", "Jobs", "Kafka port"):
        assert findings[check]["outcome"] in ("good", "skipped"), findings[check]
    assert "Kafka broker " in findings["Open files"]["found"]
    assert findings["Jobs"]["found"] == "1 of 5 running"
    assert stack.bootstrap in findings["Kafka"]["found"]


def test_a_topic_that_is_missing(stack: Runtime, fraudwatch: Run) -> None:
    topics.delete_topics(stack.kafka, ["flagged_transactions"])
    try:
        code, findings = outcomes(fraudwatch)
        assert code == 5
        assert "flagged_transactions" in findings["Topics"]["found"]
        assert findings["Topics"]["hint"]
        done = fraudwatch("tail", "flagged_transactions", "--no-follow")
        assert done.returncode != 0
        assert "flagged_transactions" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        stack.fresh()
    assert outcomes(fraudwatch)[0] == 0
