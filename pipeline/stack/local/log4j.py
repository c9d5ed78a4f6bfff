"""How the JVMs of the stack log: to their stderr, which is their log file."""

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
    """Write the settings.

    Args:
        path: Where to.
        levels: Level by logger name, for those that are not to log at INFO.
    """
    extra = [
        f"logger.l{number}.name = {name}\nlogger.l{number}.level = {level}\n"
        for number, (name, level) in enumerate((levels or {}).items())
    ]
    path.write_text(_CONFIG + "".join(extra))
