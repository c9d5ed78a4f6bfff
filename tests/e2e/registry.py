"""Apicurio's schema registry, which speaks the API of Confluent's, as a process of a test."""

from __future__ import annotations

import hashlib
import tarfile
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
import requests
from jgo.maven import MavenContext, PythonResolver

from pipeline import config
from pipeline.config import Settings
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import LOOPBACK, free_port

from .processes import started, wait_while_alive

_VERSION: Final = "3.3.3"
_SHA256: Final = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"
_JVM: Final = ("-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_START_SECONDS: Final = 90


def fetched() -> Path:
    """The folder of the registry, downloaded and unpacked if necessary."""
    cache = config.load(environment={}).cache_dir / "releases"
    folder = cache / f"apicurio-{_VERSION}"
    if (folder / "quarkus-run.jar").is_file():
        return folder
    context = MavenContext(resolver=PythonResolver(), repo_cache=cache / ".partial", timeout=60)
    app = context.project("io.apicurio", "apicurio-registry-app").at_version(_VERSION)
    try:
        archive = Path(app.artifact(classifier="all", packaging="tar.gz").resolve())
    except (requests.RequestException, RuntimeError) as error:
        pytest.skip(f"Apicurio Registry {_VERSION} could not be downloaded: {error}")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == _SHA256
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    return folder


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[str]:
    """Start the registry, in memory, and end it.

    Args:
        settings: Settings with the Java to use.
        folder: Folder for its log.

    Yields:
        The address of its API.
    """
    home, port, management = fetched(), free_port(), free_port()
    command = (
        str(java_home(settings) / "bin" / "java"),
        *_JVM,
        f"-Dquarkus.http.host={LOOPBACK}",
        f"-Dquarkus.http.port={port}",
        f"-Dquarkus.management.host={LOOPBACK}",
        f"-Dquarkus.management.port={management}",
        "-jar",
        str(home / "quarkus-run.jar"),
    )
    url = f"http://{LOOPBACK}:{port}/apis/ccompat/v7"

    async def ready(_: Process) -> bool:
        return _answers(url)

    spec = ProcessSpec("registry", "registry", command, folder / "registry.log", ready)
    with started([spec]) as (process,):
        wait_while_alive([process], lambda: _answers(url), _START_SECONDS, "the registry")
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/subjects").is_success
    except httpx.TransportError:
        return False
