"""Whatever Kafka and Flink answer, a command says what is wrong, where, and what to do.

`--rounds N` tries N times as many cases; each case has its own seed, which its failure names.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from pipeline.cli.app import command_line
from pipeline.errors import UnavailableError
from tui.web.command import serve

from . import broker, http_server, kafka_server
from .http_server import mutate
from .said import Said, documented_codes
from .trial import OTHERS, OWN, Servers, Trial

pytestmark = pytest.mark.timeout(900)

ROWS: Final = "rows.jsonl"
ROW: Final = (
    '{"trans_date_trans_time":"2026-01-05 09:00:00","cc_num":4613314721966,"merchant":"fraud_x",'
    '"category":"grocery_pos","amt":1.5,"first":"Jason","last":"Murphy","zipcode":"29209",'
    '"dob":"1988-09-15","trans_num":"e8a81877ae9a0a7f883e15cb39dc4022","is_fraud":0,"user_id":7}\n'
)
OF_ONE: Final = "--only user_id=1234"
# Arguments of each command; others run without any.
ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "up": ("", "--no-jobs --no-simulator"),
    "status": ("", "--json"),
    "logs": ("", "flink"),
    "jobs": ("", "--json"),
    "start": ("rolling", "--all", "rolling --fresh", "tumbling --as-before"),
    "stop": ("rolling", "--all", "rolling --discard", "tumbling"),
    "sql": ("rolling",),
    "simulate": ("", "--rate 5 --json", "--label-delay 2d", "--here", "--here --label-delay 1h"),
    "replay": (ROWS, f"{ROWS} --fresh --json", f"{ROWS} --shift", f"{ROWS} --speed 100"),
    "topics": ("", "--json", "--create"),
    "tail": (
        "transaction --no-follow --from beginning",
        "transaction --no-follow --from beginning --json",
        "transaction --no-follow",
        "transaction --from beginning --limit 1",
        "missing",
    ),
    "inspect": ("transaction", "transaction --json", "missing", ROWS),
    "verify": ("rolling", "tumbling --json", f"rolling {OF_ONE}"),
    "quarantine": ("", "--json", "--limit 5"),
    "check": (
        *("", "--json", "--prometheus", "rolling --max-lag 5 --max-age 9", "--max-quarantined 0"),
        *("--verify", "--verify --json"),
    ),
    "shrink": (f"rolling {OF_ONE}", "rolling"),
    "hold": (f"rolling {OF_ONE}", f"tumbling {OF_ONE} --folder ."),
    "backtest": ("transaction", "transaction --labels --json", f"{ROWS} --labels"),
    "train": (f"{ROWS} --out new.model --labels",),
    "signals": ("", "--history --json", "--promote rules", "--roll-back"),
    "verdicts": ("", "--claims --json"),
    "profiles": ("", "--json"),
    "doctor": ("", "--json"),
    "init": ("--user --force",),
    "serve": ("--port 0",),
}
# They run until they are stopped, if they succeed.
ENDLESS: Final = (
    *("simulate --here", "simulate --here --label-delay 1h", "serve --port 0"),
    "tail transaction --from beginning --limit 1",
)
# "Exit code 0 also when some do not."
ALWAYS_GOOD: Final = ("profiles",)
# A new command is checked without an entry here; add it if it needs Flink or Kafka.
WITH_FLINK: Final = ("status", "jobs", "start", "stop", "up", "verify", "check", "doctor", "serve")
WITH_KAFKA: Final = (
    *("status", "start", "up", "verify", "check", "doctor", "serve", "verdicts"),
    *("topics", "tail", "inspect transaction", "inspect missing", "replay", "quarantine"),
    *(f"hold rolling {OF_ONE}", f"shrink rolling {OF_ONE}", "backtest", "train"),
)
# Number of mutated answers, and of servers that turn into something else.
MUTATED: Final = 20
TURNED: Final = 14
OF_NO_PROFILE: Final = ("profiles", "init")


@pytest.fixture(autouse=True)
def _rows(alone: Path) -> None:
    """A file to replay."""
    (alone / ROWS).write_text(ROW)


def commands() -> tuple[str, ...]:
    """Every command with each of its arguments."""
    app = command_line((serve,))
    names = [name for name in app if not name.startswith("-")]
    assert ARGUMENTS.keys() <= set(names)
    return tuple(
        f"{name} {words}".rstrip() for name in names for words in ARGUMENTS.get(name, ("",))
    )


def with_profile(command: str, random: Random) -> str:
    if command.split(maxsplit=1)[0] in OF_NO_PROFILE:
        return command
    return f"{command} --profile {random.choice((OWN, OTHERS))}"


def ending() -> list[str]:
    """Every command that ends by itself."""
    return [command for command in commands() if command not in ENDLESS]


def chosen(random: Random, count: int) -> list[str]:
    """This many commands that end by themselves, none of them twice before all were chosen."""
    found = ending()
    random.shuffle(found)
    return [with_profile(found[at % len(found)], random) for at in range(count)]


def dealt(found: Sequence[str], kinds: Sequence[str], kind: str, rounds: int) -> list[str]:
    """The commands that are tried with a kind of garbage, so that none is left out.

    Args:
        found: All commands.
        kinds: All kinds.
        kind: One of them.
        rounds: How often each command is tried, with another kind each time.
    """
    dealt: list[str] = []
    for turn in range(rounds):
        shuffled = list(found)
        Random(turn).shuffle(shuffled)
        dealt += shuffled[(kinds.index(kind) + turn) % len(kinds) :: len(kinds)]
    random = Random(kind)
    return [with_profile(command, random) for command in dealt]


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
        trial.servers.begin()
        said = trial.check(command, "proper answers")
        assert said.code == code, (command, said)
    trial.end()


@pytest.mark.parametrize("kind", http_server.GARBLES)
def test_what_is_no_answer_of_flink(trial: Trial, kind: str) -> None:
    server = trial.servers.flink
    found = [command for command in commands() if command not in ENDLESS or asks_flink(command)]
    for command in dealt(found, list(http_server.GARBLES), kind, trial.rounds):
        trial.servers.begin()
        server.begin(Random(kind), http_server.GARBLES[kind])
        lost = server if asks_flink(command) else None
        trial.check(command, kind, lost=lost, may_succeed=ALWAYS_GOOD)
    trial.end()


@pytest.mark.parametrize("greets", [False, True])
@pytest.mark.parametrize("kind", kafka_server.GARBLES)
def test_what_is_no_answer_of_kafka(trial: Trial, kind: str, greets: bool) -> None:
    server = trial.servers.kafka
    kinds = [f"{name}{said}" for name in kafka_server.GARBLES for said in (False, True)]
    for command in dealt(commands(), kinds, f"{kind}{greets}", trial.rounds):
        trial.servers.begin()
        server.begin(Random(kind), kafka_server.GARBLES[kind], greets=greets)
        lost = server if asks_kafka(command) else None
        trial.check(command, f"{kind}, {greets=}", lost=lost, may_succeed=ALWAYS_GOOD)
    trial.end()


def test_answers_of_flink_that_are_not_quite_right(trial: Trial) -> None:
    random = Random(1)
    for command in chosen(random, MUTATED * trial.rounds):
        trial.servers.begin()
        seed = random.randrange(1 << 32)
        trial.servers.flink.begin(Random(seed), mutate, share=random.choice((0.1, 0.5, 1)))
        trial.check(command, f"mutated with {seed}")
    trial.end()


def test_a_flink_that_turns_into_something_else(trial: Trial) -> None:
    random = Random(2)
    for command in chosen(random, TURNED * trial.rounds):
        trial.servers.begin()
        kind, after = random.choice(sorted(http_server.GARBLES)), random.randint(1, 8)
        trial.servers.flink.begin(Random(after), http_server.GARBLES[kind], after=after)
        trial.check(command, f"{kind} after {after}")
    trial.end()


def test_answers_of_kafka_that_are_not_quite_right(trial: Trial) -> None:
    random = Random(3)
    for command in chosen(random, MUTATED * trial.rounds):
        seed = random.randrange(1 << 32)
        odd = random.choice((0.05, 0.3, 1.0))
        trial.servers.kafka.begin(Random(seed), odd=odd)
        trial.check(command, f"{odd} odd with {seed}")
    trial.end()


def test_a_kafka_that_turns_into_something_else(trial: Trial) -> None:
    random = Random(4)
    for command in chosen(random, TURNED * trial.rounds):
        kind, api = random.choice(sorted(kafka_server.GARBLES)), random.choice(broker.APIS)
        after = random.randint(0, 1)
        trial.servers.kafka.begin(Random(after), kafka_server.GARBLES[kind], after=after, api=api)
        trial.check(command, f"{kind} after {after} of {api}")
    trial.end()


@pytest.mark.parametrize(
    ("command", "of_flink", "of_kafka"),
    [("status", "html", "HTTP"), ("jobs --json", "closed", ""), ("topics", "", "random bytes")],
)
def test_in_a_process_of_its_own(
    servers: Servers, command: str, of_flink: str, of_kafka: str
) -> None:
    servers.flink.begin(Random(0), http_server.GARBLES.get(of_flink))
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
    return command.startswith(WITH_FLINK)


def asks_kafka(command: str) -> bool:
    """Whether a command needs Kafka's answer."""
    return command.startswith(WITH_KAFKA)
