"""What a job computes, apart from where it runs: kept beside its state, to tell when it changed."""

from __future__ import annotations

from typing import Final

import msgspec

ANY_BOOTSTRAP: Final = "{bootstrap}"
"""Stands for Kafka's address, which may be another one at each start."""

# Event times have no zone, Kafka's timestamps have one: this is where they meet.
SESSION_TIME_ZONE: Final = "UTC"


class Definition(msgspec.Struct, frozen=True):
    """A job's SQL with Kafka's address left open; state belongs to the SQL that made it.

    Attributes:
        statements: In the order in which they are executed; the last one is the INSERT.
    """

    statements: tuple[str, ...]

    def at(self, bootstrap: str) -> tuple[str, ...]:
        """The statements for a broker.

        Args:
            bootstrap: Its address as Flink sees it.
        """
        return tuple(text.replace(ANY_BOOTSTRAP, bootstrap) for text in self.statements)
