"""The pipeline of one profile: start, status, jobs, verification, stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from pipeline import contract
from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.features import Feature
from pipeline.flink.ddl import definition, job_sql
from pipeline.flink.restore_points import recorded_restore_points
from pipeline.kafka import topics
from pipeline.labels.verdict import Decision, Subject
from pipeline.model.jobs import JobDetail, JobMetrics, JobStatus, Resume
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.model.stack import Health, StackStatus
from pipeline.signals import Signal
from pipeline.sources import TRANSACTION

from . import verdicts
from .analyst import analyst
from .bring_up import BringUp, create_label_topic, create_topics
from .job_detail import described
from .local.control import Control, GetReport, Report, Stop
from .proven import Proven
from .stack_status import status_of
from .startup import ReportSteps, Steps, titles

# Placeholder in the SQL while there is no broker.
_SOME_BOOTSTRAP = "127.0.0.1:9092"
_STOP_SECONDS = 60.0


class Runtime(Proven):
    """The pipeline of one profile; methods block, and may be called from any thread.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._closing = threading.Event()

    @property
    def bootstrap(self) -> str:
        """Kafka's address; empty while the stack does not run."""
        endpoints = self._stack.find_endpoints()
        return endpoints.kafka.bootstrap if endpoints else ""

    @property
    def kafka(self) -> KafkaSettings:
        """The Kafka cluster and its credentials.

        Raises:
            UnavailableError: The stack does not run.
        """
        return self._stack.endpoints().kafka

    def running_kafka(self) -> KafkaSettings:
        """Return the Kafka cluster and its credentials, once it has answered.

        Raises:
            PipelineError: It does not answer, or refuses access.
        """
        endpoints = self._stack.endpoints()
        broker = endpoints.process("kafka")
        if broker is None:
            self._stack.ask_kafka(endpoints.kafka)
            return endpoints.kafka
        if broker.health is not Health.UP:
            raise UnavailableError(
                f"Kafka at {endpoints.kafka.bootstrap} is {broker.health}.",
                "Look at `fraudwatch logs kafka`.",
            )
        return self._stack.own_kafka(endpoints)

    def require_flink(self) -> None:
        """Return once an external Flink answers; for a managed one, return at once.

        Raises:
            PipelineError: It does not answer, or refuses access.
        """
        endpoints = self._stack.find_endpoints()
        if endpoints is not None and self._settings.flink.attached:
            self._stack.rest(endpoints.flink).overview()

    @property
    def attaches(self) -> bool:
        """Whether Kafka and Flink are both external, so that there is nothing to start."""
        return self._stack.attached

    def bring_up(
        self,
        report: ReportSteps = lambda _: None,
        *,
        stay: bool = False,
        simulator: bool = True,
        jobs: bool = True,
    ) -> None:
        """Start the profile's stack, or attach to the running one.

        Args:
            report: Called with all steps whenever one changes.
            stay: Whether the stack outlives this runtime.
            simulator: Whether to start the simulator, if the stack is not running yet.
            jobs: Whether to start the jobs that ran last time, or all jobs the first time. Outside
                of a sandbox, none are started.

        Raises:
            PipelineError: A process does not start. A job that does not start is only a failed
                step.
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
        """Return the status of the whole stack, also when it does not run."""
        return status_of(self._stack, self._settings, self.features, self.proofs)

    def chosen(self, names: Iterable[str]) -> tuple[Feature, ...]:
        """Return the named features; without a name, those that `status` lists.

        Raises:
            JobError: A name is unknown.
        """
        named = tuple(names) or tuple(job.name for job in self.status().jobs)
        return self.features.find(named)

    def metrics(self) -> dict[str, JobMetrics]:
        """Return the metrics of the running jobs, by name.

        Raises:
            UnavailableError: The stack does not run.
        """
        endpoints = self._stack.endpoints()
        running = self._stack.jobs(endpoints).running(self.features.topics(endpoints.kafka))
        reads = {
            feature.name: [endpoints.kafka.topic(source.topic) for source in feature.sources]
            for feature in self.features.find(running)
        }
        return self._stack.metrics(endpoints).read_all(running, reads)

    def job_detail(self, name: str) -> JobDetail:
        """Return the detail of a job; if Flink does not run, what the journal knows of it.

        Raises:
            JobError: There is no such feature.
            UnavailableError: Flink does not answer.
        """
        (feature,) = self.features.find([name])
        topic = self._settings.kafka.topic(feature.topic)
        sql = self.sql(name)
        endpoints = self._stack.find_endpoints()
        if endpoints is None:
            restore_points = recorded_restore_points(self._settings, name)
            return described(feature, topic, sql, restore_points, sink=self.sink_of(feature))
        jobs = self._stack.jobs(endpoints)
        rest = self._stack.rest(endpoints.flink)
        job_id = jobs.running([name]).get(name) or jobs.last_id(name)
        failures = rest.failures(job_id) if job_id else ()
        points = jobs.restore_points(name)
        return described(feature, topic, sql, points, failures, sink=self.sink_of(feature))

    def start_job(
        self,
        name: str,
        report: Callable[[str], None] = lambda _: None,
        *,
        resume: Resume = Resume.UNCHANGED,
    ) -> JobStatus:
        """Start a job, from its newest restore point if there is one, and wait until it runs.

        Raises:
            JobError: There is no such feature, Flink refused the job, or it has changed since its
                state was taken and `resume` does not say what to do, or since it was started.
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        endpoints = self._stack.endpoints()
        jobs = self._stack.jobs(endpoints)
        if self._settings.sandbox:
            # The feature may have been added after the stack was started.
            create_topics(self._settings, self._stack.own_kafka(endpoints), [feature])
        wanted = definition(feature, endpoints.kafka, jobs.job_name(name))
        if resume is not Resume.AS_BEFORE:
            jobs.require_same(name, wanted)
        began = time.time()
        job_id = self._stack.submit(jobs, feature, endpoints.kafka, report, resume)
        if resume is Resume.FRESH:
            self._forget([name])
        report("waiting for its tasks")
        jobs.wait_running(job_id)
        if isinstance(feature, Signal) and resume is not Resume.AS_BEFORE:
            self._standings.define(name, wanted.digest, analyst(self._settings), began)
        return self._job_status(feature)

    def stop_job(
        self,
        name: str,
        report: Callable[[str], None] = lambda _: None,
        *,
        discard: bool = False,
    ) -> JobStatus:
        """Stop a job with a savepoint, or with `discard` cancel it and delete its state.

        Raises:
            JobError: The job does not run, or no savepoint could be taken.
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        jobs = self._stack.jobs()
        if discard:
            jobs.discard(name, report)
            self._forget([name])
        else:
            jobs.stop(name, report)
        return self._job_status(feature)

    def sql(self, name: str) -> str:
        """Return the SQL of a feature's job; secrets are masked."""
        (feature,) = self.features.find([name])
        endpoints = self._stack.find_endpoints()
        kafka = endpoints.kafka if endpoints else self._settings.kafka.at(_SOME_BOOTSTRAP)
        return job_sql(feature, kafka, self._settings.flink.job_prefix + name)

    def watermark(self, name: str) -> datetime | None:
        """Return the watermark of a running job; None before its first one.

        Raises:
            UnavailableError: The stack does not run.
        """
        (feature,) = self.features.find([name])
        job_id = self._job_status(feature).job_id
        mark = self._stack.rest(self._stack.endpoints().flink).watermark(job_id) if job_id else None
        return None if mark is None else datetime(1970, 1, 1) + timedelta(milliseconds=mark)

    @property
    def analyst(self) -> str:
        """The name by which verdicts are signed."""
        return analyst(self._settings)

    def judge(self, subject: Subject, decision: Decision, note: str) -> None:
        """Send a verdict on an alert to the topic of verdicts.

        Raises:
            UnavailableError: Kafka does not take it, or has no such topic.
        """
        kafka = self._stack.own_kafka(self._stack.endpoints())
        verdicts.judge(self._settings, kafka, subject, decision, note)

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        """Start, change or stop the stack's simulator; creates the topic of labels held back.

        Raises:
            ConfigError: The profile is not a sandbox, or has only features of its own.
            InputError: The topic's name collides with that of another.
            UnavailableError: The stack does not run, or Kafka creates no topic.
        """
        self._settings.require_built_in("it has no simulator")
        self._settings.require_sandbox("it takes no simulated transactions")
        if change.label_delay:
            kafka = self._stack.own_kafka(self._stack.endpoints())
            create_label_topic(self._settings, kafka)
        with Control(self._settings.state_dir, timeout=15.0) as control:
            return control.ask(change, Report).simulator

    def fresh(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Empty the topics and delete the jobs' state; jobs that ran are restarted without state.

        Records of the user's own streams stay, since fraudwatch could not send them again.
        The simulator stays off: the caller is about to send other transactions.

        Raises:
            ConfigError: The profile is not a sandbox.
            UnavailableError: The stack does not run.
        """
        self._settings.require_sandbox("its topics must not be emptied")
        endpoints = self._stack.endpoints()
        kafka = self._stack.own_kafka(endpoints)
        jobs = self._stack.jobs(endpoints)
        if endpoints.report is not None and self._settings.built_in:
            self.simulate(SimulatorCommand(running=False))
        sinks = self.features.topics(kafka)
        ran = [status.name for status in jobs.statuses(sinks) if status.job_id]
        for name in sinks:
            jobs.discard(name, report)
        self._forget(sinks)
        report("emptying topics")
        # The simulator begins again with the same transactions, which old labels would give away.
        simulated = (TRANSACTION.topic, contract.LABEL_TOPIC) if self._settings.built_in else ()
        names = [kafka.topic(name) for name in simulated]
        labelled = kafka.topic(contract.LABEL_TOPIC) in (
            set(names) & set(topics.topic_names(kafka))
        )
        topics.delete_topics(kafka, (*names, *sinks.values()))
        create_topics(self._settings, kafka, self.features.at_start)
        if labelled:
            create_label_topic(self._settings, kafka)
        for name in ran:
            self.start_job(name, report)

    def down(self) -> bool:
        """Stop the local stack with savepoints; return whether it was running.

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
        """Release the stack; if this was the last connection, wait until the stack has ended."""
        self._closing.set()
        self._release()
        self._stack.close()

    def _release(self) -> None:
        if self._stack.release():
            self._wait_if_stopping()

    def _wait_if_stopping(self) -> None:
        """Wait for the supervisor, which notices a closed lease with a delay."""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            try:
                with Control(self._settings.state_dir) as control:
                    report = control.ask(GetReport(), Report)
                    if report.stopping:
                        control.wait_closed(_STOP_SECONDS)
                    if report.stopping or report.stays:
                        return
            except UnavailableError:
                return
            time.sleep(0.05)

    def _job_status(self, feature: Feature) -> JobStatus:
        endpoints = self._stack.endpoints()
        topic = endpoints.kafka.topic(feature.topic)
        return self._stack.jobs(endpoints).statuses({feature.name: topic})[0]
