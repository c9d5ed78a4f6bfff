"""One secured broker for all security tests, and the secrets in the environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .secured import (
    CLIENT_SECRET,
    KEY_PASSWORD,
    PASSWORD,
    Certificates,
    Secured,
    secured_broker,
)


@pytest.fixture(scope="package")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def secrets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY_PASSWORD", PASSWORD)
        patch.setenv("CANARY_CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("CANARY_KEY_PASSWORD", KEY_PASSWORD)
        yield


@pytest.fixture(scope="package")
def secured(
    secrets: None, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    with secured_broker(tmp_path_factory.mktemp("broker"), certificates) as broker:
        yield broker
