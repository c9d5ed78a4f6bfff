"""A probe of a Kafka that does not answer."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka import client as module
from pipeline.kafka.client import Probe
from pipeline.stack.local.ports import free_port


def test_its_client_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Garbage collection may run in a thread of the client, which must not destroy the client."""
    clients: list[weakref.ref[AdminClient]] = []

    def noted(options: dict[str, Any]) -> AdminClient:
        client = AdminClient(options)
        clients.append(weakref.ref(client))
        return client

    monkeypatch.setattr(module, "AdminClient", noted)
    gc.collect()
    gc.disable()
    try:
        probe = Probe(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"))
        with pytest.raises(UnavailableError, match="does not answer") as raised:
            probe.ask(0.3)
        del raised
        (client,) = clients
        assert client() is not None
        del probe
        assert client() is None
    finally:
        gc.enable()
