"""Parsing of the answers of Flink 2.3."""

from __future__ import annotations

import time

import httpx
import pytest

from pipeline.checks.doctor import running as doctor
from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.features import BUILT_IN
from pipeline.flink import rest as module
from pipeline.flink.rest import FlinkRest
from pipeline.model.jobs import RestorePoint
from pipeline.stack.endpoints import Endpoints, Stack

CHECKPOINT = {"external_path": "s3://b/j/chk-7", "latest_ack_timestamp": 7_000}
SAVEPOINT = {"external_path": "s3://b/savepoint-9", "latest_ack_timestamp": 9_000}
IN_MEMORY = {"external_path": "<checkpoint-not-externally-addressable>", "latest_ack_timestamp": 9}
NO_SLOTS = {"taskmanagers": 0, "slots-total": 0, "slots-available": 0}
PATHS = (
    "/config",
    "/jobmanager/config",
    "/jobs/a",
    "/jobs/a/checkpoints",
    "/jobs/a/config",
    "/jobs/a/exceptions",
    "/jobs/a/metrics",
    "/jobs/a/stop",
    "/jobs/a/vertices/v/subtasks/metrics",
    "/jobs/overview",
    "/savepoint-disposal",
)
FLINK = FlinkSettings(rest="http://flink.example.org/team")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The answers by path; every other path is not found."""
    known: dict[str, object] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/team")
        if path not in known:
            return httpx.Response(404, json={"errors": ["not found"]})
        found = known[path]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    def client(flink: FlinkSettings) -> httpx.Client:
        return httpx.Client(base_url=flink.rest, transport=httpx.MockTransport(answer))

    monkeypatch.setattr(module, "rest_client", client)
    return known


@pytest.mark.parametrize(
    ("completed", "savepoint", "expected"),
    [
        (None, None, None),
        (CHECKPOINT, None, RestorePoint("s3://b/j/chk-7", 7.0, "checkpoint")),
        (CHECKPOINT, SAVEPOINT, RestorePoint("s3://b/savepoint-9", 9.0, "savepoint")),
        (
            CHECKPOINT | {"latest_ack_timestamp": 11_000},
            SAVEPOINT,
            RestorePoint("s3://b/j/chk-7", 11.0, "checkpoint"),
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
        (500, [], r"/team refused /overview: HTTP 500\."),
        (403, ["no"], r"refuses access \(HTTP 403\)"),
        (500, ["Internal server error.", CAUSE], r"/overview: java\.lang\.Illegal\w+: closed\."),
    ],
)
def test_an_error_in_one_sentence(
    answers: dict[str, object], code: int, errors: list[str], expected: str
) -> None:
    answers["/overview"] = httpx.Response(code, json={"errors": errors})
    with pytest.raises(PipelineError, match=expected):
        FlinkRest(FLINK).overview()


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (httpx.Response(200, text="<html>login</html>"), "a web page at /overview"),
        (httpx.Response(200, json={"status": "UP"}), "an unknown answer at /overview"),
        (httpx.Response(200, json=[1]), "an unknown answer at /overview"),
        (httpx.Response(200, content=b'{"taskmanagers": 1, "slots-'), "an unknown answer"),
        (httpx.Response(200), "an unknown answer"),
        (httpx.Response(302, headers={"Location": "/login"}), "it redirects to /login"),
        (httpx.Response(307, headers={"Location": "http://sso.example/"}), "http://sso.example/"),
    ],
)
def test_what_answers_but_is_not_flink(
    answers: dict[str, object], answer: httpx.Response, what: str
) -> None:
    answers["/overview"] = answer
    with pytest.raises(UnavailableError) as caught:
        FlinkRest(FLINK).overview()
    assert "team answers, but is not Flink's REST API" in caught.value.message
    assert what in caught.value.message
    assert "rest" in caught.value.hint
    assert not FlinkRest(FLINK).reachable()


def test_every_answer_is_checked(answers: dict[str, object]) -> None:
    rest = FlinkRest(FLINK)
    asked = (
        rest.jobs,
        lambda: rest.state("a"),
        lambda: rest.failure("a"),
        lambda: rest.failures("a"),
        lambda: rest.vertices("a"),
        lambda: rest.parameters("a"),
        rest.grows,
        rest.version,
        lambda: rest.metric_names("a", "v"),
        lambda: rest.metrics("a", "v", ["busy"]),
        lambda: rest.job_metrics("a", ["numRestarts"]),
        lambda: rest.last_state("a"),
        lambda: rest.watermark("a"),
        lambda: rest.stop_with_savepoint("a", ""),
        lambda: rest.checkpoint("a"),
        lambda: rest.dispose_savepoint("s3://b/s"),
        lambda: rest.cancel("a"),
    )
    answers.update(dict.fromkeys(PATHS, httpx.Response(200, text="<html>login</html>")))
    for ask in asked:
        with pytest.raises(UnavailableError, match="is not Flink's REST API"):
            ask()


def test_the_root_cause_of_a_failure(answers: dict[str, object]) -> None:
    trace = (
        "org.apache.flink.runtime.JobException: Recovery is suppressed.\n\tat a.b(C.java:1)\n"
        "Caused by: java.lang.RuntimeException: One or more fetchers have failed\n\t... 3 more\n"
        "Caused by: java.lang.NoClassDefFoundError: com/github/luben/zstd/ZstdInputStream\n"
    )
    entries = [{"stacktrace": trace, "timestamp": 5_000, "exceptionName": "x"}]
    answers["/jobs/a/exceptions"] = {"exceptionHistory": {"entries": entries}}
    answers["/jobs/b/exceptions"] = {"exceptionHistory": {"entries": []}}
    cause = "java.lang.NoClassDefFoundError: com/github/luben/zstd/ZstdInputStream"
    assert FlinkRest(FLINK).failure("a") == cause
    assert FlinkRest(FLINK).failure("b") == ""
    assert FlinkRest(FLINK).failures("a")[0].at == 5.0


def test_a_savepoint_is_waited_for_as_long_as_flink_works_on_it(
    answers: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 100_000, 60))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    progress = [{"status": {"id": "IN_PROGRESS"}}] * 20
    done = {"status": {"id": "COMPLETED"}, "operation": {"location": "file:/s"}}
    replies = iter([*progress, done])
    monkeypatch.setattr(time, "sleep", lambda _: turn())

    def turn() -> None:
        answers["/jobs/a/savepoints/r"] = next(replies)

    answers["/jobs/a/stop"] = {"request-id": "r"}
    answers["/jobs/a"] = {"state": "FINISHED"}
    turn()
    assert FlinkRest(FLINK).stop_with_savepoint("a", "") == "file:/s"


@pytest.mark.parametrize(
    ("error", "times", "taken"),
    [
        (httpx.ReadTimeout("timed out"), 5, True),
        (httpx.ReadError("reset"), 5, True),
        (httpx.ReadTimeout("timed out"), 6, False),
        (httpx.ConnectError("refused"), 1, False),
    ],
)
def test_a_poll_that_goes_unanswered_is_sent_again(
    answers: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    times: int,
    taken: bool,
) -> None:
    replies = iter([*[error] * (times - 1), {"status": {"id": "COMPLETED"}}])
    answers["/jobs/a/checkpoints/r"] = error

    def turn(_: float) -> None:
        answers["/jobs/a/checkpoints/r"] = next(replies)

    monkeypatch.setattr(time, "sleep", turn)
    rest = FlinkRest(FLINK)
    answers["/jobs/a/checkpoints"] = {"request-id": "r"}
    if taken:
        rest.checkpoint("a")
        assert not list(replies)
    else:
        with pytest.raises(UnavailableError, match="does not answer"):
            rest.checkpoint("a")


def test_the_parameters_of_a_job(answers: dict[str, object]) -> None:
    parameters = {"fraudwatch.definition": "0123"}
    answers["/jobs/a/config"] = {"jid": "a", "execution-config": {"user-config": parameters}}
    answers["/jobs/b/config"] = {"jid": "b"}
    assert FlinkRest(FLINK).parameters("a") == parameters
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
    found = Endpoints(settings.kafka, settings.flink)
    stack = Stack(settings)
    finding = doctor.slots(found, stack, settings, BUILT_IN)
    if grows:
        assert "TaskManagers are allocated" in finding.found
        assert "allocates TaskManagers" in doctor.flink(found, stack).found
    else:
        assert "have TaskManagers added" in finding.hint
        with pytest.raises(UnavailableError, match="has no TaskManager"):
            doctor.flink(found, stack)
