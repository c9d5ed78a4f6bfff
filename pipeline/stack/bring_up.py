"""Starts a profile's stack, or attaches to it, with as many steps in parallel as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from pipeline import contract
from pipeline.config import KafkaSettings, Settings
from pipeline.features import Feature, Registry
from pipeline.flink.journal import Journal
from pipeline.kafka import topics
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.model.stack import StepState

from .endpoints import Stack
from .job_starts import JobStarts
from .local.control import Report, Stay
from .startup import Steps, await_processes, fetch_jars

_PROBE_SECONDS = 10.0
_MIB = 1024 * 1024


def create_topics(settings: Settings, kafka: KafkaSettings, features: Iterable[Feature]) -> None:
    """Create the missing topics of features, and of what they read.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    wanted = dict.fromkeys(chain.from_iterable(each.topics for each in features))
    names = map(kafka.topic, wanted)
    topics.create_topics(kafka, names, retention_bytes=settings.retention_mib * _MIB)


def create_label_topic(settings: Settings, kafka: KafkaSettings) -> None:
    """Create the topic of labels that the simulator holds back, if it does not exist.

    Raises:
        InputError: Its name is too long, or collides with that of another.
        UnavailableError: Kafka cannot be reached or refuses.
    """
    name = kafka.topic(contract.LABEL_TOPIC)
    topics.create_topics(kafka, [name], retention_bytes=settings.retention_mib * _MIB)


@dataclass(frozen=True, slots=True)
class BringUp:
    """One start.

    Attributes:
        settings: Settings of the profile.
        stack: The profile's stack.
        features: The profile's features.
        steps: The steps of this start, which are updated with its progress.
        simulate: Starts or changes the simulator.
        stop: Whether to give up; called at intervals.
    """

    settings: Settings
    stack: Stack
    features: Registry
    steps: Steps
    simulate: Callable[[SimulatorCommand], SimulatorStatus]
    stop: Callable[[], bool]

    def run(self, *, stay: bool) -> None:
        """Carry out the steps, and hold the stack.

        Args:
            stay: Whether the stack keeps running after its last holder has gone.

        Raises:
            PipelineError: A part does not start, or refuses access. A job that does not start is
                only a failed step.
        """
        starts = self._job_starts()
        if starts is not None:
            starts.announce()
        fetch_jars(self.steps, self.settings, self.stop)
        known = self.stack.find_endpoints()
        was_up = known is not None and known.report is not None
        self._attach()
        # Held until all is up, so that a failed or interrupted start leaves nothing behind.
        control = self.stack.hold()

        def on_kafka(report: Report) -> None:
            self._create_topics(self.settings.kafka.at(report.bootstrap), report.cluster_id)
            self._start_simulator(wanted=not was_up)

        await_processes(control, self.steps, on_kafka)
        if starts is not None:
            starts.run()
        if stay:
            control.ask(Stay(), Report)

    def _job_starts(self) -> JobStarts | None:
        if "jobs" not in self.steps.keys:
            return None
        return JobStarts(self._wanted(), self.features, self.stack, self.steps)

    def _wanted(self) -> tuple[str, ...]:
        """Return the jobs that ran last time, and those that start by themselves."""
        return Journal(self.settings.journal_file).wanted(
            {feature.name: not feature.on_request for feature in self.features}
        )

    def _attach(self) -> None:
        """Check that the external clusters answer and accept the credentials."""
        kafka, flink = self.settings.kafka, self.settings.flink
        if kafka.attached:
            with self.steps.step("kafka", kafka.bootstrap):
                self.stack.ask_kafka(kafka, _PROBE_SECONDS)
            self._create_topics(kafka)
        if flink.attached:
            with self.steps.step("flink", flink.rest):
                self.stack.rest(flink).overview()

    def _create_topics(self, kafka: KafkaSettings, cluster_id: str = "") -> None:
        """Create missing topics in a sandbox; if it has an id, in no other cluster."""
        if "topics" in self.steps.keys:
            with self.steps.step("topics"):
                if cluster_id:
                    self.stack.ask_kafka(kafka, _PROBE_SECONDS, cluster_id=cluster_id)
                wanted = self._wanted()
                needed = [f for f in self.features if not f.on_request or f.name in wanted]
                create_topics(self.settings, kafka, needed)

    def _start_simulator(self, *, wanted: bool) -> None:
        if "simulator" not in self.steps.keys:
            return
        running = self.stack.endpoints().report
        if not wanted and not (running and running.simulator.up):
            self.steps.update("simulator", StepState.DONE, "off")
            return
        self.steps.update("simulator", StepState.RUNNING)
        status = self.simulate(SimulatorCommand(running=True))
        self.steps.update("simulator", StepState.DONE, f"{status.rate:,.0f}/s ×{status.speed:,.0f}")
