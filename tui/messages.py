"""Going somewhere else: screens post these, and the application goes there."""

from __future__ import annotations

from textual.message import Message


class OpenUser(Message):
    """Look at one user."""

    def __init__(self, user_id: int) -> None:
        super().__init__()
        self.user_id = user_id


class OpenJob(Message):
    """Look at one job."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OpenRows(Message):
    """Look at the rows of a job's topic."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class OpenTopic(Message):
    """Look into a topic; an empty name has one chosen."""

    def __init__(self, topic: str = "") -> None:
        super().__init__()
        self.topic = topic


class OpenQuarantine(Message):
    """Look at the records that are no transactions."""


class OpenSimulator(Message):
    """Steer the simulator."""
