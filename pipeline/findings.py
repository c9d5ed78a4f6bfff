"""What a comparison of a live feature with its batch recomputation found, besides equal rows.

The rows that are not the same, one by one, and how timely the values were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Final

import msgspec

from pipeline.kept_file import KeptFile
from pipeline.sources.masking import HIDDEN, Mask

Value = bool | int | float | str | None
"""A column's value as JSON has it: times and decimals are text."""
EVERY_ROW: Final[Mapping[str, str]] = {}
"""Chooses no rows in particular: those with these values are all."""


class Kind(StrEnum):
    """In what a row is not the same; the first three are wrong.

    Attributes:
        wrong: Whether the job is wrong about the row.
    """

    wrong: bool

    DIFFERENT = "different", True
    MISSING = "missing", True
    UNEXPECTED = "not expected", True
    LATE = "late", False
    UNDECIDED = "undecided", False
    DUPLICATE = "duplicate", False
    WAITING = "waiting", False
    EQUAL = "equal", False

    def __new__(cls, label: str, wrong: bool = False) -> Kind:
        kind = str.__new__(cls, label)
        kind._value_ = label
        kind.wrong = wrong
        return kind


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a row is computed from.

    Attributes:
        partition: Its partition.
        offset: Its offset there.
        arrived_ms: Kafka's timestamp, in milliseconds since the epoch.
        late_seconds: How long its time had passed in the watermark that it met; 0 if it was on
            time, as far as the order of Kafka's timestamps tells.
        values: Its columns.
        topic: Its topic, without the profile's prefix; empty if the job reads one only.
    """

    partition: int
    offset: int
    arrived_ms: int
    late_seconds: float
    values: Mapping[str, Value]
    topic: str = ""

    @property
    def place(self) -> str:
        """Where it is: the topic, if that has to be said, the partition and the offset."""
        return f"{f'{self.topic} ' if self.topic else ''}{self.partition}:{self.offset}"


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not the same on Flink and in batch.

    Attributes:
        kind: In what.
        reason: Why, as far as it is known; a clause.
        at: Its event time.
        identity: The columns that identify it.
        expected: Its measures computed in batch; None if there are none.
        found: Its measures in the sink; None if there are none.
        errors: The relative error of each measure that differs, where it is a number.
        inputs: The records that it is computed from, newest first.
        inputs_total: How many there are; the list has the newest of them.
    """

    kind: Kind
    reason: str
    at: datetime
    identity: Mapping[str, Value]
    expected: Mapping[str, Value] | None
    found: Mapping[str, Value] | None
    errors: Mapping[str, float]
    inputs: tuple[Input, ...] = ()
    inputs_total: int = 0

    def as_shown(self, mask: Mask, source: Mask) -> Mismatch:
        """Return it with dots for what is hidden in the job's topic, and in that of its source."""
        return msgspec.structs.replace(
            self,
            identity=_shown(self.identity, mask),
            expected=self.expected and _shown(self.expected, mask),
            found=self.found and _shown(self.found, mask),
            inputs=tuple(
                msgspec.structs.replace(each, values=_shown(each.values, source))
                for each in self.inputs
            ),
        )

    @property
    def named(self) -> dict[str, str]:
        """The values that name it in a command: those that are neither null nor hidden."""
        return {
            name: text
            for name, text in ((name, str(value)) for name, value in self.identity.items())
            if self.identity[name] is not None and not text.startswith(HIDDEN)
        }

    @property
    def differing(self) -> tuple[str, ...]:
        """The measures in which it differs, the largest error first."""
        if self.expected is None or self.found is None:
            return tuple(self.expected or self.found or ())
        expected, found = self.expected, self.found
        names = [name for name in expected if expected[name] != found[name]]
        return tuple(sorted(names, key=lambda name: -self.errors.get(name, float("inf"))))


DELAYS: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Upper bounds of the steps in which delays are counted, in seconds; the last step has none."""
MOMENTS: Final = (0.1, 1.0, 15.0)
"""Seconds after a transaction at which the value known is looked at."""
ERRORS: Final = (1e-9, 0.001, 0.01, 0.1)
"""Upper bounds of the steps in which relative errors are counted; the last step has none."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a scoring service would have read some time after each transaction.

    Attributes:
        after: The time, in seconds.
        none: Transactions for which there was no value at all.
        within: The others, by how far the value was from the final one: see `ERRORS`.
    """

    after: float
    none: int
    within: tuple[int, ...]


class Timeliness(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the newest transactions their values were there.

    Attributes:
        rows: The number of transactions.
        median: The median delay, in seconds.
        most: The delay that 99 of 100 do not exceed.
        longest: The longest delay.
        delays: Transactions by their delay: see `DELAYS`.
        known: What was known before.
    """

    rows: int
    median: float
    most: float
    longest: float
    delays: tuple[int, ...]
    known: tuple[Known, ...]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What the last comparison of a job found besides equal rows.

    Attributes:
        at: When it ended, in seconds since the epoch.
        run: The run of the job that was compared: see `JobStatus.run`.
        counts: How many rows there are of each kind; the list may have fewer.
        rows: The mismatches, the wrong ones first, and each kind by event time.
        source: The topic of the inputs, without the profile's prefix.
        time: The inputs' column with the event time.
        user: Their column with the user; None if there is none, or it is hidden.
        timeliness: How timely the values were; None if that is not known.
    """

    at: float
    source: str
    time: str
    user: str | None = None
    run: str = ""
    counts: Mapping[Kind, int] = {}
    rows: tuple[Mismatch, ...] = ()
    timeliness: Timeliness | None = None


class KeptFindings:
    """What the last comparison of each job of a profile found, a file for each.

    Args:
        folder: The folder, which need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, job: str) -> Findings | None:
        """Return the mismatches of a job; None before its first comparison.

        Raises:
            InputError: The file cannot be read.
        """
        return self._file(job).read()

    def keep(self, job: str, found: Findings) -> None:
        """Replace the mismatches of a job.

        Raises:
            InputError: The file cannot be read or written.
        """
        self._file(job).change(lambda _: found)

    def forget(self, jobs: Iterable[str]) -> None:
        """Forget the mismatches of jobs whose state is discarded."""
        for job in jobs:
            self._path(job).unlink(missing_ok=True)

    def _file(self, job: str) -> KeptFile[Findings | None]:
        without = f"`fraudwatch verify {job}` writes it again"
        return KeptFile(self._path(job), Findings | None, None, without)

    def _path(self, job: str) -> Path:
        return self._folder / f"{job}.json"


def _shown(values: Mapping[str, Value], mask: Mask) -> dict[str, Value]:
    return {name: as_value(mask.value(name, value)) for name, value in values.items()}


def as_value(value: object) -> Value:
    """Return a column's value as JSON has it."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if isfinite(value) else str(value)
        case datetime():
            return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
        case date():
            return value.isoformat()
        case list():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)
