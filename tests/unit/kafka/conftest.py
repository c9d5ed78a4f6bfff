"""The mock cluster, for the tests of consumers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.kafka import consumer as module

from .mock_cluster import Cluster


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The mock cluster has no topic ids, so the test sets them."""
    cluster = Cluster()
    monkeypatch.setattr(module, "AdminClient", lambda _: cluster)
    monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 0.0)
    yield cluster
