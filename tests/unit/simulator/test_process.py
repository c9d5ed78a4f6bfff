"""The simulator's loop, with a clock, commands and a Kafka that the test controls."""

import queue
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import Transaction
from pipeline.errors import UnavailableError
from pipeline.model.simulator import Pattern, SimulatorCommand, SimulatorStatus
from pipeline.simulator.generator import Generator
from pipeline.simulator.held_labels import HeldLabel
from pipeline.simulator.pace import RatePace
from pipeline.simulator.process import Simulation, run

START = datetime(2023, 3, 1)


class World:
    """A clock that advances while the loop waits, commands at set times, a Kafka that can fail."""

    def __init__(self, seconds: float, script: dict[float, bytes] | None = None) -> None:
        self.now = 0.0
        self.script = sorted(((script or {}) | {seconds: b""}).items())
        self.sent: list[Transaction] = []
        self.reports: list[tuple[float, SimulatorStatus]] = []
        self.down: tuple[float, float] = (0.0, 0.0)
        self.labels: list[tuple[datetime, HeldLabel]] = []
        self.labels_down: tuple[float, float] = (0.0, 0.0)
        self.simulation = Simulation(
            Generator(1, START, 100),
            RatePace(0.0),
            self.send,
            rate=100,
            speed=720,
            send_label=self.send_label,
        )

    def get(self, *, timeout: float) -> bytes:
        if self.now >= self.script[0][0]:
            return self.script.pop(0)[1]
        self.now += timeout
        raise queue.Empty

    def send(self, transaction: Transaction) -> None:
        if self.down[0] <= self.now < self.down[1]:
            raise UnavailableError("Kafka is gone.", "Wait.")
        self.sent.append(transaction)

    def send_label(self, label: HeldLabel) -> None:
        if self.labels_down[0] <= self.now < self.labels_down[1]:
            raise UnavailableError("Kafka has no such topic.", "Wait.")
        self.labels.append((self.simulation.generator.event_time, label))

    def run(self) -> SimulatorStatus:
        run(self.simulation, self, lambda s: self.reports.append((self.now, s)), clock=self.clock)
        return self.simulation.status

    def clock(self) -> float:
        return self.now

    def sent_between(self, first: SimulatorStatus, last: SimulatorStatus) -> int:
        return last.sent - first.sent

    def at(self, seconds: float) -> SimulatorStatus:
        """The last status that was reported up to then."""
        return [status for moment, status in self.reports if moment <= seconds][-1]


def test_it_sends_at_its_rate_and_its_speed() -> None:
    world = World(10)
    status = world.run()
    assert status.sent == len(world.sent) == pytest.approx(1000, abs=5)
    passed = datetime.fromisoformat(status.event_time) - START
    assert passed.total_seconds() == pytest.approx(7200, rel=0.15)
    assert status.error == ""


def test_fewer_transactions_at_night_while_event_time_advances_evenly() -> None:
    world = World(10)
    world.simulation.intensity = lambda: 0.3
    status = world.run()
    assert status.sent == pytest.approx(300, abs=5)
    passed = datetime.fromisoformat(status.event_time) - START
    assert passed.total_seconds() == pytest.approx(7200, rel=0.2)


def test_it_reports_its_status_at_once_and_every_second() -> None:
    world = World(10)
    world.run()
    assert world.reports[0] == (0.0, SimulatorStatus(up=True, rate=100, speed=720))
    assert 10 <= len(world.reports) <= 11


def test_commands_take_effect_and_are_answered() -> None:
    script = {2.0: b'{"rate": 500}\n', 4.0: b'{"paused": true}', 6.0: b'{"paused": false}'}
    world = World(8, script | {7.0: b'{"speed": 60}'})
    status = world.run()
    assert world.at(2.1).rate == 500
    assert world.at(4.1).paused
    assert world.sent_between(world.at(4.1), world.at(5.9)) == 0
    assert len(world.sent) == pytest.approx(200 + 1000 + 1000, abs=40)
    assert (status.rate, status.speed, status.paused) == (500, 60, False)


def test_an_injected_fraud_episode_begins_at_once() -> None:
    world = World(3, {1.0: b'{"inject_fraud": true}'})
    world.run()
    assert sum(t.is_fraud for t in world.sent[:110]) >= 1


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"rate": 0}',
        b'{"rate": -1}',
        b'{"rate": "fast"}',
        b'{"speed": 1e9}',
        b'{"explode": true}',
        b'{"patterns": ["bursts"]}',
        b'{"patterns": "testing"}',
        b'{"label_delay": -1}',
        b'{"label_delay": 31536001}',
        b'{"\xff": 1}',
    ],
)
def test_an_invalid_command_is_reported_and_changes_nothing(line: bytes) -> None:
    world = World(3, {1.0: line})
    status = world.run()
    assert world.at(1.1).error.startswith("The simulator cannot read the command")
    assert (status.rate, status.speed, status.paused, status.error) == (100, 720, False, "")
    assert status.sent == pytest.approx(300, abs=5)


@given(st.binary(max_size=60))
def test_no_command_breaks_it(line: bytes) -> None:
    world = World(1)
    world.simulation.execute(line)
    world.simulation.tick(0.5)
    assert world.sent


