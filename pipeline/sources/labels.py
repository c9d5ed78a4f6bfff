"""Labels as people write them in text: what says that a record is fraud, and that it is not."""

from __future__ import annotations

from typing import Final

YES: Final = ("yes", "y", "true", "1")
NO: Final = ("no", "n", "false", "0")
IN_WORDS: Final = "yes or no, y or n, true or false, 1 or 0"


def is_label(text: str) -> bool:
    """Whether a text is a label; capital letters make no difference."""
    return text.lower() in YES + NO


def says_fraud(label: object) -> bool | None:
    """Return what a label says, as a number, a truth value or a text; None if it says nothing."""
    text = str(label).lower()
    return text in YES if text in YES + NO else None
