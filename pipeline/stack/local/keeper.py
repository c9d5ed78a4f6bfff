"""Brings jobs back that a cluster has lost, for as long as the stack runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from pipeline.config import KafkaSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.flink.jobs import Jobs
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import Submission, Submitted

_LOOK_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 4.0

_log = logging.getLogger(__name__)


class Keeper:
    """Starts again the jobs that ran and that Flink no longer knows.

    Flink itself restarts a job whose TaskManager or source fails. What it cannot do without a
    high-availability store is to remember jobs over the end of its JobManager.

    Args:
        cluster: Gives the cluster, which may come back at another address; None while none is up.
        settings: Of the profile.
        kafka: Tells where Kafka is, and how Flink gets in.
        submit: Hands a submission to the process that owns PyFlink; may be called in any thread.
    """

    def __init__(
        self,
        cluster: Callable[[], FlinkRest | None],
        settings: Settings,
        kafka: Callable[[], KafkaSettings],
        submit: Callable[[Submission], Submitted],
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._kafka = kafka
        self._submit = submit
        self._seen: frozenset[str] = frozenset()

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        pause = _LOOK_SECONDS
        while True:
            refused = await asyncio.to_thread(self._look)
            # What Flink refuses now it will hardly take a second later.
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS) if refused else _LOOK_SECONDS
            await asyncio.sleep(pause)

    def _look(self) -> bool:
        """Bring back what was lost since the last look; whether Flink refused a job."""
        rest = self._cluster()
        if rest is None:
            return False
        try:
            Jobs(rest, self._settings).bring_back(self._seen, self._kafka(), self._submit)
            self._seen |= {job.id for job in rest.jobs()}
        except UnavailableError:
            # The cluster is on its way down, or not all of it is up again.
            return False
        except PipelineError as error:
            _log.warning("a lost job cannot be brought back: %s", error)
            return True
        return False
