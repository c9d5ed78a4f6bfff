"""The address of a cluster, as Flink's Java client takes it."""

from __future__ import annotations

import pytest

from pipeline.config import FlinkSettings
from pipeline.flink.java_client import address_options


@pytest.mark.parametrize(
    ("rest", "address", "port", "path"),
    [
        ("http://127.0.0.1:8081", "127.0.0.1", "8081", None),
        ("http://[::1]:8081", "[::1]", "8081", None),
        ("https://[fe80::1]/team/", "[fe80::1]", "443", "/team"),
        ("http://flink.example.org", "flink.example.org", "80", None),
    ],
)
def test_the_address_of_a_cluster(rest: str, address: str, port: str, path: str | None) -> None:
    found = address_options(FlinkSettings(rest=rest))
    assert (found["rest.address"], found["rest.port"], found.get("rest.path")) == (
        address,
        port,
        path,
    )
