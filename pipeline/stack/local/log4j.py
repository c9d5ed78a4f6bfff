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
appender.out.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1} - %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


def write_log4j(path: Path, levels: Mapping[str, str] | None = None) -> None:
    """Write a log4j configuration.

    Args:
        path: The file to write.
        levels: Levels by logger name; the default is INFO.
    """
    extra = [
        f"logger.l{number}.name = {name}\nlogger.l{number}.level = {level}\n"
        for number, (name, level) in enumerate((levels or {}).items())
    ]
    path.write_text(_CONFIG + "".join(extra))
