"""What Flink's exceptions say, without the values of records that they quote.

A cast that fails names the value, and a sink that cannot write a row names the row; neither says of
which column it is. Ports, timeouts and the names of classes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.sources.masking import HIDDEN, masked

_FRAME: Final = re.compile(
    r"\s+(?:at [\w.$/<>@-]+\((?:[\w.$-]+(?::\d+)?|Native Method|Unknown Source)\)"
    r"|\.\.\. \d+ (?:more|common frames omitted))"
)
# From the first quotation mark to the last of its kind, since a value may have some, or else to the
# end, since a message may be cut off. An apostrophe begins nothing.
_QUOTED: Final = re.compile(r"""(?<!\w)(['"])(?:.*\1|.*)""", re.DOTALL)
# A row as Flink writes it, such as +I(DE89,12.50).
_ROW: Final = re.compile(r"[+-][IUD][(\[].*[)\]]", re.DOTALL)
_NUMBER: Final = re.compile(
    r"(?<![\w.])(?:\d{8,}|\d+\.\d{7,}|\d{3,}(?:[ -]\d{3,}){2,})(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)"
)


def without_records(trace: str) -> str:
    """Return a stack trace, or its message, with dots for what may be of a record."""
    return "\n".join(_without_records(trace.split("\n")))


def _without_records(lines: list[str]) -> Iterator[str]:
    message: list[str] = []
    for line in lines:
        # A message goes on in the next line if a value has line breaks.
        if message and (line.startswith("Caused by: ") or _FRAME.fullmatch(line)):
            yield _hidden("\n".join(message))
            message = []
        if _FRAME.fullmatch(line):
            yield line
        else:
            message.append(line)
    if message:
        yield _hidden("\n".join(message))


def _hidden(message: str) -> str:
    without = _ROW.sub(HIDDEN, _QUOTED.sub(HIDDEN, message))
    return _NUMBER.sub(lambda found: masked(found[0]), without)
