"""Closing clients, which may take for ever."""

from __future__ import annotations

import logging
import threading
from typing import Final

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

_CLOSE_SECONDS: Final = 10.0

_log = logging.getLogger(__name__)


def close(consumer: Consumer, *, patience: float = _CLOSE_SECONDS) -> None:
    """Close a consumer; one that does not end in time is left to a thread of its own.

    librdkafka may wait for ever for a partition whose topic was deleted (its issue 4362).

    Args:
        consumer: It is not used any more.
        patience: Seconds to wait for its end; 0 waits for nothing.
    """
    closing = threading.Thread(target=consumer.close, name="fraudwatch-closing", daemon=True)
    closing.start()
    closing.join(patience)
    if patience and closing.is_alive():
        _log.warning("a client of Kafka has not ended within %g s, and is left alone", patience)


def leave_open(admin: AdminClient) -> None:
    """Keep a client until the process ends, since its end would abort the process.

    That is so after a request about a group which the broker does not know (librdkafka's issue
    3663).
    """
    never = threading.Event()
    holding = threading.Thread(
        target=lambda _: never.wait(), args=(admin,), name="fraudwatch-left-open", daemon=True
    )
    holding.start()
