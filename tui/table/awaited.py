"""What waits for the rows of a table's newest query."""

from __future__ import annotations

from collections.abc import Callable

from .query import Query


class Awaited:
    """Acts on the rows that were asked for last, as soon as they are there.

    Keys may be faster than the rows that a new filter, order or tab brings; what they act on are
    those, not what the table still shows.
    """

    def __init__(self) -> None:
        self._behind = False
        self._waiting: list[Callable[[], None]] = []

    def then(self, action: Callable[[], None]) -> None:
        """Act now, or when the rows are there."""
        if self._behind:
            self._waiting.append(action)
        else:
            action()

    def asked(self) -> None:
        """Wait: another query was asked."""
        self._behind = True

    def came(self, answers: Query | None, asked: Query | None) -> None:
        """Act, if the rows that came are those that were asked for.

        Args:
            answers: The query that the rows answer; None where they answer any.
            asked: The query that was asked last.
        """
        self._behind = answers is not None and answers != asked
        if not self._behind:
            waiting, self._waiting = self._waiting, []
            for action in waiting:
                action()