def test_an_outage_is_waited_out_and_shown() -> None:
    world = World(20, {})
    world.down = (5.0, 10.0)
    status = world.run()
    assert world.at(4.9).error == ""
    assert {world.at(second).error for second in (6.1, 8.1, 10.1)} == {"Kafka is gone."}
    assert world.sent_between(world.at(5.1), world.at(9.9)) <= 5
    assert status.error == ""
    assert status.sent == pytest.approx(1500, abs=70)


def test_event_time_hardly_moves_during_an_outage() -> None:
    world = World(12)
    world.down = (2.0, 11.0)
    world.run()
    times = [t.trans_date_trans_time for t in world.sent]
    assert max((b - a).total_seconds() for a, b in pairwise(times)) < 600


def test_a_rate_that_is_too_high_does_not_delay_commands() -> None:
    world = World(0.05)
    world.simulation.rate = 1_000_000
    world.run()
    assert len(world.sent) <= 30_000


def test_it_ends_with_its_commands() -> None:
    commands: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    commands.put(b'{"rate": 5}')
    commands.put(b"")
    reports: list[SimulatorStatus] = []
    world = World(1)
    run(world.simulation, commands, reports.append, clock=lambda: 0.0)
    assert [status.rate for status in reports] == [100, 5]


def test_it_does_not_run_ahead_of_the_present() -> None:
    world = World(10)
    present = START + timedelta(hours=1)
    world.simulation.utc_now = lambda: present
    status = world.run()
    assert status.speed == 1
    times = [row.trans_date_trans_time for row in world.sent]
    assert present <= max(times) < present + timedelta(minutes=1)
    assert len(times) > 500


def line(**change: object) -> bytes:
    return msgspec.json.encode(change)


@given(
    st.none() | st.lists(st.sampled_from(Pattern), unique=True).map(tuple),
    st.none() | st.floats(0, 365 * 86_400),
)
def test_patterns_and_the_delay_of_labels_go_through_the_pipe(
    patterns: tuple[Pattern, ...] | None, delay: float | None
) -> None:
    command = SimulatorCommand(patterns=patterns, label_delay=delay)
    sent = msgspec.json.encode(command)
    assert msgspec.json.decode(sent, type=SimulatorCommand) == command
    world = World(1)
    world.simulation.execute(sent)
    status = world.simulation.status
    assert {*status.patterns} == {*(patterns or ())}
    assert status.label_delay == (delay or 0)
    assert msgspec.json.decode(msgspec.json.encode(status), type=SimulatorStatus) == status


def test_patterns_are_switched_on_and_off_while_it_runs() -> None:
    script = {
        1.0: line(patterns=["merchant", "testing"]),
        2.0: line(rate=50),
        3.0: line(patterns=[]),
    }
    world = World(4, script)
    world.run()
    assert world.at(0.9).patterns == ()
    assert world.at(2.1).patterns == (Pattern.TESTING, Pattern.MERCHANT)
    assert world.at(3.1).patterns == ()
    assert any(row.is_fraud and row.amt <= 5 for row in world.sent[95:110])


def test_held_labels_follow_their_transactions_when_event_time_has_passed() -> None:
    world = World(30, {0.0: line(label_delay=3_600)})
    status = world.run()
    assert not any(row.is_fraud for row in world.sent)
    sent = {row.trans_num: row for row in world.sent}
    assert world.labels
    for at, label in world.labels:
        assert sent[label.trans_num].trans_date_trans_time < label.labelled_at <= at
        assert at - label.labelled_at < timedelta(minutes=2)
    numbers = [label.trans_num for _, label in world.labels]
    assert len(numbers) == len({*numbers})
    assert {label.is_fraud for _, label in world.labels} == {0, 1}
    assert status.labels_pending == len(world.sent) - len(world.labels) > 100
    assert status.label_delay == 3_600


def test_without_a_delay_no_label_is_sent() -> None:
    world = World(10, {0.0: line(label_delay=0)})
    world.run()
    assert world.labels == []
    assert any(row.is_fraud for row in world.sent)


def test_after_the_delay_is_over_the_labels_that_are_pending_still_come() -> None:
    world = World(60, {0.0: line(label_delay=600), 10.0: line(label_delay=0)})
    world.run()
    assert len(world.labels) == pytest.approx(1_000, abs=5)
    assert world.simulation.labels.pending == 0


def test_labels_that_cannot_be_sent_are_sent_later_and_transactions_go_on() -> None:
    world = World(40, {1.0: line(label_delay=600)})
    world.labels_down = (0.0, 15.0)
    status = world.run()
    assert {world.at(second).error for second in (5.1, 10.1, 15.1)} == {"Kafka has no such topic."}
    assert len(world.sent) == pytest.approx(4_000, abs=10)
    assert len(world.labels) + status.labels_pending == pytest.approx(3_900, abs=10)
    assert status.labels_pending < 600
    assert status.error == ""


def test_transactions_are_the_same_with_held_labels() -> None:
    one, other = World(10), World(10, {0.0: line(label_delay=86_400)})
    one.run()
    other.run()
    assert [msgspec.structs.replace(row, is_fraud=0) for row in one.sent] == other.sent
