"""Jobs on a Flink behind mutual TLS, a password or a token, and a path."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from pipeline.config import FlinkSettings, Secret, Settings
from pipeline.errors import ConfigError
from pipeline.flink.rest import FlinkRest
from pipeline.flink.state import flink_path
from pipeline.model.jobs import JobState
from pipeline.stack.runtime import Runtime

from ..proxy import Proxy
from .secured import Certificates

PASSWORD = "canary-flink-password"
TOKEN = "canary-flink-token"
BASIC = f"Basic {b64encode(f'alice:{PASSWORD}'.encode()).decode()}"


@pytest.fixture
def context(certificates: Certificates) -> ssl.SSLContext:
    """A server that requires a certificate of its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.path("server.pem"))
    context.load_verify_locations(certificates.path("ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture(params=[BASIC, f"Bearer {TOKEN}"], ids=["password", "token"])
def proxy(
    request: pytest.FixtureRequest, running_stack: Runtime, context: ssl.SSLContext
) -> Iterator[Proxy]:
    rest = running_stack.status().rest
    proxy = Proxy(lambda: rest, path="/team/flink", authorization=request.param, context=context)
    yield proxy
    proxy.close()


def flink(proxy: Proxy, certificates: Certificates, **how: Any) -> FlinkSettings:
    known: dict[str, Any] = {
        "rest": proxy.address,
        "ca_file": certificates.path("ca.pem"),
        "certificate_file": certificates.path("client.pem"),
        "key_file": certificates.path("client.key"),
        "key_password": Secret("env", "CANARY_KEY_PASSWORD"),
        "timeout": 60.0,
    }
    return FlinkSettings(**(known | how))


def who(request_id: str) -> dict[str, object]:
    if "token" in request_id:
        return {"token": Secret("env", "FLINK_TOKEN")}
    return {"username": "alice", "password": Secret("env", "FLINK_PASSWORD")}


@pytest.fixture
def secret_words(monkeypatch: pytest.MonkeyPatch, secrets: None) -> None:
    monkeypatch.setenv("FLINK_PASSWORD", PASSWORD)
    monkeypatch.setenv("FLINK_TOKEN", TOKEN)


@pytest.fixture
def company(
    stack: Runtime,
    stack_settings: Settings,
    proxy: Proxy,
    certificates: Certificates,
    request: pytest.FixtureRequest,
) -> Settings:
    """The profile of a user who attaches through the proxy."""
    return msgspec.structs.replace(
        stack_settings,
        profile="company",
        state_dir=stack_settings.state_dir / "company",
        kafka=stack.kafka,
        flink=flink(
            proxy,
            certificates,
            savepoints=flink_path(stack_settings.savepoints_dir),
            checkpoints=flink_path(stack_settings.checkpoints_dir),
            ship_connector=True,
            **who(request.node.name),
        ),
    )


@pytest.mark.usefixtures("secret_words")
def test_a_job_lives_behind_it(company: Settings, proxy: Proxy) -> None:
    runtime = Runtime(company)
    try:
        assert runtime.status().problems == ()
        assert runtime.start_job("flagged").state is JobState.RUNNING
        stopped = runtime.stop_job("flagged")
        savepoint = urlsplit(stopped.savepoint).path
        assert savepoint.startswith(urlsplit(company.flink.savepoints).path)
        steps: list[str] = []
        runtime.start_job("flagged", steps.append)
        assert "starting from its savepoint" in steps
        discarded = runtime.stop_job("flagged", discard=True)
        assert (discarded.state, discarded.savepoint) == (JobState.STOPPED, "")
        assert proxy.refused == 0
        for log in company.state_dir.rglob("*"):
            if log.is_file() and log.suffix in (".log", ".json", ".yaml"):
                assert "canary" not in log.read_text(errors="replace"), log
    finally:
        runtime.close()


def test_a_wrong_password_is_called_that(
    proxy: Proxy, certificates: Certificates, secret_words: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "guess")
    rest = FlinkRest(flink(proxy, certificates, username="alice", password=Secret("env", "WRONG")))
    with pytest.raises(ConfigError, match="refuses access") as caught:
        rest.overview()
    assert "guess" not in str(caught.value)


def test_a_certificate_of_a_stranger_is_not_trusted(
    proxy: Proxy, certificates: Certificates, secret_words: None
) -> None:
    rest = FlinkRest(flink(proxy, certificates, ca_file=certificates.path("stranger.pem")))
    with pytest.raises(ConfigError, match="is not trusted"):
        rest.overview()
