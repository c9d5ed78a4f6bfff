"""Checks the output and the exit code of a command, whatever the command."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.unseen import unseen

# Matches `fraudwatch: …` and its hint.
_COMPLAINT: Final = re.compile(r"^fraudwatch: (.*)\n(?: {12}(.*)\n)?", re.MULTILINE)
# Terms of Python and of libraries, which do not help users.
_FOREIGN: Final = re.compile(
    r"Traceback|KeyError|ValueError|TypeError|AttributeError|UnicodeDecodeError|OverflowError"
    r"|httpx|httpcore|msgspec|rdkafka|KafkaError|KafkaException|cimpl|_ALL_BROKERS_DOWN|Local: "
    r"|<class|object at 0x|Expected `|Expecting |JSON is malformed|\bErrno\b|\[SSL"
    r"|ConnectError|ReadError|ReadTimeout|ConnectTimeout|ProtocolError|DecodingError|InvalidURL"
    r"|NoneType|\bNone\b(?! of )|Exception ignored|'utf-?8' codec|codec can't"
)
_PROGRESS: Final = re.compile(r"^  […✓✗]")
_LONGEST: Final = 400
_ENDS: Final = re.compile(r"(?<!\.)\.$")


def documented_codes() -> frozenset[int]:
    """The exit codes in the table of the documentation, except that of ctrl+c."""
    page = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
    return frozenset(map(int, re.findall(r"^\| (\d) \|", page.read_text(), re.MULTILINE)))


@dataclass(frozen=True, slots=True)
class Said:
    """The output and the exit code of a command.

    Attributes:
        code: Exit code.
        out: Standard output.
        err: Standard error.
    """

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> tuple[str, str] | None:
        """The message and the hint of the error that ended it; None without an error."""
        found = _COMPLAINT.search(self.err)
        return (found[1], found[2] or "") if found else None

    def faults(self, codes: frozenset[int], *, is_json: bool) -> list[str]:
        """Texts that no user should have to read, and missing ones; empty if there are none.

        Args:
            codes: The documented exit codes.
            is_json: Whether every line of the output has to be a JSON document.
        """
        both = self.out + self.err
        faults = [f"{word!r} is foreign" for word in sorted(set(_FOREIGN.findall(both)))]
        if hidden := unseen(both) - {"\n"}:
            faults.append(f"control characters {sorted(hidden)}")
        if self.code not in codes:
            faults.append(f"exit code {self.code} is not documented")
        faults += [f"ends in two stops: {line}" for line in both.splitlines() if ".." in line[-3:]]
        faults += [f"{len(line):,} characters in a line" for line in self._long_lines()]
        complaint = self.complaint
        if complaint is not None:
            faults += _faults_of(*complaint)
        if bool(complaint) and not self.code:
            faults.append("an error, and exit code 0")
        if self.code and not both.strip():
            faults.append("an exit code without a word")
        if is_json and not complaint:
            faults += _faults_of_json(self.out)
        return faults

    def _long_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if len(line) > _LONGEST]


def _faults_of(message: str, hint: str) -> list[str]:
    faults = []
    for what, text in (("message", message), ("hint", hint)):
        if not _ENDS.search(text):
            faults.append(f"the {what} is no sentence: {text[-80:]!r}")
        elif text.strip() != text:
            faults.append(f"blanks around the {what}")
    return faults


def _faults_of_json(text: str) -> list[str]:
    faults = []
    for line in text.splitlines():
        try:
            json.loads(line, parse_constant=_refuse)
        except ValueError as error:
            faults.append(f"no JSON ({error}): {line[:200]}")
    return faults


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
