"""Log configuration of the stack's JVMs: to stderr, which goes to their log files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CONFIG: Final = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.target = SYSTEM_ERR
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss,SSS}} %-5p %c{{1}} - {logged}
# The pattern has the exception.
appender.out.layout.alwaysWriteExceptions = false
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
_LOGGED: Final = "%m%n%xEx"
# A message from its first quotation mark on, and its further lines, up to the frames of the stack;
# see `pipeline.flink.exceptions`, which can be more lenient as it knows where a message ends.
_QUOTED: Final = (
    r"""((?:Exception|Error): [^'"\n]*(?:(?<=\w)'[^'"\n]*)*)['"].*"""
    r"(?:\n(?!\s+(?:at|\.\.\.) |Caused by: |\s+Suppressed: ).+)*"
)
_NUMBER: Final = r"(?<![\w.-])\d\d\d\d\d\d\d\d+(?!\w)"
_DOTS: Final = "••••"


def write_log4j(
    path: Path, levels: Mapping[str, str] | None = None, *, show_values: bool = False
) -> None:
    """Write a log4j configuration.

    Args:
        path: The file to write.
        levels: Levels by logger name; the default is INFO.
        show_values: Whether exceptions are logged with the values of records that they quote.
    """
    extra = [
        f"logger.l{number}.name = {name}\nlogger.l{number}.level = {level}\n"
        for number, (name, level) in enumerate((levels or {}).items())
    ]
    logged = _LOGGED if show_values else _replaced(_replaced(_LOGGED, _QUOTED, "$1"), _NUMBER)
    config = _CONFIG.format(logged=_escaped(logged))
    path.write_text(config + "".join(extra))


def _replaced(pattern: str, expression: str, kept: str = "") -> str:
    return f"%replace{{{pattern}}}{{{expression}}}{{{kept}{_DOTS}}}"


def _escaped(text: str) -> str:
    """Return a text as a property has it: in Latin 1, with backslashes doubled."""
    return text.replace("\\", "\\\\").encode("latin-1", "backslashreplace").decode("latin-1")
