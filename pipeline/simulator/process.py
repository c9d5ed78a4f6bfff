"""The simulator as a process: reads commands from stdin and writes its status to stdout.

Both are JSON lines; the first input line has the settings of Kafka. The process flushes its records
and exits at the end of its input or on SIGTERM. What it has planned and not sent is lost with it:
the rest of an episode, and the labels that it holds back.
"""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final, Protocol

import msgspec

from pipeline.config import KafkaSettings, kafka_from_json
from pipeline.contract import Transaction
from pipeline.errors import PipelineError
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.topics import newest_event_time
from pipeline.model.simulator import FASTEST, SimulatorCommand, SimulatorStatus
from pipeline.text.ready_type import ready

from . import encode
from .generator import DEFAULT_SEED, DEFAULT_START, DEFAULT_USERS, Generator
from .held_labels import HeldLabel, HeldLabels
from .label_topic import LabelTopic
from .pace import RatePace

TICK_SECONDS: Final = 0.02
_STATUS_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.5
# An error stays in the status for this long after the last failure, so that it is reported.
_ERROR_SECONDS: Final = 3.0
# About 0.1 s of work: commands and status never wait for longer.
_MOST_PER_TICK: Final = 10_000
# The supervisor kills this process after 5 s.
_FLUSH_SECONDS: Final = 3.5
_LABEL_FLUSH_SECONDS: Final = 0.5
_DELIVERY_SECONDS: Final = 300.0


class Commands(Protocol):
    """A source of commands, such as a `queue.SimpleQueue`."""

    def get(self, *, timeout: float) -> bytes:
        """Return the next line, empty at the end; raises `queue.Empty` after the timeout."""


@dataclass(slots=True)
class Simulation:
    """The work of the simulator, one tick at a time; the caller passes the clock.

    Attributes:
        generator: Generates the transactions.
        pace: Number of transactions that are due.
        send: Sends one transaction; may raise PipelineError while Kafka is unavailable.
        rate: Transactions per second of real time, on average over a day of event time.
        speed: Seconds of event time per second of real time.
        intensity: Factor on the rate at this hour of event time.
        labels: Labels that are held back, if any.
        send_label: Sends one label; may raise PipelineError.
        utc_now: The time in UTC. Event time that has reached it advances no faster than it does,
            since transactions with a time in the future are quarantined.
        paused: Whether it sends nothing.
        sent: Transactions sent so far.
        event_time: Of the newest transaction; empty before the first.
        error: Why transactions do not arrive; empty when they do.
    """

    generator: Generator
    pace: RatePace
    send: Callable[[Transaction], None]
    rate: float
    speed: float
    intensity: Callable[[], float] = lambda: 1.0
    labels: HeldLabels = field(default_factory=lambda: HeldLabels(Random(0)))
    send_label: Callable[[HeldLabel], None] = lambda _: None
    utc_now: Callable[[], datetime] = lambda: datetime.max
    paused: bool = False
    sent: int = 0
    event_time: str = ""
    error: str = ""
    _failed_at: float = float("-inf")
    _labels_failed_at: float = float("-inf")

    def tick(self, now: float) -> None:
        """Send the transactions that are due, then the labels that are.

        After a failed delivery it waits for a moment. A record that was not delivered is not sent
        again, and the error stays in the status for a few seconds.

        Args:
            now: Seconds on a monotonic clock.
        """
        waits = self.paused or now - self._failed_at < _RETRY_SECONDS
        # Event time advances evenly; the number of transactions depends on the hour.
        rate = self.rate * self.intensity()
        speed = self._current_speed
        due = self.pace.due(now, 0.0 if waits else rate, _MOST_PER_TICK)
        for _ in range(due):
            transaction = self.generator.next(speed / rate)
            try:
                self.send(self.labels.hidden(transaction))
            except PipelineError as error:
                self.error = error.message
                self._failed_at = now
                return
            self.labels.hold(transaction)
            self.sent += 1
            self.event_time = str(transaction.trans_date_trans_time)
        if due:
            self._send_labels(now)
        if due and now - max(self._failed_at, self._labels_failed_at) >= _ERROR_SECONDS:
            self.error = ""

    def _send_labels(self, now: float) -> None:
        """Send the labels that are due; after a failure they wait, and transactions go on."""
        if now - self._labels_failed_at < _RETRY_SECONDS:
            return
        try:
            for label in self.labels.due(self.generator.event_time, _MOST_PER_TICK):
                self.send_label(label)
        except PipelineError as error:
            self.error = error.message
            self._labels_failed_at = now

    def execute(self, line: bytes) -> None:
        """Execute one command; an invalid one is an error in the next status."""
        try:
            command = msgspec.json.decode(line, type=ready(SimulatorCommand))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.error = f"The simulator cannot read the command: {error}"
            return
        self.rate = command.rate or self.rate
        self.speed = command.speed or self.speed
        self.paused = self.paused if command.paused is None else command.paused
        if command.inject_fraud:
            self.generator.inject_fraud()
        if command.patterns is not None:
            self.generator.switch(command.patterns)
        if command.label_delay is not None:
            self.labels.delay = command.label_delay

    @property
    def _current_speed(self) -> float:
        caught_up = self.generator.event_time >= self.utc_now()
        return min(self.speed, 1.0) if caught_up else self.speed

    @property
    def status(self) -> SimulatorStatus:
        return SimulatorStatus(
            up=True,
            rate=self.rate,
            speed=self._current_speed,
            sent=self.sent,
            paused=self.paused,
            event_time=self.event_time,
            error=self.error,
            patterns=self.generator.patterns,
            label_delay=self.labels.delay,
            labels_pending=self.labels.pending,
            labels_left_out=self.labels.left_out,
        )


