"""The stack of a profile as the runtime uses it: where its parts are, and how they are spoken to.

A local stack is found through its supervisor. What belongs to somebody else is where the settings
say; then the supervisor has only the submitter, and is started when a job is to be submitted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline import contract
from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.features import Feature
from pipeline.flink.ddl import definition
from pipeline.flink.jobs import Jobs
from pipeline.flink.metrics import MetricsReader
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import Submission, Submitted
from pipeline.kafka import groups, topics
from pipeline.kafka.client import Probe
from pipeline.model import Health, Resume, Slots

from .local import launch, parts
from .local.control import Control, GetReport, Hold, ProcessReport, Report, Submit, SubmitAnswer

_SUBMIT_SECONDS = 330.0
_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """A stack that can be spoken to.

    Attributes:
        kafka: Where Kafka is, and how to get in.
        flink: Where Flink is, and how to get in.
        report: What the supervisor says; None where there is none, and none is needed.
    """

    kafka: KafkaSettings
    flink: FlinkSettings
    report: Report | None = None

    def process(self, name: str) -> ProcessReport | None:
        """A process of ours; None when it is not."""
        processes = self.report.processes if self.report else ()
        return next((process for process in processes if process.name == name), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """How the parts of a stack are doing.

    Attributes:
        kafka: Kafka.
        flink: Flink.
        slots: Of the cluster; None while it cannot be asked about jobs either.
        problems: Why what is external does not answer, and what to do about each.
    """

    kafka: Health
    flink: Health
    slots: Slots | None = None
    problems: tuple[str, ...] = ()


class Stack:
    """The stack of a profile; may be shared between threads.

    Args:
        settings: Of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._clients: dict[FlinkSettings, FlinkRest] = {}
        self._readers: dict[FlinkSettings, MetricsReader] = {}
        self._probes: dict[str, Probe] = {}
        self._lease: Control | None = None

    @property
    def attached(self) -> bool:
        """Whether neither Kafka nor Flink is ours, so that both are there without us."""
        return self._settings.kafka.attached and self._settings.flink.attached

    def find(self) -> Found | None:
        """The stack; None when it does not run."""
        settings = self._settings
        report = self._report()
        if report is not None:
            return Found(
                settings.kafka.at(report.bootstrap), settings.flink.at(report.rest), report
            )
        return Found(settings.kafka, settings.flink) if self.attached else None

    def found(self) -> Found:
        """The stack.

        Raises:
            UnavailableError: It does not run.
        """
        found = self.find()
        if found is None:
            raise UnavailableError(
                "The local stack is not running.", "Start it with `fraudwatch up`."
            )
        return found

    def ask_kafka(self, kafka: KafkaSettings, seconds: float = _PROBE_SECONDS) -> None:
        """Return when Kafka has answered.

        Raises:
            PipelineError: It does not, or does not let us in; the sentence says which.
        """
        with self._lock:
            probe = self._probes.get(kafka.bootstrap)
            if probe is None:
                probe = self._probes[kafka.bootstrap] = Probe(kafka)
        try:
            probe.ask(seconds)
        except PipelineError:
            # A client that has lost its connections does not always look for new ones.
            with self._lock:
                self._probes.pop(kafka.bootstrap, None)
            raise

    def condition(self, found: Found) -> Condition:
        """How Kafka and Flink are doing; what would be ours and has no address is off.

        Raises:
            UnavailableError: A cluster of ours is up and yet does not answer.
        """
        problems: list[str] = []
        slots: Slots | None = None

        def asked(address: str, ask: Callable[[], object]) -> Health:
            if not address:
                return Health.OFF
            try:
                ask()
            except PipelineError as error:
                problems.append(str(error))
                return Health.DOWN
            return Health.UP

        def survey_slots() -> None:
            nonlocal slots
            slots = self.rest(found.flink).overview().slots

        broker = found.process("kafka")
        if broker is None:
            kafka = asked(found.kafka.bootstrap, lambda: self.ask_kafka(found.kafka))
        else:
            kafka = broker.health
        process = found.process("flink")
        if process is None:
            flink = asked(found.flink.rest, survey_slots)
        else:
            flink = process.health
            if flink is Health.UP:
                survey_slots()
        return Condition(kafka, flink, slots, tuple(problems))

    def rest(self, flink: FlinkSettings) -> FlinkRest:
        """The client for a cluster, made once."""
        with self._lock:
            client = self._clients.get(flink)
            if client is None:
                client = self._clients[flink] = FlinkRest(flink)
            return client

    def metrics(self, flink: FlinkSettings) -> MetricsReader:
        """The reader for a cluster, made once, since it remembers what there is to read."""
        rest = self.rest(flink)
        with self._lock:
            return self._readers.setdefault(flink, MetricsReader(rest))

    def jobs(self, found: Found | None = None) -> Jobs:
        """The jobs of the cluster.

        Raises:
            UnavailableError: The stack does not run.
        """
        return Jobs(self.rest((found or self.found()).flink), self._settings)

    def submit(
        self,
        jobs: Jobs,
        feature: Feature,
        kafka: KafkaSettings,
        report: Callable[[str], None] = lambda _: None,
        resume: Resume = Resume.UNCHANGED,
    ) -> str:
        """Start a feature's job, from its kept state if there is any.

        Returns:
            The job's id.

        Raises:
            InputError: Kafka lacks the topic that it reads or that it writes.
            JobError: Flink refused the job, there are not enough free slots, or the job has changed
                since its state was kept.
        """
        needed = (contract.TRANSACTION_TOPIC, feature.topic)
        topics.require_topics(kafka, map(kafka.topic, needed))

        def submit(submission: Submission) -> Submitted:
            if not submission.resumes:
                groups.forget(kafka, jobs.job_name(feature.name))
            if self._report() is None:
                # A profile that only attaches may never have been brought up.
                parts.fetch_jars(
                    self._settings, lambda far: report(f"fetching Flink's jars: {far}")
                )
                report("starting the submitter")
                self.hold()
            with Control(self._settings.state_dir) as control:
                answer = control.ask(Submit(submission), SubmitAnswer, timeout=_SUBMIT_SECONDS)
            return answer.submitted

        return jobs.start(
            feature.name,
            definition(feature, kafka, jobs.job_name(feature.name)),
            kafka=kafka,
            submit=submit,
            resume=resume,
            report=report,
        )

    def hold(self) -> Control:
        """Have the processes of the profile run, for as long as this is held.

        Raises:
            PipelineError: They cannot be started.
        """
        control = launch.connect(self._settings)
        with self._lock:
            self._lease = control
        control.ask(Hold(), Report)
        return control

    def release(self) -> bool:
        """Hold the processes no more; whether they were held."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()
        return lease is not None

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            client.close()

    def _report(self) -> Report | None:
        try:
            with Control(self._settings.state_dir) as control:
                return control.ask(GetReport(), Report)
        except UnavailableError:
            return None
