"""A probe of a Kafka that does not answer."""

from __future__ import annotations

import gc
import weakref

import pytest

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka.client import Probe
from pipeline.stack.local.ports import free_port


def test_its_client_goes_with_it() -> None:
    """Garbage is looked for in any thread, and a client must not be destroyed in one of its own."""
    gc.collect()
    gc.disable()
    try:
        probe = Probe(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"))
        with pytest.raises(UnavailableError, match="does not answer") as raised:
            probe.ask(0.3)
        del raised
        client = weakref.ref(probe._admin)
        del probe
        assert client() is None
    finally:
        gc.enable()
