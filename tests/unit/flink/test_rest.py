"""What Flink 2.3 answers, and what is made of it."""

from __future__ import annotations

import httpx
import pytest

from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.doctor import stack as doctor
from pipeline.errors import PipelineError
from pipeline.features import BUILT_IN
from pipeline.flink import rest as module
from pipeline.flink.rest import FlinkRest
from pipeline.model import KeptState
from pipeline.stack import Found, Stack

CHECKPOINT = {"external_path": "s3://b/j/chk-7", "latest_ack_timestamp": 7_000}
SAVEPOINT = {"external_path": "s3://b/savepoint-9", "latest_ack_timestamp": 9_000}
IN_MEMORY = {"external_path": "<checkpoint-not-externally-addressable>", "latest_ack_timestamp": 9}
NO_SLOTS = {"taskmanagers": 0, "slots-total": 0, "slots-available": 0}
FLINK = FlinkSettings(rest="http://flink.example.org/team")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """By path; of all else Flink knows nothing."""
    known: dict[str, object] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/team")
        if path not in known:
            return httpx.Response(404, json={"errors": ["not found"]})
        found = known[path]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    def client(flink: FlinkSettings) -> httpx.Client:
        return httpx.Client(base_url=flink.rest, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(module, "rest_client", client)
    return known


@pytest.mark.parametrize(
    ("completed", "savepoint", "expected"),
    [
        (None, None, None),
        (CHECKPOINT, None, KeptState("s3://b/j/chk-7", 7.0, "checkpoint")),
        (CHECKPOINT, SAVEPOINT, KeptState("s3://b/savepoint-9", 9.0, "savepoint")),
        (
            CHECKPOINT | {"latest_ack_timestamp": 11_000},
            SAVEPOINT,
            KeptState("s3://b/j/chk-7", 11.0, "checkpoint"),
        ),
        (IN_MEMORY, None, None),
    ],
)
def test_the_newest_state_of_a_run(
    answers: dict[str, object], completed: object, savepoint: object, expected: object
) -> None:
    latest = {"completed": completed, "savepoint": savepoint, "failed": None, "restored": None}
    answers["/jobs/a/checkpoints"] = {"latest": latest}
    assert FlinkRest(FLINK).last_state("a") == expected
    assert FlinkRest(FLINK).last_state("forgotten") is None


GONE = (
    "<Exception on server side:\norg.apache.flink.runtime.rpc.exceptions."
    "RecipientUnreachableException: Could not send message [...]\n\tat org.apache.flink...>"
)
ELECTION = "Service temporarily unavailable due to an ongoing leader election. Please refresh."
CAUSE = "<Exception on server side:\njava.lang.IllegalStateException: closed\n\tat java...>"


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [
        (500, ["Internal server error.", GONE], r"/team has no leader at the moment\."),
        (503, [ELECTION], r"/team has no leader at the moment\."),
        (503, ["starting"], r"/team is not ready \(HTTP 503\)\."),
        (502, [], r"/team is not ready \(HTTP 502\)\."),
        (500, [], r"Flink refused /overview: HTTP 500\."),
        (403, ["no"], r"does not let us in \(HTTP 403\)"),
        (500, ["Internal server error.", CAUSE], r"/overview: java\.lang\.Illegal\w+: closed\."),
    ],
)
def test_an_error_in_one_sentence(
    answers: dict[str, object], code: int, errors: list[str], expected: str
) -> None:
    answers["/overview"] = httpx.Response(code, json={"errors": errors})
    with pytest.raises(PipelineError, match=expected):
        FlinkRest(FLINK).overview()


def test_what_a_job_says_of_itself(answers: dict[str, object]) -> None:
    told = {"fraudwatch.definition": "0123"}
    answers["/jobs/a/config"] = {"jid": "a", "execution-config": {"user-config": told}}
    answers["/jobs/b/config"] = {"jid": "b"}
    assert FlinkRest(FLINK).parameters("a") == told
    assert FlinkRest(FLINK).parameters("b") == {}


@pytest.mark.parametrize(
    ("option", "grows"), [("kubernetes.cluster-id", True), ("jobmanager.rpc.port", False)]
)
def test_a_cluster_without_taskmanagers(
    answers: dict[str, object], option: str, grows: bool
) -> None:
    answers["/jobmanager/config"] = [{"key": option, "value": "x"}]
    answers["/overview"] = NO_SLOTS
    assert FlinkRest(FLINK).grows() is grows
    settings = Settings(kafka=KafkaSettings(bootstrap="127.0.0.1:1"), flink=FLINK)
    found = Found(settings.kafka, settings.flink)
    stack = Stack(settings)
    finding = doctor.slots(found, stack, settings, BUILT_IN)
    if grows:
        assert "TaskManagers are started" in finding.found
        assert "starts TaskManagers" in doctor.flink(found, stack).found
    else:
        assert "have TaskManagers added" in finding.hint
        with pytest.raises(module.UnavailableError, match="has no TaskManager"):
            doctor.flink(found, stack)
