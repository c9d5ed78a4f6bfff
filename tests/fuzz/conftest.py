"""The servers, and a place of its own for each command that attaches to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.errors import UnavailableError

from .flink import Flink
from .http_server import HttpServer
from .kafka_server import KafkaServer
from .quick import shorten_waits
from .registry import Registry
from .trial import PROFILES, Servers, Trial


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        kafka, flink, registry = KafkaServer(), HttpServer(Flink), HttpServer(Registry)
        for each in (kafka, flink, registry):
            stack.callback(each.close)
        yield Servers(kafka, flink, registry)


@pytest.fixture
def alone(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with profiles that attach to the servers, and no process of a stack."""
    monkeypatch.chdir(tmp_path)
    for name, folder in (("XDG_CONFIG_HOME", "home"), ("FRAUDWATCH_STATE_DIR", "state")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("COLUMNS", "200")
    text = PROFILES.format(
        kafka=servers.kafka.address,
        flink=servers.flink.address,
        registry=servers.registry.address,
    )
    Path("fraudwatch.toml").write_text(text)
    return tmp_path


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Commands in this process wait briefly, and neither download nor start anything."""
    import pipeline.checks.doctor
    import pipeline.checks.limits.read
    import pipeline.formats.registry_client
    import pipeline.parity.verify  # noqa: F401  (so that its waits are found)
    from pipeline.checks.doctor import machine
    from pipeline.stack.local import launch, parts

    def refuse(*_: object) -> None:
        raise UnavailableError("This test starts no process.", "Run the others.")

    monkeypatch.setattr(launch, "connect", refuse)
    monkeypatch.setattr(parts, "fetch_jars", lambda *_: None)
    monkeypatch.setattr(machine, "java", lambda _: refuse())
    # What answers may do so slowly on a busy machine, but has to be understood.
    name = request.node.name
    if "understood" in name:
        longest = 10.0
    else:
        longest = 0.6 if "kafka" in name or "registry" in name else 3.0
    shorten_waits(monkeypatch, longest)


@pytest.fixture
def trial(
    servers: Servers,
    alone: Path,
    capfd: pytest.CaptureFixture[str],
    in_process: None,
    request: pytest.FixtureRequest,
) -> Trial:
    return Trial(servers, capfd, int(request.config.getoption("--rounds")))
