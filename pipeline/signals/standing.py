"""Which signal is the live one, and the history of that and of what signals compute."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from pipeline.errors import JobError
from pipeline.kept_file import KeptFile


class What(StrEnum):
    """What has changed."""

    DEFINED = "defined"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history.

    Attributes:
        what: What has changed.
        signal: The signal that was started with another definition, or that is the live one now.
        at: When, in seconds since the epoch.
        by: Who did it.
        digest: The digest of the definition; empty for other changes.
        before: The signal that was live before; empty if none had been chosen.
    """

    what: What
    signal: str
    at: float
    by: str
    digest: str = ""
    before: str = ""


class Standing(msgspec.Struct, frozen=True):
    """Which signal is live, and how that came about.

    Attributes:
        live: The signal whose alerts are worked on; empty before one was chosen.
        changes: All changes, the oldest first.
    """

    live: str = ""
    changes: tuple[Change, ...] = ()

    def digest(self, signal: str) -> str:
        """Return the digest of what a signal computes; empty before its first start."""
        return next((each.digest for each in reversed(self._defined(signal))), "")

    def since(self, signal: str) -> float | None:
        """Return since when a signal has its present definition, if it had another one before.

        What it wrote before that is of no use for judging it.
        """
        defined = self._defined(signal)
        return defined[-1].at if len(defined) > 1 else None

    def _defined(self, signal: str) -> list[Change]:
        return [each for each in self.changes if each.signal == signal and each.digest]


class Standings:
    """The standing of a profile's signals in one file; safe for several processes.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        without = "the history of the signals then begins again"
        self._file = KeptFile(path, Standing, Standing(), without)

    def now(self) -> Standing:
        """Return the standing.

        Raises:
            InputError: The file cannot be read.
        """
        return self._file.read()

    def define(self, signal: str, digest: str, by: str, at: float) -> None:
        """Note what a signal computes from now on, if it is something else than before.

        Raises:
            InputError: The file cannot be read or written.
        """
        change = Change(what=What.DEFINED, signal=signal, at=at, by=by, digest=digest)

        def defined(now: Standing) -> Standing:
            same = now.digest(signal) == digest
            return now if same else Standing(now.live, (*now.changes, change))

        self._file.change(defined)

    def promote(self, signal: str, by: str, at: float, *, first: str = "") -> Standing:
        """Make a signal the live one.

        Args:
            signal: The signal.
            by: Who does it.
            at: When, in seconds since the epoch.
            first: What counts as live as long as none was chosen.

        Raises:
            InputError: The file cannot be read or written.
        """

        def promoted(now: Standing) -> Standing:
            return _live(Standing(now.live or first, now.changes), What.PROMOTED, signal, by, at)

        return self._file.change(promoted)

    def roll_back(self, by: str, at: float) -> Standing:
        """Make live again what was live before the last change of it.

        Raises:
            JobError: Nothing was live before.
            InputError: The file cannot be read or written.
        """

        def back(now: Standing) -> Standing:
            last = next((each for each in reversed(now.changes) if not each.digest), None)
            if last is None or not last.before:
                raise JobError("No other signal was live before.", "Promote one.")
            return _live(now, What.ROLLED_BACK, last.before, by, at)

        return self._file.change(back)


def _live(now: Standing, what: What, signal: str, by: str, at: float) -> Standing:
    change = Change(what=what, signal=signal, at=at, by=by, before=now.live)
    return Standing(signal, (*now.changes, change))
