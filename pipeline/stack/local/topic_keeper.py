"""Creates topics again that have vanished from the local broker while jobs use them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Final

from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.flink.journal import Journal

from .broker import topics_on_disk
from .broker_process import BrokerProcess

_LOOK_SECONDS: Final = 1.0
_MIB: Final = 1024 * 1024

_log = logging.getLogger(__name__)


class TopicKeeper:
    """Creates the missing topics of running jobs again, as a start does; for sandboxes.

    Without its topic, a job is restarted again and again, and everything that connects logs errors.
    A topic has to be missing twice in a row: a client may be about to create it again.

    Args:
        broker: The managed broker.
        settings: Settings of the profile.
        simulated: Returns the topics that the simulator writes to; none while it is off.
    """

    def __init__(
        self, broker: BrokerProcess, settings: Settings, simulated: Callable[[], frozenset[str]]
    ) -> None:
        self._broker = broker
        self._settings = settings
        self._simulated = simulated
        self._missing: frozenset[str] = frozenset()

    async def keep(self) -> None:
        """Check at intervals, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._broker.up:
                await asyncio.to_thread(self._look)
            else:
                self._missing = frozenset()

    def _look(self) -> None:
        try:
            missing = frozenset(self._wanted()) - topics_on_disk(self._settings)
            if again := missing & self._missing:
                self._create(again)
        except (PipelineError, OSError) as error:
            _log.warning("%s", error)
        else:
            self._missing = missing - again

    def _wanted(self) -> Iterator[str]:
        for entry in Journal(self._settings.journal_file).entries().values():
            # A job that has no id yet is being started, for which its topics are created.
            if entry.wanted and entry.job_id and entry.definition is not None:
                yield from entry.definition.topics
        yield from self._simulated()

    def _create(self, names: frozenset[str]) -> None:
        # Not above, since every start would wait for this: it is rarely needed.
        from pipeline.kafka import topics
        from pipeline.kafka.client import Probe

        kafka = self._broker.kafka
        Probe(kafka).ask(cluster_id=self._broker.cluster_id)
        missing = sorted(names - set(topics.topic_names(kafka)))
        if missing:
            retention = self._settings.retention_mib * _MIB
            topics.create_topics(kafka, missing, retention_bytes=retention)
            _log.warning("topics that were gone have been created again: %s", ", ".join(missing))
