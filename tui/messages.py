"""What screens ask of the application, above all to open another screen."""

from __future__ import annotations

from textual.message import Message


class LookAgain(Message):
    """Posted to draw the stack as it is now rather than at the next tick, after a command to it."""


class OpenUser(Message):
    """Posted to open the screen of one user."""

    def __init__(self, user_id: int) -> None:
        super().__init__()
        self.user_id = user_id


class OpenJob(Message):
    """Posted to open the screen of one job."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OpenRows(Message):
    """Posted to open the rows of a job's topic."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OpenTopic(Message):
    """Posted to open a topic's records; an empty name opens the topic picker first."""

    def __init__(self, topic: str = "") -> None:
        super().__init__()
        self.topic = topic


class OpenQuarantine(Message):
    """Posted to open the quarantine: the invalid records."""


class OpenSimulator(Message):
    """Posted to open the simulator's controls."""
