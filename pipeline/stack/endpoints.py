"""A profile's stack: the endpoints of its parts, and clients for them.

A local stack is found through its supervisor. External clusters are where the settings say; then
the supervisor runs only the submitter, and is started when a job is to be submitted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.features import Feature
from pipeline.flink.ddl import definition
from pipeline.flink.jobs import Jobs
from pipeline.flink.rest import FlinkRest
from pipeline.flink.submission import Submission
from pipeline.formats.decoders import require_readable
from pipeline.kafka import groups, topics
from pipeline.kafka.client import Probe
from pipeline.model.jobs import Resume
from pipeline.model.stack import Health, Slots
from pipeline.sources.formats import PROTOBUF

from .job_metrics import JobMetricsReader
from .local import jars, launch, parts
from .local.control import Control, GetReport, Hold, ProcessReport, Report, Submit, SubmitAnswer

_SUBMIT_SECONDS = 330.0
_PROBE_SECONDS = 2.0
# A managed broker shares the machine with everything else.
_OWN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of a stack.

    Attributes:
        kafka: The Kafka cluster and its credentials.
        flink: The Flink cluster and its credentials.
        report: The supervisor's report; None if there is no supervisor and none is needed.
    """

    kafka: KafkaSettings
    flink: FlinkSettings
    report: Report | None = None

    @property
    def cluster_id(self) -> str:
        """The id of the Kafka cluster if it is managed; empty if not, or if it is unknown."""
        return self.report.cluster_id if self.report else ""

    def process(self, name: str) -> ProcessReport | None:
        """Return the report on a local process; None if it is not part of the stack."""
        processes = self.report.processes if self.report else ()
        return next((process for process in processes if process.name == name), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """The health of a stack's clusters.

    Attributes:
        kafka: Health of Kafka.
        flink: Health of Flink.
        slots: Task slots of the cluster; None while it cannot be asked about jobs either.
        problems: Why external clusters do not answer, and what to do about it.
    """

    kafka: Health
    flink: Health
    slots: Slots | None = None
    problems: tuple[str, ...] = ()


class Stack:
    """The stack of a profile; thread-safe.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._clients: dict[FlinkSettings, FlinkRest] = {}
        self._readers: dict[tuple[FlinkSettings, str], JobMetricsReader] = {}
        self._probes: dict[str, Probe] = {}
        self._lease: Control | None = None

    @property
    def attached(self) -> bool:
        """Whether both Kafka and Flink are external."""
        return self._settings.kafka.attached and self._settings.flink.attached

    def find_endpoints(self) -> Endpoints | None:
        """Return the endpoints; None if the stack does not run."""
        settings = self._settings
        report = self._report()
        if report is not None:
            return Endpoints(
                settings.kafka.at(report.bootstrap), settings.flink.at(report.rest), report
            )
        return Endpoints(settings.kafka, settings.flink) if self.attached else None

    def endpoints(self) -> Endpoints:
        """Return the endpoints.

        Raises:
            UnavailableError: The stack does not run.
        """
        endpoints = self.find_endpoints()
        if endpoints is None:
            raise UnavailableError(
                "The local stack is not running.", "Start it with `fraudwatch up`."
            )
        return endpoints

    def ask_kafka(
        self, kafka: KafkaSettings, seconds: float = _PROBE_SECONDS, *, cluster_id: str = ""
    ) -> None:
        """Return once Kafka has answered.

        Args:
            kafka: The cluster and its credentials.
            seconds: Timeout.
            cluster_id: The id that the cluster has to have; any may when empty.

        Raises:
            PipelineError: It does not answer, refuses access, or is another cluster; the message
                says which.
        """
        with self._lock:
            probe = self._probes.get(kafka.bootstrap)
            if probe is None:
                probe = self._probes[kafka.bootstrap] = Probe(kafka)
        try:
            probe.ask(seconds, cluster_id=cluster_id)
        except PipelineError:
            # A client that has lost all connections does not always reconnect.
            with self._lock:
                self._probes.pop(kafka.bootstrap, None)
            raise

    def own_kafka(self, endpoints: Endpoints) -> KafkaSettings:
        """Return the Kafka cluster to write to: a managed one once it has proved to be the stack's.

        Raises:
            PipelineError: A managed one does not answer, or another one answers at its address.
        """
        if endpoints.cluster_id:
            self.ask_kafka(endpoints.kafka, _OWN_SECONDS, cluster_id=endpoints.cluster_id)
        return endpoints.kafka

    def condition(self, endpoints: Endpoints) -> Condition:
        """Check Kafka and Flink; a managed cluster without an address is off.

        Raises:
            UnavailableError: A managed cluster is up but does not answer.
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
            slots = self.rest(endpoints.flink).overview().slots

        broker = endpoints.process("kafka")
        if broker is None:
            kafka = asked(endpoints.kafka.bootstrap, lambda: self.ask_kafka(endpoints.kafka))
        else:
            kafka = broker.health
        process = endpoints.process("flink")
        if process is None:
            flink = asked(endpoints.flink.rest, survey_slots)
        else:
            flink = process.health
            if flink is Health.UP:
                survey_slots()
        return Condition(kafka, flink, slots, tuple(problems))

    def rest(self, flink: FlinkSettings) -> FlinkRest:
        """Return the cached client for a cluster."""
        with self._lock:
            client = self._clients.get(flink)
            if client is None:
                client = FlinkRest(flink, show_values=self._settings.show_sensitive)
                self._clients[flink] = client
            return client

    def metrics(self, endpoints: Endpoints) -> JobMetricsReader:
        """Return the cached metrics reader for a cluster; it caches which metrics its jobs have."""
        rest = self.rest(endpoints.flink)
        clusters = endpoints.flink, endpoints.kafka.bootstrap
        with self._lock:
            reader = self._readers.get(clusters)
            if reader is None:
                reader = self._readers[clusters] = JobMetricsReader(rest, endpoints.kafka)
            return reader

    def jobs(self, endpoints: Endpoints | None = None) -> Jobs:
        """Return the jobs of the cluster.

        Raises:
            UnavailableError: The stack does not run, or a managed Flink is not up: another one may
                listen at its address, with jobs of the same names.
        """
        endpoints = endpoints or self.endpoints()
        process = endpoints.process("flink")
        if process is not None and process.health is not Health.UP:
            raise UnavailableError(
                f"Flink at {endpoints.flink.rest} is {process.health}.",
                "Look at `fraudwatch logs flink`.",
            )
        return Jobs(self.rest(endpoints.flink), self._settings)

    def submit(
        self,
        jobs: Jobs,
        feature: Feature,
        kafka: KafkaSettings,
        report: Callable[[str], None] = lambda _: None,
        resume: Resume = Resume.UNCHANGED,
    ) -> str:
        """Start a feature's job, restored from its newest restore point if there is one.

        Returns:
            The job's id.

        Raises:
            InputError: Kafka lacks a topic of it, or Flink cannot read its schema.
            JobError: Flink refused the job, there are not enough free slots, or the job has changed
                since its state was taken.
        """
        topics.require_topics(kafka, map(kafka.topic, feature.topics))

        name = feature.name
        with jobs.starting(name):
            if running := jobs.running_id(name):
                return running
            for source in feature.sources:
                require_readable(source, kafka)
            prepared = jobs.prepare(
                name,
                definition(feature, kafka, jobs.job_name(name)),
                kafka=kafka,
                resume=resume,
                report=report,
            )
            ids: dict[str, str] = {}
            if not prepared.submission.resumes:
                ids = topics.topic_ids(kafka, prepared.definition.topics)
                groups.forget(kafka, jobs.job_name(name))
            if self._report() is None:
                # A profile with external clusters may never have been started.
                self._start_submitter(report)
            with Control(self._settings.state_dir) as control:
                answer = control.ask(
                    Submit(self._with_jars(prepared.submission, feature, report)),
                    SubmitAnswer,
                    timeout=_SUBMIT_SECONDS,
                )
            return jobs.record_start(prepared, answer.submitted, kafka, ids)

    def _with_jars(
        self, submission: Submission, feature: Feature, report: Callable[[str], None]
    ) -> Submission:
        """Add the jars of the sources' formats, which are downloaded for the first job."""
        needed = (jar for each in feature.sources for jar in parts.jars_of(each.format))
        wanted = tuple(dict.fromkeys(needed))
        parts.fetch_jars(self._settings, lambda far: report(f"fetching jars: {far}"), wanted=wanted)
        files = jars.paths(wanted, self._settings.jars_dir)
        if messages := [each for each in feature.sources if each.format == PROTOBUF]:
            from .local.protobuf_classes import jar_of

            files += tuple(jar_of(self._settings, each, report) for each in messages)
        return submission.shipping(files)

    def _start_submitter(self, report: Callable[[str], None]) -> None:
        parts.fetch_jars(self._settings, lambda far: report(f"fetching Flink's jars: {far}"))
        report("starting the submitter")
        self.hold()

    def hold(self) -> Control:
        """Keep the profile's processes running for as long as the result is held.

        Raises:
            PipelineError: They cannot be started.
        """
        control = launch.connect(self._settings)
        with self._lock:
            self._lease = control
        control.ask(Hold(), Report)
        return control

    def release(self) -> bool:
        """Stop holding the processes; return whether they were held."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()
        return lease is not None

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _report(self) -> Report | None:
        try:
            with Control(self._settings.state_dir) as control:
                return control.ask(GetReport(), Report)
        except UnavailableError:
            return None
