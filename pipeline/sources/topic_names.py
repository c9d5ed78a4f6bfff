"""What Kafka allows as the name of a topic."""

from __future__ import annotations

import re
from typing import Final

ALLOWED: Final = "Kafka allows up to 249 letters, digits, dots, dashes and underscores."
ALLOWED_CHARACTERS: Final = "A-Za-z0-9._-"
MOST_CHARACTERS: Final = 249
_NAME: Final = re.compile(rf"[{ALLOWED_CHARACTERS}]{{1,{MOST_CHARACTERS}}}")


def is_topic_name(name: str) -> bool:
    """Whether Kafka takes this as the name of a topic."""
    return bool(_NAME.fullmatch(name)) and name not in (".", "..")
