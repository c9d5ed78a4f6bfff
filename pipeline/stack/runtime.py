"""Composes the parts of the pipeline for one profile: start, status, stop."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline import contract
from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.features import Feature, Registry
from pipeline.flink.ddl import job_sql
from pipeline.flink.jobs import remembered
from pipeline.flink.restore_points import recorded_restore_points
from pipeline.kafka import topics
from pipeline.model import (
    Health,
    JobDetail,
    JobMetrics,
    JobStatus,
    Resume,
    SimulatorCommand,
    SimulatorStatus,
    StackStatus,
)

from . import feature_files
from .bring_up import BringUp, create_topics
from .endpoints import Stack
from .job_detail import described
from .local.control import Control, GetReport, Report, Stop
from .startup import ReportSteps, Steps, titles

if TYPE_CHECKING:
    from pipeline.parity.report import Parity

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
        self._stack = Stack(settings)
        self._closing = threading.Event()
        self._loading = threading.Lock()
        self._features: Registry | None = None

    @property
    def features(self) -> Registry:
        """The features of the profile; read when first asked for, since `down` needs none.

        Raises:
            InputError: A file with features cannot be used.
        """
        with self._loading:  # A user's file runs once, whoever asks first.
            if self._features is None:
                self._features = feature_files.load(self._settings.features)
            return self._features

    @property
    def bootstrap(self) -> str:
        """Kafka's address; empty while the stack does not run."""
        found = self._stack.find()
        return found.kafka.bootstrap if found else ""

    @property
    def kafka(self) -> KafkaSettings:
        """Where Kafka is, and how to get in.

        Raises:
            UnavailableError: The stack does not run.
        """
        return self._stack.found().kafka

    def running_kafka(self) -> KafkaSettings:
        """Where Kafka is, and how to get in, once it has answered.

        Raises:
            PipelineError: It does not, or does not let us in.
        """
        found = self._stack.found()
        broker = found.process("kafka")
        if broker is None:
            self._stack.ask_kafka(found.kafka)
        elif broker.health is not Health.UP:
            raise UnavailableError(
                f"Kafka at {found.kafka.bootstrap} is {broker.health}.",
                "Look at `fraudwatch logs kafka`.",
            )
        return found.kafka

    def require_flink(self) -> None:
        """Return when an external Flink answers, or when there is none to ask.

        Raises:
            PipelineError: It does not, or does not let us in.
        """
        found = self._stack.find()
        if found is not None and self._settings.flink.attached:
            self._stack.rest(found.flink).overview()

    @property
    def attaches(self) -> bool:
        """Whether Kafka and Flink are both external, so that there is nothing to start here."""
        return self._stack.attached

    def bring_up(
        self,
        report: ReportSteps = lambda _: None,
        *,
        stay: bool = False,
        simulator: bool = True,
        jobs: bool = True,
    ) -> None:
        """Start the stack of the profile, or attach to the one that runs.

        Args:
            report: Told the steps as they change.
            stay: Whether the stack outlives this runtime.
            simulator: Whether a stack that is started gets transactions.
            jobs: Whether the jobs that ran last time are started; all of them the first time. Of
                what is no sandbox, none.

        Raises:
            PipelineError: A process does not come up. A job that does not is a failed step.
        """
        wanted = {"simulator": simulator, "jobs": jobs and self._settings.sandbox}
        shown = titles(self._settings)
        steps = Steps(report, {key: shown[key] for key in shown if wanted.get(key, True)})
        start = BringUp(
            self._settings,
            self._stack,
            self.features,
            steps,
            self.simulate,
            self._closing.is_set,
        )
        try:
            start.run(stay=stay)
        except BaseException:
            self._release()
            raise

    def status(self) -> StackStatus:
        """The whole stack as it is now; a stack that does not run is a status too."""
        found = self._stack.find()
        if found is None:
            return StackStatus(
                profile=self._settings.profile,
                kafka=Health.OFF,
                flink=Health.OFF,
                jobs=remembered(self._settings, self.features.topics(self._settings.kafka)),
            )
        condition = self._stack.condition(found)
        sinks = self.features.topics(found.kafka)
        status = StackStatus(
            profile=self._settings.profile,
            kafka=condition.kafka,
            flink=condition.flink,
            bootstrap=found.kafka.bootstrap,
            rest=found.flink.rest,
            problems=condition.problems,
            simulator=found.report.simulator if found.report else SimulatorStatus(),
        )
        if condition.slots is None:
            return dataclasses.replace(status, jobs=remembered(self._settings, sinks))
        survey = self._stack.jobs(found).survey(sinks)
        return dataclasses.replace(
            status, slots=condition.slots, jobs=survey.ours, others=survey.others
        )

    def metrics(self) -> dict[str, JobMetrics]:
        """How the running jobs are doing, by name.

        Raises:
            UnavailableError: The stack does not run.
        """
        found = self._stack.found()
        running = self._stack.jobs(found).running(self.features.topics(found.kafka))
        return self._stack.metrics(found.flink).read_all(running)

    def job_detail(self, name: str) -> JobDetail:
        """All there is to know of a job; of one that does not run, what is kept of it.

        Raises:
            JobError: There is no such feature.
            UnavailableError: Flink does not answer.
        """
        (feature,) = self.features.find([name])
        topic = self._settings.kafka.topic(feature.topic)
        sql = self.sql(name)
        found = self._stack.find()
        if found is None:
            restore_points = recorded_restore_points(self._settings, name)
            return described(feature, topic, sql, restore_points)
        jobs = self._stack.jobs(found)
        rest = self._stack.rest(found.flink)
        job_id = jobs.running([name]).get(name) or jobs.last_id(name)
        failures = rest.failures(job_id) if job_id else ()
        return described(feature, topic, sql, jobs.restore_points(name), failures)

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
        found = self._stack.found()
        jobs = self._stack.jobs(found)
        if self._settings.sandbox:
            # The stack may have been started when nobody knew of this feature.
            create_topics(self._settings, found.kafka, [feature])
        job_id = self._stack.submit(jobs, feature, found.kafka, report, resume)
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
        jobs = self._stack.jobs()
        if discard:
            jobs.discard(name, report)
        else:
            jobs.stop(name, report)
        return self._job_status(feature)

    def sql(self, name: str) -> str:
        """The SQL that runs, or would run, a feature; secrets are hidden."""
        (feature,) = self.features.find([name])
        found = self._stack.find()
        kafka = found.kafka if found else self._settings.kafka.at(_SOME_BOOTSTRAP)
        return job_sql(feature, kafka, self._settings.flink.job_prefix + name)

    def watermark(self, name: str) -> datetime | None:
        """How far a running job has come in event time; None before its first watermark.

        Raises:
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        job_id = self._job_status(feature).job_id
        mark = self._stack.rest(self._stack.found().flink).watermark(job_id) if job_id else None
        return None if mark is None else datetime(1970, 1, 1) + timedelta(milliseconds=mark)

    def verify(self, name: str, report: Callable[[str], None] = lambda _: None) -> Parity:
        """Prove that a live feature is right, or show where it is not.

        Raises:
            JobError: There is no such feature.
            UnavailableError: The stack does not run.
        """
        from pipeline.parity.live import LiveJob
        from pipeline.parity.verify import verify

        (feature,) = self.features.find([name])
        found = self._stack.found()
        rest = self._stack.rest(found.flink)
        job = LiveJob(feature, self._stack.jobs(found), rest, found.kafka)
        return verify(feature, found.kafka, job, report=report)

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        """Start, change or stop the simulator of the stack.

        Raises:
            ConfigError: The profile is no sandbox.
            UnavailableError: The stack does not run.
        """
        self._settings.require_sandbox("simulated transactions are not for it")
        with Control(self._settings.state_dir, timeout=15.0) as control:
            return control.ask(change, Report).simulator

    def fresh(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Empty the topics and the jobs' state; jobs that ran run again, from nothing.

        The simulator is left off: whoever empties the topics has transactions of their own.

        Raises:
            ConfigError: The profile is no sandbox.
            UnavailableError: The stack does not run.
        """
        self._settings.require_sandbox("its topics are not ours to empty")
        found = self._stack.found()
        jobs = self._stack.jobs(found)
        if found.report is not None:
            self.simulate(SimulatorCommand(running=False))
        sinks = self.features.topics(found.kafka)
        ran = [status.name for status in jobs.statuses(sinks) if status.job_id]
        for name in sinks:
            jobs.discard(name, report)
        report("emptying topics")
        names = (found.kafka.topic(contract.TRANSACTION_TOPIC), *sinks.values())
        topics.delete_topics(found.kafka, names)
        create_topics(self._settings, found.kafka, self.features)
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
        if self._stack.release():
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

    def _job_status(self, feature: Feature) -> JobStatus:
        found = self._stack.found()
        topic = found.kafka.topic(feature.topic)
        return self._stack.jobs(found).statuses({feature.name: topic})[0]
