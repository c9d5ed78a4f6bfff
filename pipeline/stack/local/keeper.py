"""Restarts jobs that a cluster has lost, for as long as the stack runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from pipeline.config import KafkaSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.flink.jobs import Jobs
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import PreparedJob, Submission, Submitted

_LOOK_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 4.0

_log = logging.getLogger(__name__)


class Keeper:
    """Restarts wanted jobs that Flink no longer knows.

    Flink itself restarts a job whose TaskManager or source fails. But without a high-availability
    store, jobs do not survive the end of their JobManager.

    Args:
        cluster: Returns the cluster, whose address may change; None while none is up.
        settings: Settings of the profile.
        kafka: Returns the Kafka cluster as Flink reaches it; None while a managed one is down.
        submit: Passes a submission to the process that owns the JVM; may be called from any thread.
    """

    def __init__(
        self,
        cluster: Callable[[], FlinkRest | None],
        settings: Settings,
        kafka: Callable[[], KafkaSettings | None],
        submit: Callable[[Submission], Submitted],
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._kafka = kafka
        self._submit = submit
        self._seen: frozenset[str] = frozenset()

    async def keep(self) -> None:
        """Check at intervals, until cancelled."""
        pause = _LOOK_SECONDS
        while True:
            refused = await asyncio.to_thread(self._look)
            # A job that Flink refuses now would be refused again a second later.
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS) if refused else _LOOK_SECONDS
            await asyncio.sleep(pause)

    def _look(self) -> bool:
        """Restart jobs lost since the last check; return whether Flink refused one."""
        rest = self._cluster()
        if rest is None:
            return False
        try:
            self._bring_back(Jobs(rest, self._settings))
            self._seen |= {job.id for job in rest.jobs()}
        except UnavailableError:
            # The cluster is going down, or is not completely up again.
            return False
        except PipelineError as error:
            _log.warning("a lost job cannot be brought back: %s", error)
            return True
        return False

    def _bring_back(self, jobs: Jobs) -> None:
        """Restart lost jobs, from their last checkpoint."""
        kafka = self._kafka()
        if kafka is None:
            return
        for name, definition in jobs.lost(self._seen).items():
            with jobs.starting(name):
                if not jobs.running_id(name):
                    prepared = jobs.prepare(name, definition, kafka=kafka)
                    ids = _topic_ids(kafka, prepared)
                    jobs.record_start(prepared, self._submit(prepared.submission), kafka, ids)


def _topic_ids(kafka: KafkaSettings, prepared: PreparedJob) -> dict[str, str]:
    """Return the ids of a job's topics if it begins without state, as before a first checkpoint."""
    if prepared.submission.resumes:
        return {}
    # Not above, since every start would wait for this: it is rarely needed.
    from pipeline.kafka.topics import topic_ids

    return topic_ids(kafka, prepared.definition.topics)
