"""Whatever a schema registry answers, a command says what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from . import transfers
from .http_server import GARBLES, mutate
from .registry import PAYMENT_TOPIC, TRANSFER_TOPIC
from .trial import REGISTERED, Trial

pytestmark = pytest.mark.timeout(900)

ROWS: Final = "transfers.jsonl"
ROW: Final = '{"booked_at":"2026-01-05 09:00:00","account":"DE1","amount":1.5,"reference":"r2"}\n'
OPTIONS: Final = f"--profile {REGISTERED} --features {transfers.__file__}"
# Every command that asks a registry.
ASKING: Final = (
    f"tail {TRANSFER_TOPIC} --no-follow --from beginning",
    f"tail {TRANSFER_TOPIC} --no-follow --from beginning --json",
    f"tail {PAYMENT_TOPIC} --no-follow --from beginning",
    f"inspect {TRANSFER_TOPIC}",
    f"inspect {TRANSFER_TOPIC} --json",
    f"replay {ROWS} --source {TRANSFER_TOPIC}",
    "start spend",
    "verify spend",
    "quarantine",
    "quarantine --json",
    "check spend --max-quarantined 9",
    "check spend --verify --json",
    "doctor",
    "doctor --json",
    f"backtest {TRANSFER_TOPIC} --signal dear",
)
# What cannot be decoded is shown as it is, with the reason.
SHOWN_ALL_THE_SAME: Final = ("tail",)
# Number of mutated answers, and of registries that turn into something else.
MUTATED: Final = 20
TURNED: Final = 8


@pytest.fixture(autouse=True)
def _rows(alone: Path) -> None:
    """A file to replay."""
    (alone / ROWS).write_text(ROW)


def chosen(random: Random, count: int) -> list[str]:
    """This many commands, none of them twice before all were chosen."""
    found = list(ASKING)
    random.shuffle(found)
    return [f"{found[at % len(found)]} {OPTIONS}" for at in range(count)]


def test_the_registry_is_understood_as_long_as_it_sends_no_garbage(trial: Trial) -> None:
    """Otherwise the other tests would prove nothing."""
    shown = {TRANSFER_TOPIC: '"amount":281.06', PAYMENT_TOPIC: '"account":"DE1"'}
    for command in ASKING:
        trial.servers.begin()
        said = trial.check(f"{command} {OPTIONS}", "proper answers")
        assert trial.servers.registry.asked, command
        if command.startswith("tail"):
            assert shown[command.split()[1]] in said.out.replace(" ", "")
        assert "registry" not in said.err, (command, said)
    trial.end()


@pytest.mark.parametrize("kind", GARBLES)
def test_what_is_no_answer_of_a_registry(trial: Trial, kind: str) -> None:
    registry = trial.servers.registry
    kinds = list(GARBLES)
    first = kinds.index(kind)
    for turn in range(trial.rounds):
        command = f"{ASKING[(first + turn) % len(ASKING)]} {OPTIONS}"
        trial.servers.begin()
        registry.begin(Random(kind), GARBLES[kind])
        trial.check(command, kind, lost=registry, may_succeed=SHOWN_ALL_THE_SAME)
    trial.end()


def test_answers_of_a_registry_that_are_not_quite_right(trial: Trial) -> None:
    random = Random(5)
    for command in chosen(random, MUTATED * trial.rounds):
        trial.servers.begin()
        seed = random.randrange(1 << 32)
        trial.servers.registry.begin(Random(seed), mutate, share=random.choice((0.5, 1)))
        trial.check(command, f"mutated with {seed}")
    trial.end()


def test_a_registry_that_turns_into_something_else(trial: Trial) -> None:
    random = Random(6)
    for command in chosen(random, TURNED * trial.rounds):
        trial.servers.begin()
        kind = random.choice(sorted(GARBLES))
        trial.servers.registry.begin(Random(kind), GARBLES[kind], after=1)
        trial.check(command, f"{kind} after 1")
    trial.end()
