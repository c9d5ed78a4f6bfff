"""What screens ask of the application, above all to open another screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.message import Message

from pipeline.model.held_tests import WantedTest


class LookAgain(Message):
    """Posted to draw the stack as it is now rather than at the next tick, after a command to it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of event time.

    Attributes:
        at: The event time.
        since_ms: Kafka's timestamp from which records are needed to see it, in milliseconds since
            the epoch; None if unknown.
    """

    at: datetime
    since_ms: int | None = None


@dataclass
class OpenUser(Message):
    """Posted to open the screen of one user.

    Attributes:
        user_id: The user's id.
        moment: When to show the user; None for now.
    """

    user_id: int
    moment: Moment | None = None


@dataclass
class OpenAlert(Message):
    """Posted to open one alert of the signal that the panel Signals shows.

    Attributes:
        identity: The identity of its record.
    """

    identity: str


@dataclass
class OpenOwnUser(Message):
    """Posted to open the screen of one user of another source than the tutorial's.

    Attributes:
        topic: The source's documented topic.
        user: The user, as text.
        moment: When to show the user; None for now.
    """

    topic: str
    user: str
    moment: Moment | None = None


@dataclass
class OpenUserRecords(Message):
    """Posted to open the records of one user in the topic of a source.

    Attributes:
        topic: The topic's documented name.
        column: The column with the user.
        user: The user.
        since_ms: Kafka's timestamp to read from, in milliseconds since the epoch; None for the
            newest records.
    """

    topic: str
    column: str
    user: str
    since_ms: int | None = None


@dataclass
class OpenJob(Message):
    """Posted to open the screen of one job."""

    name: str


@dataclass
class OpenMismatches(Message):
    """Posted to open what the last proof of a job found besides equal rows."""

    name: str


@dataclass
class ProveJobs(Message):
    """Posted to prove the rows of jobs; of every job if `names` is None."""

    names: frozenset[str] | None


@dataclass
class WriteTest(Message):
    """Posted to write a test of what a row is computed from."""

    wanted: WantedTest


@dataclass
class OpenRows(Message):
    """Posted to open the rows of a job's topic."""

    name: str


@dataclass
class OpenTopic(Message):
    """Posted to open a topic's records; an empty name opens the topic picker first."""

    topic: str = ""


@dataclass
class OpenInspection(Message):
    """Posted to open the declaration of a source that fits a topic."""

    topic: str


class OpenBeside(Message):
    """Posted to open the signal that the panel Signals shows beside another one."""


class OpenQuality(Message):
    """Posted to open the figures of the signal that the panel Signals shows."""


class OpenQuarantine(Message):
    """Posted to open the quarantine: the invalid records."""


class OpenSimulator(Message):
    """Posted to open the simulator's controls."""
