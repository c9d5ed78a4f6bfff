"""Starts jobs when the stack starts: submits one after another, and follows each until it runs."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass

from pipeline.config import KafkaSettings
from pipeline.errors import PipelineError
from pipeline.features import Registry
from pipeline.features.start_order import in_start_order
from pipeline.flink.jobs import Jobs
from pipeline.model.stack import StepState

from .endpoints import Stack
from .startup import Steps

_STEP = "jobs"


@dataclass(frozen=True, slots=True)
class JobStarts:
    """The jobs to start with the stack.

    Attributes:
        names: Names of the features, as listed.
        features: The registry of features.
        stack: The stack that they run on.
        steps: The steps of the start; each job is a part of the step `jobs`.
    """

    names: tuple[str, ...]
    features: Registry
    stack: Stack
    steps: Steps

    def announce(self) -> None:
        """List the jobs as waiting while the stack comes up."""
        for name in self.names:
            self.steps.update_part(_STEP, name, StepState.WAITING, "waiting for Flink")

    def run(self) -> None:
        """Start the jobs and wait until all run; a job that does not start is a failed step."""
        endpoints = self.stack.endpoints()
        jobs = self.stack.jobs(endpoints)
        for name in self.names:
            self.steps.update_part(_STEP, name, StepState.WAITING, "waiting for its turn")
        runs: dict[str, Future[None]] = {}
        failures: dict[str, str] = {}
        for number, name in enumerate(in_start_order(self.names), 1):
            progress = f"{name} ({number} of {len(self.names)})"
            self.steps.update(_STEP, StepState.RUNNING, progress)
            try:
                runs[name] = self._follow(name, jobs, self._submit(name, jobs, endpoints.kafka))
            except PipelineError as error:
                failures[name] = self._failed(name, error)
        for name, run in runs.items():
            try:
                run.result()
            except PipelineError as error:
                failures[name] = self._failed(name, error)
        if failures:
            said = [failures[name] for name in self.names if name in failures]
            self.steps.update(_STEP, StepState.FAILED, " ".join(said))
        else:
            detail = ", ".join(self.names) or "none was running"
            self.steps.update(_STEP, StepState.DONE, detail)

    def _submit(self, name: str, jobs: Jobs, kafka: KafkaSettings) -> str:
        """Submit a job; one that already runs is left alone without a message."""
        (feature,) = self.features.find([name])
        submitted = False

        def report(doing: str) -> None:
            nonlocal submitted
            submitted = True
            self.steps.update_part(_STEP, name, StepState.RUNNING, doing)

        job_id = self.stack.submit(jobs, feature, kafka, report)
        if submitted:
            report("waiting for its tasks")
        return job_id

    def _follow(self, name: str, jobs: Jobs, job_id: str) -> Future[None]:
        """Report that a job runs as soon as it does, while the next ones are submitted."""
        runs: Future[None] = Future()

        def wait() -> None:
            try:
                jobs.wait_running(job_id)
            except BaseException as error:
                runs.set_exception(error)
            else:
                self.steps.update_part(_STEP, name, StepState.DONE)
                runs.set_result(None)

        # A daemon thread, so that quitting during a start does not wait for it.
        threading.Thread(target=wait, name=f"fraudwatch-start-{name}", daemon=True).start()
        return runs

    def _failed(self, name: str, error: PipelineError) -> str:
        self.steps.update_part(_STEP, name, StepState.FAILED, error.message)
        return error.message
