"""Whatever Kafka and Flink answer, a command says what is wrong, where, and what to do.

`--rounds N` tries N times as many cases; each case has its own seed, which its failure names.
"""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

import pytest

from pipeline.cli.app import command_line, main
from pipeline.errors import UnavailableError
from tui.web.command import serve

from . import broker, flink_server, kafka_server
from .conftest import OTHERS, OWN, ROWS, Servers
from .flink_server import FlinkServer, mutate
from .kafka_server import KafkaServer
from .said import Said, documented_codes

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("alone")]

DEADLINE: Final = 90.0
"""Seconds that a command may take at most, where no wait is for longer than one."""
# Arguments of each command; others run without any.
ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("", "--json"),
    "jobs": ("", "--json"),
    "start": ("rolling", "--all", "rolling --fresh", "tumbling --as-before"),
    "stop": ("rolling", "--all", "rolling --discard", "tumbling"),
    "sql": ("rolling",),
    "simulate": ("", "--rate 5 --json", "--here"),
    "replay": (ROWS, f"{ROWS} --fresh --json", f"{ROWS} --shift"),
    "topics": ("", "--json", "--create"),
    "tail": (
        "transaction --no-follow --from beginning",
        "transaction --no-follow --from beginning --json",
        "transaction --no-follow",
        "missing",
    ),
    "inspect": ("transaction", "transaction --json", "missing"),
    "verify": ("rolling", "tumbling --json"),
    "quarantine": ("", "--json"),
    "check": ("", "--json", "--prometheus", "rolling --max-lag 5 --max-age 9", "--verify"),
    "profiles": ("", "--json"),
    "doctor": ("", "--json"),
    "init": ("--user --force",),
}
# It serves until it is stopped, and its consoles are no commands.
LEFT_OUT: Final = ("serve",)
# Runs until it is stopped, if it succeeds.
ENDLESS: Final = "simulate --here"
# "Exit code 0 also when some do not."
ALWAYS_GOOD: Final = ("profiles",)
# A new command is checked without an entry here; add it if it needs Flink or Kafka.
WITH_FLINK: Final = ("status", "jobs", "start", "stop", "up", "verify", "check", "doctor")
WITH_KAFKA: Final = (
    *("status", "start", "up", "verify", "check", "doctor"),
    *("topics", "tail", "inspect", "replay", "quarantine"),
)
# Number of commands with each kind of garbage, and in total.
AGAINST_FLINK: Final = 1
AGAINST_KAFKA: Final = 1
MUTATED: Final = 20
TURNED: Final = 14
OF_NO_PROFILE: Final = ("profiles", "init")


def commands() -> tuple[str, ...]:
    """Every command with each of its arguments."""
    app = command_line((serve,))
    names = [name for name in app if not name.startswith("-") and name not in LEFT_OUT]
    assert ARGUMENTS.keys() <= set(names)
    return tuple(
        f"{name} {words}".rstrip() for name in names for words in ARGUMENTS.get(name, ("",))
    )


@dataclass(slots=True)
class Trial:
    """Runs commands in this process, and collects their faults.

    Attributes:
        servers: The servers to which they attach.
        capture: Their output, also that of libraries which bypass Python.
        rounds: Factor on the number of cases.
        faults: A text for each command with a fault.
    """

    servers: Servers
    capture: pytest.CaptureFixture[str]
    rounds: int
    faults: list[str] = field(default_factory=list)

    def run(self, command: str) -> Said:
        self.capture.readouterr()
        began = time.monotonic()
        try:
            code = main(command.split(), more=(serve,))
        except Exception:
            # As Python prints an uncaught exception.
            traceback.print_exc()
            code = 1
        seconds = time.monotonic() - began
        said = Said(code, *self.capture.readouterr())
        if seconds > DEADLINE:
            self.note(command, said, [f"it took {seconds:.1f} s"])
        return said

    def note(self, case: str, said: Said, faults: Iterable[str]) -> None:
        if listed := "\n  ".join(faults):
            self.faults.append(f"{case}\n  {listed}\n{said.code}\n{said.out}\n{said.err}")

    def check(
        self, command: str, case: str, *, lost: FlinkServer | KafkaServer | None = None
    ) -> Said:
        """Run a command, and check its output and exit code.

        Args:
            command: With its arguments.
            case: Description of the servers' answers.
            lost: The server whose answers are invalid.
        """
        said = self.run(command)
        faults = said.faults(documented_codes(), is_json="--json" in command)
        if lost and lost.garbled and command.split(maxsplit=1)[0] not in ALWAYS_GOOD:
            if not said.code:
                faults.append("success")
            if lost.address not in said.out + said.err:
                faults.append("where is not said")
        self.note(f"{command}: {case}", said, faults)
        return said

    def end(self) -> None:
        """Fail with all faults."""
        if self.faults:
            pytest.fail("\n\n".join(self.faults), pytrace=False)


@pytest.fixture
def trial(
    servers: Servers,
    capfd: pytest.CaptureFixture[str],
    in_process: None,
    request: pytest.FixtureRequest,
) -> Trial:
    return Trial(servers, capfd, int(request.config.getoption("--rounds")))


def with_profile(command: str, random: Random) -> str:
    if command.split(maxsplit=1)[0] in OF_NO_PROFILE:
        return command
    return f"{command} --profile {random.choice((OWN, OTHERS))}"


