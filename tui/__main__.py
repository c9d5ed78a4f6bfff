"""The command `fraudwatch`: alone it opens the console; everything else is the pipeline's.

Imports are late: the console has to paint before anything slow is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.config import Settings

    from .backend import Backend
    from .source import Source

_PROFILE: Final = "--profile"


def main(argv: list[str] | None = None) -> int | None:
    """Open the console, or run a command.

    Args:
        argv: Arguments without the program's name; those of the process when None.

    Returns:
        The exit code; None for success.
    """
    arguments = sys.argv[1:] if argv is None else argv
    profile = console_profile(arguments)
    if profile is None:
        from pipeline.cli import main as command

        return command(arguments)
    return _open_console(profile)


def console_profile(arguments: Sequence[str]) -> str | None:
    """The profile to open the console with; None when the arguments ask for something else."""
    from pipeline.config import LOCAL_PROFILE

    match list(arguments):
        case []:
            return LOCAL_PROFILE
        case [option] if option.startswith(f"{_PROFILE}="):
            return option.partition("=")[2]
        case [option, name] if option == _PROFILE:
            return name
    return None


def _open_console(profile: str) -> int | None:
    import time

    from pipeline.config import load
    from pipeline.errors import PipelineError

    try:
        settings = load(profile)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise PipelineError("The console needs a terminal.", "Try `fraudwatch --help`.")
        _log_to_file(settings)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code

    from .app import FraudwatchApp

    def connect() -> Backend:
        from pipeline.runtime import Runtime

        return Runtime(settings)

    def open_source(bootstrap: str) -> Source:
        from .kafka_source import KafkaSource

        return KafkaSource(bootstrap)

    FraudwatchApp(profile, connect, open_source, time.time).run()
    return None


def _log_to_file(settings: Settings) -> None:
    """Log records would otherwise be printed over the console."""
    import logging

    settings.logs_dir.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=settings.logs_dir / "console.log",
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


if __name__ == "__main__":
    sys.exit(main())
