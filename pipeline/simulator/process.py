"""The simulator as a process: commands come in on stdin, its status goes out on stdout.

One JSON line each; the first that comes in says where Kafka is. It ends when its input does, or on
SIGTERM, with all it has produced flushed.
"""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec

from pipeline.config import KafkaSettings, kafka_from_json
from pipeline.errors import PipelineError
from pipeline.kafka.producer import TransactionProducer
from pipeline.kafka.topics import newest_event_time
from pipeline.model import FASTEST, SimulatorCommand, SimulatorStatus, Transaction
from pipeline.text.ready_type import ready

from . import encode
from .generator import DEFAULT_SEED, DEFAULT_START, DEFAULT_USERS, Generator
from .pace import RatePace

TICK_SECONDS: Final = 0.02
_STATUS_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 0.5
# How long a failure shows after the last one: no status line may miss it.
_ERROR_SECONDS: Final = 3.0
# About a tenth of a second's work, so that commands and status never wait for longer.
_MOST_PER_TICK: Final = 10_000
# The supervisor waits 5 s before it kills.
_FLUSH_SECONDS: Final = 4.0


class Commands(Protocol):
    """Where commands come from, as a `queue.SimpleQueue` does it."""

    def get(self, *, timeout: float) -> bytes:
        """The next line; empty at the end. Raises `queue.Empty` after so many seconds."""


@dataclass(slots=True)
class Simulation:
    """What the simulator does, one tick at a time; time and delivery are given from outside.

    Attributes:
        generator: Where transactions come from.
        pace: How many are due.
        send: Takes one transaction; may raise PipelineError while Kafka is away.
        rate: Transactions per second of real time, on average over a day of event time.
        speed: Seconds of event time per second of real time.
        busyness: Factor on the rate at this hour of event time.
        present: The time now; event time that has caught up with it goes no faster than it does,
            since transactions of the future would be quarantined.
    """

    generator: Generator
    pace: RatePace
    send: Callable[[Transaction], None]
    rate: float
    speed: float
    busyness: Callable[[], float] = lambda: 1.0
    present: Callable[[], datetime] = lambda: datetime.max
    paused: bool = False
    sent: int = 0
    event_time: str = ""
    error: str = ""
    _failed_at: float = float("-inf")

    def tick(self, now: float) -> None:
        """Send what is due; after a failed delivery it holds for a moment, and then carries on.

        A record that Kafka has not taken by then is lost to the topic, and the failure shows for a
        few seconds.

        Args:
            now: Seconds on a clock that only goes forward.
        """
        held = self.paused or now - self._failed_at < _RETRY_SECONDS
        # Event time goes evenly; how much happens in it depends on the hour.
        rate = self.rate * self.busyness()
        speed = self._speed_now
        due = self.pace.due(now, 0.0 if held else rate, _MOST_PER_TICK)
        for _ in range(due):
            transaction = self.generator.next(speed / rate)
            try:
                self.send(transaction)
            except PipelineError as error:
                self.error = error.message
                self._failed_at = now
                return
            self.sent += 1
            self.event_time = str(transaction.trans_date_trans_time)
        if due and now - self._failed_at >= _ERROR_SECONDS:
            self.error = ""

    def obey(self, line: bytes) -> None:
        """Carry out one command; one that makes no sense is an error in the next status."""
        try:
            command = msgspec.json.decode(line, type=ready(SimulatorCommand))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.error = f"Not understood: {error}"
            return
        self.rate = command.rate or self.rate
        self.speed = command.speed or self.speed
        self.paused = self.paused if command.paused is None else command.paused
        if command.inject_fraud:
            self.generator.inject_fraud()

    @property
    def _speed_now(self) -> float:
        caught_up = self.generator.event_time >= self.present()
        return min(self.speed, 1.0) if caught_up else self.speed

    @property
    def status(self) -> SimulatorStatus:
        """What is told outside."""
        return SimulatorStatus(
            up=True,
            rate=self.rate,
            speed=self._speed_now,
            sent=self.sent,
            paused=self.paused,
            event_time=self.event_time,
            error=self.error,
        )


def run(
    simulation: Simulation,
    commands: Commands,
    say: Callable[[SimulatorStatus], None],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Tick until the commands end, which an empty line stands for.

    Args:
        simulation: What to run.
        commands: Lines of JSON as they come.
        say: Told the status every second and after every command.
        clock: Seconds, only going forward.
    """
    said = clock()
    say(simulation.status)
    while True:
        try:
            line = commands.get(timeout=TICK_SECONDS)
            if not line:
                return
            simulation.obey(line)
            say(simulation.status)
        except queue.Empty:
            pass
        now = clock()
        simulation.tick(now)
        if now - said >= _STATUS_SECONDS:
            said = now
            say(simulation.status)


def simulate(
    kafka: KafkaSettings,
    commands: Commands,
    ended: threading.Event,
    say: Callable[[SimulatorStatus], None],
    *,
    rate: float,
    speed: float,
    seed: int = DEFAULT_SEED,
    users: int = DEFAULT_USERS,
) -> None:
    """Send transactions until told to end, with all of them flushed then.

    Args:
        kafka: Where to.
        commands: Lines of JSON as they come; an empty one at the end.
        ended: Set when the end has been said, for as long as nobody reads the commands.
        say: Told the status every second and after every command.
        rate: Transactions per second.
        speed: Event time per real time.
        seed: Decides who buys what.
        users: How many people there are.

    Raises:
        PipelineError: Kafka has not taken all.
    """
    generator = _generator(kafka, seed, users, ended)
    if generator is None:
        return
    with TransactionProducer(kafka, delivery_timeout=300) as producer:
        simulation = Simulation(
            generator=generator,
            pace=RatePace(time.monotonic()),
            send=lambda transaction: producer.send(
                encode.key(transaction), encode.value(transaction)
            ),
            rate=rate,
            speed=speed,
            busyness=lambda: generator.intensity,
            present=lambda: datetime.now(UTC).replace(tzinfo=None),
        )
        run(simulation, commands, say)
        producer.flush(_FLUSH_SECONDS)


def _generator(
    kafka: KafkaSettings, seed: int, users: int, ended: threading.Event
) -> Generator | None:
    """One that carries on after the topic's newest transaction; None if told to end before."""
    while not ended.is_set():
        try:
            newest = newest_event_time(kafka)
        except PipelineError as error:
            print(error, file=sys.stderr, flush=True)
            ended.wait(_RETRY_SECONDS)
            continue
        return Generator(seed, DEFAULT_START if newest is None else newest, users)
    return None


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {FASTEST:,}")
    return number


def main() -> int:
    """Simulate until stdin ends; the exit code, 0 when all was delivered."""
    parser = argparse.ArgumentParser(prog="simulator")
    parser.add_argument("--rate", type=_positive, required=True)
    parser.add_argument("--speed", type=_positive, required=True)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--users", type=int, default=DEFAULT_USERS)
    options = parser.parse_args()
    # Not `sys.stdin`: a thread may hold its lock when the process ends, which is fatal then.
    lines = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115  (open to the end)
    # Not an argument, which everybody on the machine can read.
    kafka = kafka_from_json(lines.readline())
    commands: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        commands.put(b"")

    def read_commands() -> None:
        for line in lines:
            if line.strip():
                commands.put(line)
        end()

    def say(status: SimulatorStatus) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(status) + b"\n")
        sys.stdout.buffer.flush()

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=read_commands, name="commands", daemon=True).start()
    try:
        simulate(
            kafka,
            commands,
            ended,
            say,
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