def run(
    simulation: Simulation,
    commands: Commands,
    report: Callable[[SimulatorStatus], None],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Tick and execute commands until an empty line ends them.

    Args:
        simulation: The simulation.
        commands: JSON lines.
        report: Called with the status every second and after every command.
        clock: Seconds on a monotonic clock.
    """
    reported_at = clock()
    report(simulation.status)
    while True:
        try:
            line = commands.get(timeout=TICK_SECONDS)
            if not line:
                return
            simulation.execute(line)
            report(simulation.status)
        except queue.Empty:
            pass
        now = clock()
        simulation.tick(now)
        if now - reported_at >= _STATUS_SECONDS:
            reported_at = now
            report(simulation.status)


def simulate(
    kafka: KafkaSettings,
    commands: Commands,
    stop: threading.Event,
    report: Callable[[SimulatorStatus], None],
    *,
    rate: float,
    speed: float,
    seed: int = DEFAULT_SEED,
    users: int = DEFAULT_USERS,
) -> None:
    """Send transactions until the commands end, then flush them.

    Args:
        kafka: The cluster and its credentials.
        commands: JSON lines; an empty one at the end.
        stop: Ends the wait for Kafka, during which no commands are read.
        report: Called with the status every second and after every command.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        seed: Of all random numbers.
        users: Number of card holders.

    Raises:
        PipelineError: Not every transaction and label was delivered.
    """
    generator = _generator(kafka, seed, users, stop)
    if generator is None:
        return
    with (
        LabelTopic(kafka, delivery_timeout=_DELIVERY_SECONDS) as label_topic,
        TopicProducer(kafka, delivery_timeout=_DELIVERY_SECONDS) as producer,
    ):
        simulation = Simulation(
            generator=generator,
            pace=RatePace(time.monotonic()),
            send=lambda transaction: producer.send(
                encode.key(transaction), encode.value(transaction)
            ),
            rate=rate,
            speed=speed,
            intensity=lambda: generator.intensity,
            # Of its own, so that the transactions are the same with a delay and without.
            labels=HeldLabels(Random(f"{seed} {generator.event_time.isoformat()} labels")),
            send_label=label_topic.send,
            utc_now=lambda: datetime.now(UTC).replace(tzinfo=None),
        )
        run(simulation, commands, report)
        producer.flush(_FLUSH_SECONDS)
        label_topic.flush(_LABEL_FLUSH_SECONDS)


def _generator(
    kafka: KafkaSettings, seed: int, users: int, stop: threading.Event
) -> Generator | None:
    """Wait for Kafka and continue after the topic's newest transaction; None if stopped before."""
    while not stop.is_set():
        try:
            newest = newest_event_time(kafka)
        except PipelineError as error:
            print(error, file=sys.stderr, flush=True)
            stop.wait(_RETRY_SECONDS)
            continue
        return Generator(seed, DEFAULT_START if newest is None else newest, users)
    return None


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {FASTEST:,}")
    return number


def main() -> int:
    """Simulate until stdin ends; returns the exit code, 0 if every transaction was delivered."""
    parser = argparse.ArgumentParser(prog="simulator")
    parser.add_argument("--rate", type=_positive, required=True)
    parser.add_argument("--speed", type=_positive, required=True)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--users", type=int, default=DEFAULT_USERS)
    options = parser.parse_args()
    # Not `sys.stdin`: if a thread holds its lock at exit, the interpreter aborts.
    lines = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115  (open to the end)
    # From stdin, since every user of the machine can read the arguments of a process.
    kafka = kafka_from_json(lines.readline())
    commands: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        commands.put(b"")

    def read_commands() -> None:
        for line in lines:
            if line.strip():
                commands.put(line)
        end()

    def report(status: SimulatorStatus) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(status) + b"\n")
        sys.stdout.buffer.flush()

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=read_commands, name="commands", daemon=True).start()
    try:
        simulate(
            kafka,
            commands,
            stop,
            report,
            rate=options.rate,
            speed=options.speed,
            seed=options.seed,
            users=options.users,
        )
    except PipelineError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
