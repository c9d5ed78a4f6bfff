"""Values that no output may show, the records that have them, and how outputs are searched."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from subprocess import CompletedProcess
from typing import Any, Protocol

CARD, IBAN, HOLDER, BORN = 4_000_123_412_341_385, "DE89CANARY0532", "Zephyrine", date(1931, 7, 9)
CANARIES = (str(CARD), "4000123412", IBAN, "CANARY", HOLDER, HOLDER.upper(), "Zeph", str(BORN))
START = datetime(2024, 3, 1)


class Run(Protocol):
    """Runs a command."""

    def __call__(self, *arguments: str) -> CompletedProcess[str]: ...


def row(number: int) -> dict[str, Any]:
    """The fields of a record."""
    at = START + timedelta(seconds=20 * number)
    fields = {"at": at, "iban": IBAN, "card": CARD, "holder": HOLDER, "born": BORN}
    return fields | {"amount": 1.5 * number, "fraud": number % 9 == 0}


def in_text(number: int) -> dict[str, Any]:
    """The same, with times as texts."""
    fields = row(number)
    return fields | {"at": str(fields["at"]), "born": str(BORN)}


def said_by(run: Run, *commands: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """What commands print on both outputs."""

    def output(words: tuple[str, ...]) -> str:
        done = run(*words)
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(commands, pool.map(output, commands), strict=True))


def assert_hidden(said: Mapping[tuple[str, ...], str]) -> None:
    """No text has a canary."""
    for words, text in said.items():
        found = [text[max(0, text.find(each) - 300) :][:600] for each in CANARIES if each in text]
        assert not found, words
