"""Every service of docker-compose.yml in a container, started once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from pipeline.stack.local.ports import free_port

from . import packages, stand_ins
from .engine import Engine, engine
from .packages import CannotRunError
from .stack import Stack, described

BROWSER = ("--profile", "browser")
_PORTS = ("FRAUDWATCH_KAFKA_PORT", "FRAUDWATCH_FLINK_PORT", "FRAUDWATCH_CONSOLE_PORT")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("compose")
            # The first start builds all images.
            item.add_marker(pytest.mark.timeout(1_800))


@pytest.fixture(scope="session")
def containers() -> Iterator[Engine]:
    """An engine that has images with the names in the file."""
    try:
        packages.install()
        with engine(user_cache_path("fraudwatch") / "compose-test") as running:
            stand_ins.build(running, described()["x-versions"])
            yield running
    except CannotRunError as error:
        pytest.skip(f"no containers can run here: {error}")


@pytest.fixture(scope="session")
def stack(containers: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack as `docker compose up -d` starts it."""
    ports = {name: str(free_port()) for name in _PORTS}
    state = str(tmp_path_factory.mktemp("state"))
    stack = Stack(
        containers, f"fraudwatch-test-{os.getpid()}", ports | {"FRAUDWATCH_STATE_DIR": state}
    )
    try:
        stack.compose("build", timeout=1_200)
        stack.compose("up", "--detach")
        yield stack
    finally:
        stack.fraudwatch("down")
        stack.compose(*BROWSER, "down", "--volumes", "--remove-orphans", check=False)


@pytest.fixture(scope="session")
def console(stack: Stack) -> str:
    """The optional service; yields its address."""
    stack.compose(*BROWSER, "build", "console", timeout=1_200)
    stack.compose(*BROWSER, "up", "--detach", "console")
    return f"http://127.0.0.1:{stack.environment['FRAUDWATCH_CONSOLE_PORT']}/"
