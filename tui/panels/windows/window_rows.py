"""The lines of the panel Windows: windows, their users, and counts of omitted users."""

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
        """The sum of the user's amounts in the window."""
        return self.mean * self.count


@dataclass(frozen=True, slots=True)
class WindowSummary:
    """Totals of one closed window, and the first users of a query.

    Attributes:
        start: First event time in it.
        end: First event time after it.
        users: Number of users.
        count: Number of transactions.
        amount: Sum of the amounts.
        top: The first users of the query.
        matched: How many users match the query.
        truncated: Whether some rows were dropped, so that totals are lower bounds.
        fraud: Flagged transactions; None unless the console has read the whole window.
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
        """The mean amount of its transactions."""
        return self.amount / self.count if self.count else 0.0

    @property
    def fraud_share(self) -> float | None:
        """The share of flagged transactions; None when unknown."""
        return self.fraud / self.count if self.fraud is not None and self.count else None


@dataclass(frozen=True, slots=True)
class OtherUsers:
    """The number of users of a window that are not shown."""

    start: datetime
    end: datetime
    count: int


WindowLine = WindowSummary | WindowUser | OtherUsers


def lines(page: Page[WindowSummary]) -> tuple[WindowLine, ...]:
    """Return, for each window, its totals, its top users and the number of others."""
    found: list[WindowLine] = []
    for window in page.rows:
        found += [window, *window.top]
        if left := window.matched - len(window.top):
            found.append(OtherUsers(window.start, window.end, left))
    return tuple(found)


def line_key(line: WindowLine) -> tuple[datetime, datetime, object]:
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
    """Return a cell for a figure that windows and users both have."""

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
    """Return a column's value; only the lines of users are filtered, sorted and exported."""
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
