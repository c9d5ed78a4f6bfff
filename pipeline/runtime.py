"""Composes the parts of the pipeline for one profile: start, status, stop."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from . import feature_files, schema
from .config import Settings
from .errors import PipelineError, UnavailableError
from .features import Feature, Registry
from .flink.ddl import JobSql, job_sql
from .flink.jobs import remembered
from .flink.kept import remembered_state
from .job_detail import described
from .kafka import topics
from .local import launch
from .local.control import (
    Control,
    GetReport,
    Hold,
    Report,
    Simulate,
    Stay,
    Stop,
)
from .local_stack import LocalStack
from .model import (
    Health,
    JobDetail,
    JobStatus,
    JobVitals,
    Resume,
    SimulatorStatus,
    StackStatus,
    StepState,
)
from .startup import ReportSteps, Steps, await_processes, fetch_jars

if TYPE_CHECKING:
    from .oracle.report import Parity

# Stands in the SQL while there is no broker.
_SOME_BOOTSTRAP = "127.0.0.1:9092"
_STOP_SECONDS = 60.0


class Runtime:
    """The pipeline of one profile; every method blocks and may be called from any thread.

    Args:
        settings: Of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = LocalStack(settings)
        self._lease: Control | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @cached_property
    def features(self) -> Registry:
        """The features of the profile; read when first asked for, since `down` needs none.

        Raises:
            InputError: A file with features cannot be used.
        """
        return feature_files.load(self._settings.features)

    @property
    def bootstrap(self) -> str:
        """Kafka's address; empty while the stack does not run."""
        report = self._stack.find()
        return report.bootstrap if report else ""

    def bring_up(
        self,
        report: ReportSteps = lambda _: None,
        *,
        stay: bool = False,
        simulator: bool = True,
        jobs: bool = True,
    ) -> None:
        """Start the local stack, or attach to the one that runs.

        Args:
            report: Told the steps as they change.
            stay: Whether the stack outlives this runtime.
            simulator: Whether a stack that is started gets transactions.
            jobs: Whether the jobs that ran last time are started; all of them the first time.

        Raises:
            PipelineError: A process does not come up. A job that does not is a failed step.
        """
        # Before anything is started for features that cannot be used.
        _ = self.features
        wanted = {"simulator": simulator, "jobs": jobs}
        steps = Steps(report, frozenset(key for key in wanted if not wanted[key]))
        fetch_jars(
            steps,
            self._settings.jars_dir,
            self._settings.maven_repository,
            stop=self._closing.is_set,
        )
        was_up = self._stack.find() is not None
        control = launch.connect(self._settings)
        with self._lock:
            self._lease = control
        try:
            # Held until all is up, so that a start that fails or is interrupted leaves nothing.
            control.ask(Hold(), Report)
            self._bring_up(control, steps, simulator=simulator, was_up=was_up, jobs=jobs)
            if stay:
                control.ask(Stay(), Report)
        except BaseException:
            self._release()
            raise

    def _bring_up(
        self, control: Control, steps: Steps, *, simulator: bool, was_up: bool, jobs: bool
    ) -> None:
        def on_kafka(stack: Report) -> None:
            self._create_topics(steps, stack.bootstrap)
            if simulator:
                self._start_simulator(steps, stack, wanted=not was_up)

        stack = await_processes(control, steps, on_kafka)
        if jobs:
            self._start_jobs(steps, stack)

    def status(self) -> StackStatus:
        """The whole stack as it is now; a stack that does not run is a status too."""
        report = self._stack.find()
        if report is None:
            return StackStatus(
                profile=self._settings.profile,
                kafka=Health.OFF,
                flink=Health.OFF,
                jobs=remembered(self._settings, self.features.topics),
            )
        by_name = {process.name: process.health for process in report.processes}
        cluster = (by_name["jobmanager"], by_name["taskmanager"])
        flink = next((health for health in cluster if health is not Health.UP), Health.UP)
        status = StackStatus(
            profile=self._settings.profile,
            kafka=by_name["kafka"],
            flink=flink,
            bootstrap=report.bootstrap,
            rest=report.rest,
            simulator=_simulator_status(report),
        )
        if by_name["jobmanager"] is not Health.UP:
            jobs = remembered(self._settings, self.features.topics)
            return dataclasses.replace(status, jobs=jobs)
        rest = self._stack.rest(report.rest)
        return dataclasses.replace(
            status,
            slots=rest.overview().slots,
            jobs=self._stack.jobs(report).statuses(self.features.topics),
        )

    def vitals(self) -> dict[str, JobVitals]:
        """How the running jobs are doing, by name.

        Raises:
            UnavailableError: The stack does not run.
        """
        report = self._stack.report()
        reader = self._stack.vitals(report.rest)
        running = self._stack.jobs(report).running(self.features.topics)
        return reader.read_all(running)

    def job_detail(self, name: str) -> JobDetail:
        """All there is to know of a job; of one that does not run, what is kept of it.

        Raises:
            JobError: There is no such feature.
            UnavailableError: Flink does not answer.
        """
        (feature,) = self.features.find([name])
        report = self._stack.find()
        sql = job_sql(feature, report.bootstrap if report else _SOME_BOOTSTRAP)
        if report is None:
            kept = remembered_state(self._settings, name)
            return described(feature, sql, kept)
        jobs = self._stack.jobs(report)
        rest = self._stack.rest(report.rest)
        job_id = jobs.running([name]).get(name) or jobs.last_id(name)
        failures = rest.failures(job_id) if job_id else ()
        return described(feature, sql, jobs.kept(name), failures)

    def start_job(
        self,
        name: str,
        report: Callable[[str], None] = lambda _: None,
        *,
        resume: Resume = Resume.UNCHANGED,
    ) -> JobStatus:
        """Start a job, from its kept state if it has any, and wait until it runs.

        Raises:
            JobError: There is no such feature, Flink refused the job, or it has changed since its
                state was kept and `resume` does not say what to do.
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        stack = self._stack.report()
        jobs = self._stack.jobs(stack)
        # The stack may have been started when nobody knew of this feature.
        topics.create_topics(
            stack.bootstrap, [feature.topic], retention_bytes=self._retention_bytes
        )
        job_id = self._stack.submit(jobs, feature, stack.bootstrap, report, resume)
        report("waiting for its tasks")
        jobs.wait_running(job_id)
        return self._job_status(feature)

    def stop_job(
        self,
        name: str,
        report: Callable[[str], None] = lambda _: None,
        *,
        discard: bool = False,
    ) -> JobStatus:
        """Stop a job; its state is kept in a savepoint, or thrown away with `discard`.

        Raises:
            JobError: The job does not run, or no savepoint could be taken.
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        stack = self._stack.report()
        jobs = self._stack.jobs(stack)
        if discard:
            jobs.discard(name, report)
        else:
            jobs.stop(name, report)
        return self._job_status(feature)

    def sql(self, name: str) -> JobSql:
        """The SQL that runs, or would run, a feature."""
        (feature,) = self.features.find([name])
        return job_sql(feature, self.bootstrap or _SOME_BOOTSTRAP)

    def watermark(self, name: str) -> datetime | None:
        """How far a running job has come in event time; None before its first watermark.

        Raises:
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        job_id = self._job_status(feature).job_id
        mark = self._stack.rest(self._stack.report().rest).watermark(job_id) if job_id else None
        return None if mark is None else datetime(1970, 1, 1) + timedelta(milliseconds=mark)

    def verify(self, name: str, tell: Callable[[str], None] = lambda _: None) -> Parity:
        """Prove that a live feature is right, or show where it is not.

        Raises:
            JobError: There is no such feature.
            UnavailableError: The stack does not run.
        """
        from .oracle.live import LiveJob
        from .oracle.verify import verify

        (feature,) = self.features.find([name])
        stack = self._stack.report()
        rest = self._stack.rest(stack.rest)
        job = LiveJob(feature, self._stack.jobs(stack), rest, stack.bootstrap)
        return verify(feature, stack.bootstrap, job, tell=tell)

    def simulate(self, change: Simulate) -> SimulatorStatus:
        """Start, change or stop the simulator of the stack.

        Raises:
            UnavailableError: The stack does not run.
        """
        with Control(self._settings.state_dir, timeout=15.0) as control:
            return _simulator_status(control.ask(change, Report))

    def fresh(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Empty the topics and the jobs' state; jobs that ran run again, from nothing.

        The simulator is left off: whoever empties the topics has transactions of their own.

        Raises:
            UnavailableError: The stack does not run.
        """
        stack = self._stack.report()
        jobs = self._stack.jobs(stack)
        self.simulate(Simulate(running=False))
        ran = [status.name for status in jobs.statuses(self.features.topics) if status.job_id]
        for name in self.features.topics:
            jobs.discard(name, report)
        report("emptying topics")
        names = self._all_topics
        topics.delete_topics(stack.bootstrap, names)
        topics.create_topics(stack.bootstrap, names, retention_bytes=self._retention_bytes)
        for name in ran:
            self.start_job(name, report)

    def down(self) -> bool:
        """Stop the local stack, keeping the jobs' state; whether there was one to stop.

        Raises:
            UnavailableError: It does not end.
        """
        try:
            control = Control(self._settings.state_dir)
        except UnavailableError:
            return False
        with control:
            control.ask(Stop(), Report)
            control.wait_closed(_STOP_SECONDS)
        return True

    def close(self) -> None:
        """Let go of the stack; when nobody else holds it, wait until all of it has ended."""
        self._closing.set()
        self._release()
        self._stack.close()

    def _release(self) -> None:
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()
            self._wait_if_stopping()

    def _wait_if_stopping(self) -> None:
        """The supervisor learns of a closed lease by itself, but not before we can ask."""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            try:
                with Control(self._settings.state_dir) as control:
                    if control.ask(GetReport(), Report).stopping:
                        control.wait_closed(_STOP_SECONDS)
                        return
            except UnavailableError:
                return
            time.sleep(0.05)

    def _create_topics(self, steps: Steps, bootstrap: str) -> None:
        steps.update("topics", StepState.RUNNING)
        try:
            topics.create_topics(bootstrap, self._all_topics, retention_bytes=self._retention_bytes)
        except PipelineError as error:
            steps.update("topics", StepState.FAILED, error.message)
            raise
        steps.update("topics", StepState.DONE)

    def _start_simulator(self, steps: Steps, stack: Report, *, wanted: bool) -> None:
        if not wanted and not stack.simulator.up:
            steps.update("simulator", StepState.DONE, "off")
            return
        steps.update("simulator", StepState.RUNNING)
        status = self.simulate(Simulate(running=True))
        steps.update("simulator", StepState.DONE, f"{status.rate:,.0f}/s ×{status.speed:,.0f}")

    def _start_jobs(self, steps: Steps, stack: Report) -> None:
        jobs = self._stack.jobs(stack)
        names = jobs.to_resume(self.features.topics)
        submitted: list[str] = []
        failures: list[str] = []
        for number, name in enumerate(names, 1):
            steps.update("jobs", StepState.RUNNING, f"{name} ({number} of {len(names)})")
            try:
                (feature,) = self.features.find([name])
                submitted.append(self._stack.submit(jobs, feature, stack.bootstrap))
            except PipelineError as error:
                failures.append(error.message)
        for job_id in submitted:
            try:
                jobs.wait_running(job_id)
            except PipelineError as error:
                failures.append(error.message)
        if failures:
            steps.update("jobs", StepState.FAILED, " ".join(failures))
        else:
            steps.update("jobs", StepState.DONE, ", ".join(names) or "none was running")

    def _job_status(self, feature: Feature) -> JobStatus:
        return self._stack.jobs().statuses({feature.name: feature.topic})[0]

    @property
    def _all_topics(self) -> tuple[str, ...]:
        return (schema.TRANSACTION_TOPIC, *self.features.topics.values())

    @property
    def _retention_bytes(self) -> int:
        return self._settings.retention_mib * 1024 * 1024


def _simulator_status(report: Report) -> SimulatorStatus:
    simulator = report.simulator
    return SimulatorStatus(
        up=simulator.up,
        rate=simulator.rate,
        speed=simulator.speed,
        sent=simulator.sent,
        paused=simulator.paused,
        event_time=simulator.event_time,
        error=simulator.error,
    )
