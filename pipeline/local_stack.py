"""The running local stack as the runtime uses it: its report, its REST API, its submitter."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .config import Settings
from .errors import UnavailableError
from .features import Feature
from .flink.ddl import definition
from .flink.jobs import Jobs
from .flink.rest import FlinkRest
from .flink.submission import Submission, Submitted
from .flink.vitals import VitalsReader
from .local.control import Control, GetReport, Report, Submit, SubmitAnswer
from .model import Resume

_SUBMIT_SECONDS = 150.0


class LocalStack:
    """Finds the stack of a state directory; may be shared between threads.

    Args:
        settings: Of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._clients: dict[str, FlinkRest] = {}
        self._readers: dict[str, VitalsReader] = {}

    def report(self) -> Report:
        """What the supervisor says.

        Raises:
            UnavailableError: The stack does not run.
        """
        with Control(self._settings.state_dir) as control:
            return control.ask(GetReport(), Report)

    def find(self) -> Report | None:
        """What the supervisor says; None when there is none."""
        try:
            return self.report()
        except UnavailableError:
            return None

    def rest(self, address: str) -> FlinkRest:
        """The client for an address, made once."""
        with self._lock:
            client = self._clients.get(address)
            if client is None:
                client = self._clients[address] = FlinkRest(address)
            return client

    def vitals(self, address: str) -> VitalsReader:
        """The reader for an address, made once, since it remembers what there is to read."""
        rest = self.rest(address)
        with self._lock:
            return self._readers.setdefault(address, VitalsReader(rest))

    def jobs(self, report: Report | None = None) -> Jobs:
        """The jobs of the cluster.

        Raises:
            UnavailableError: The stack does not run.
        """
        return Jobs(self.rest((report or self.report()).rest), self._settings)

    def submit(
        self,
        jobs: Jobs,
        feature: Feature,
        bootstrap: str,
        report: Callable[[str], None] = lambda _: None,
        resume: Resume = Resume.UNCHANGED,
    ) -> str:
        """Start a feature's job, from its kept state if there is any.

        Returns:
            The job's id.

        Raises:
            JobError: Flink refused the job, there are not enough free slots, or the job has changed
                since its state was kept.
        """

        def submit(submission: Submission) -> Submitted:
            with Control(self._settings.state_dir) as control:
                answer = control.ask(Submit(submission), SubmitAnswer, timeout=_SUBMIT_SECONDS)
            return answer.submitted

        return jobs.start(
            feature.name,
            definition(feature),
            bootstrap=bootstrap,
            submit=submit,
            resume=resume,
            report=report,
        )

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()