def chosen(random: Random, count: int, *, endless: bool = False) -> list[str]:
    """This many commands, none of them twice before all were chosen."""
    found = [command for command in commands() if endless or command != ENDLESS]
    random.shuffle(found)
    return [with_profile(found[at % len(found)], random) for at in range(count)]


def test_the_servers_are_understood_as_long_as_they_send_no_garbage(trial: Trial) -> None:
    """Otherwise the other tests would prove nothing."""
    for command, code in (
        (f"status --profile {OWN}", 0),
        (f"topics --create --profile {OWN}", 0),
        (f"tail transaction --no-follow --from beginning --profile {OWN}", 0),
        (f"replay {ROWS} --profile {OWN}", 0),
        (f"check rolling --profile {OTHERS}", 0),
        (f"verify rolling --profile {OTHERS}", 6),
        (f"stop rolling --profile {OTHERS}", 0),
        (f"start rolling --profile {OTHERS}", 0),
    ):
        trial.servers.kafka.begin(Random(0))
        trial.servers.flink.begin(Random(0))
        said = trial.check(command, "proper answers")
        assert said.code == code, (command, said)
    trial.end()


@pytest.mark.parametrize("kind", flink_server.GARBLES)
def test_what_is_no_answer_of_flink(trial: Trial, kind: str) -> None:
    random = Random(kind)
    server = trial.servers.flink
    for command in chosen(random, AGAINST_FLINK * trial.rounds):
        trial.servers.kafka.begin(Random(0))
        server.begin(Random(random.random()), flink_server.GARBLES[kind])
        trial.check(command, kind, lost=server if asks_flink(command) else None)
    trial.end()


@pytest.mark.parametrize("kind", kafka_server.GARBLES)
def test_what_is_no_answer_of_kafka(trial: Trial, kind: str) -> None:
    random = Random(kind)
    server = trial.servers.kafka
    for greets in (False, True):
        for command in chosen(random, AGAINST_KAFKA * trial.rounds, endless=True):
            server.begin(Random(random.random()), kafka_server.GARBLES[kind], greets=greets)
            trial.servers.flink.begin(Random(0))
            lost = server if asks_kafka(command) else None
            trial.check(command, f"{kind}, {greets=}", lost=lost)
    trial.end()


def test_answers_of_flink_that_are_not_quite_right(trial: Trial) -> None:
    random = Random(1)
    for command in chosen(random, MUTATED * trial.rounds):
        trial.servers.kafka.begin(Random(0))
        seed = random.randrange(1 << 32)
        trial.servers.flink.begin(Random(seed), mutate, share=random.choice((0.1, 0.5, 1)))
        trial.check(command, f"mutated with {seed}")
    trial.end()


def test_a_flink_that_turns_into_something_else(trial: Trial) -> None:
    random = Random(2)
    for command in chosen(random, TURNED * trial.rounds):
        trial.servers.kafka.begin(Random(0))
        kind, after = random.choice(sorted(flink_server.GARBLES)), random.randint(1, 8)
        trial.servers.flink.begin(Random(after), flink_server.GARBLES[kind], after=after)
        trial.check(command, f"{kind} after {after}")
    trial.end()


def test_answers_of_kafka_that_are_not_quite_right(trial: Trial) -> None:
    random = Random(3)
    for command in chosen(random, MUTATED * trial.rounds):
        seed = random.randrange(1 << 32)
        odd = random.choice((0.05, 0.3, 1.0))
        trial.servers.kafka.begin(Random(seed), odd=odd)
        trial.servers.flink.begin(Random(0))
        trial.check(command, f"{odd} odd with {seed}")
    trial.end()


def test_a_kafka_that_turns_into_something_else(trial: Trial) -> None:
    random = Random(4)
    for command in chosen(random, TURNED * trial.rounds):
        kind, api = random.choice(sorted(kafka_server.GARBLES)), random.choice(broker.APIS)
        after = random.randint(0, 1)
        trial.servers.kafka.begin(Random(after), kafka_server.GARBLES[kind], after=after, api=api)
        trial.servers.flink.begin(Random(0))
        trial.check(command, f"{kind} after {after} of {api}")
    trial.end()


@pytest.mark.parametrize(
    ("command", "of_flink", "of_kafka"),
    [("status", "html", "HTTP"), ("jobs --json", "closed", ""), ("topics", "", "random bytes")],
)
def test_in_a_process_of_its_own(
    servers: Servers, command: str, of_flink: str, of_kafka: str
) -> None:
    servers.flink.begin(Random(0), flink_server.GARBLES.get(of_flink))
    servers.kafka.begin(Random(0), kafka_server.GARBLES.get(of_kafka))
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *command.split(), "--profile", OTHERS],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = Said(done.returncode, done.stdout, done.stderr)
    assert said.code == UnavailableError.exit_code, said
    assert not said.faults(documented_codes(), is_json=False), said
    for server, kind in ((servers.flink, of_flink), (servers.kafka, of_kafka)):
        assert not kind or server.address in done.stdout + done.stderr


def asks_flink(command: str) -> bool:
    """Whether a command needs Flink's answer."""
    return command.split(maxsplit=1)[0] in WITH_FLINK


def asks_kafka(command: str) -> bool:
    """Whether a command needs Kafka's answer."""
    return command.split(maxsplit=1)[0] in WITH_KAFKA
