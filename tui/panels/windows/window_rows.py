"""A line of the panel Windows: a window, one of its users, or what is left out; and its columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.table.column import Column, Columns
from tui.table.query import Page


@dataclass(frozen=True, slots=True)
class WindowUser:
    """A user in one closed window."""

    start: datetime
    end: datetime
    user_id: int
    mean: float
    count: int

    @property
    def amount(self) -> float:
        """The sum of the user's amounts."""
        return self.mean * self.count


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """One closed window as a whole, and the users that were asked for.

    Attributes:
        start: First event time in it.
        end: First event time after it.
        users: How many users it has.
        count: Its transactions.
        amount: The sum of their amounts.
        top: The first of the users that the query finds.
        matched: How many users the query finds.
        truncated: Whether some rows are forgotten, so that totals are at least so high.
        fraud: Flagged transactions in it; None when the console has not seen all of its time.
    """

    start: datetime
    end: datetime
    users: int
    count: int
    amount: float
    top: tuple[WindowUser, ...]
    matched: int
    truncated: bool = False
    fraud: int | None = None

    @property
    def mean(self) -> float:
        """Mean amount over all its transactions."""
        return self.amount / self.count if self.count else 0.0

    @property
    def fraud_share(self) -> float | None:
        """Flagged transactions of all; None when that is not known."""
        return self.fraud / self.count if self.fraud is not None and self.count else None


@dataclass(frozen=True, slots=True)
class OtherUsers:
    """How many users of a window are not shown."""

    start: datetime
    end: datetime
    count: int


WindowLine = WindowSummary | WindowUser | OtherUsers


def lines(page: Page[WindowSummary]) -> tuple[WindowLine, ...]:
    """Each window as a whole, then the users that stand out in it, then how many others it has."""
    found: list[WindowLine] = []
    for window in page.rows:
        found += [window, *window.top]
        if left := window.matched - len(window.top):
            found.append(OtherUsers(window.start, window.end, left))
    return tuple(found)


def line_key(line: WindowLine) -> tuple[datetime, datetime, object]:
    """What tells a line from others."""
    return line.end, line.start, line.user_id if isinstance(line, WindowUser) else type(line)


def _window(line: WindowLine, _: float) -> Sequence[Piece]:
    if not isinstance(line, WindowSummary):
        return []
    return [Piece(text.window(line.start, line.end), Tone.STRONG)]


def _who(line: WindowLine, _: float) -> Sequence[Piece]:
    match line:
        case WindowUser():
            return [Piece(text.user(line.user_id))]
        case OtherUsers():
            return [Piece(f" {text.integer(line.count)} more", Tone.QUIET)]
    more = "+" if line.truncated else ""
    return [Piece(f" {text.integer(line.users)}{more} users", Tone.STRONG)]


def _number(
    of: Callable[[WindowSummary | WindowUser], str],
) -> Callable[[WindowLine, float], Sequence[Piece]]:
    """A cell with a figure that windows and their users both have."""

    def cell(line: WindowLine, _: float) -> Sequence[Piece]:
        if isinstance(line, OtherUsers):
            return []
        return [Piece(of(line), Tone.STRONG if isinstance(line, WindowSummary) else Tone.PLAIN)]

    return cell


def _fraud(line: WindowLine, _: float) -> Sequence[Piece]:
    if not isinstance(line, WindowSummary):
        return []
    share = line.fraud_share
    if share is None:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(text.share(share), Tone.DANGER if share else Tone.QUIET)]


def _of_user(value: Callable[[WindowUser], Any]) -> Callable[[WindowLine], Any]:
    """A value of the lines that are filtered, sorted and exported: those of users."""
    return lambda line: value(line) if isinstance(line, WindowUser) else None


WINDOW_COLUMNS: Final = Columns[WindowLine](
    Column("window", 24, _window, grow=6),
    Column(name="start", kind=datetime, value=_of_user(lambda user: user.start)),
    Column(name="end", kind=datetime, value=_of_user(lambda user: user.end)),
    Column(
        " user",
        20,
        _who,
        name="user",
        kind=int,
        value=_of_user(lambda user: user.user_id),
        word=True,
        letter="U",
    ),
    Column(
        "count",
        7,
        _number(lambda each: text.integer(each.count)),
        name="count",
        kind=int,
        value=_of_user(lambda user: user.count),
        letter="C",
        right=True,
    ),
    Column(
        "amount",
        12,
        _number(lambda each: text.money(each.amount)),
        name="amount",
        kind=float,
        value=_of_user(lambda user: user.amount),
        letter="A",
        right=True,
        drop=2,
    ),
    Column(
        "mean",
        10,
        _number(lambda each: text.money(each.mean)),
        name="mean",
        kind=float,
        value=_of_user(lambda user: user.mean),
        letter="M",
        right=True,
    ),
    Column("fraud", 6, _fraud, right=True, drop=1),
)
