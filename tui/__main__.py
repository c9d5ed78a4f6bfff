"""The command `fraudwatch`: alone it opens the console; everything else is the pipeline's.

Imports are late: the console has to paint before anything slow is loaded.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pipeline.config import Settings

    from .backend import Backend
    from .history import HistorySource
    from .source import Source
    from .tail_source import Tails

_PROFILE: Final = "--profile"
_FEATURES: Final = "--features"
_READ_ONLY: Final = "--read-only"
# Rarely: what the console drops by the second, rows and pieces of lines, is in no cycles.
_COLLECT_AT: Final = (20_000, 20, 100)


def main(argv: list[str] | None = None) -> int | None:
    """Open the console, or run a command.

    Args:
        argv: Arguments without the program's name; those of the process when None.

    Returns:
        The exit code; None for success.
    """
    arguments = sys.argv[1:] if argv is None else argv
    wanted = console_options(arguments)
    if wanted is None:
        from pipeline.cli import main as command

        return command(arguments)
    return _open_console(wanted)


class ConsoleOptions(NamedTuple):
    """How to open the console."""

    profile: str
    read_only: bool = False
    features: tuple[str, ...] = ()


def console_options(arguments: Sequence[str]) -> ConsoleOptions | None:
    """How to open the console; None when the arguments ask for something else."""
    from pipeline.config import LOCAL_PROFILE

    profile, read_only = LOCAL_PROFILE, False
    features: tuple[str, ...] = ()
    rest = iter(arguments)
    for argument in rest:
        if argument == _READ_ONLY:
            read_only = True
            continue
        option, equals, value = argument.partition("=")
        given = value if equals else next(rest, None)
        if option == _PROFILE and given is not None:
            profile = given
        elif option == _FEATURES and given is not None:
            features = (*features, given)
        else:
            return None
    return ConsoleOptions(profile, read_only, features)


def _open_console(options: ConsoleOptions) -> int | None:
    import msgspec

    from pipeline.config import load
    from pipeline.errors import PipelineError

    try:
        settings = load(options.profile, features=map(Path, options.features))
        if options.read_only:
            settings = msgspec.structs.replace(settings, read_only=True)
        # Textual draws on standard error.
        if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
            raise PipelineError("The console needs a terminal.", "Try `fraudwatch --help`.")
        _log_to_file(settings)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code

    gc.set_threshold(*_COLLECT_AT)

    from .app import FraudwatchApp
    from .environment import Environment
    from .limits import Limits
    from .signals import leave_on_signals

    def connect() -> Backend:
        from pipeline.runtime import Runtime

        # What was imported stays, so that looking through it for garbage, which takes as long as a
        # keypress should, is for nothing.
        gc.freeze()

        runtime = Runtime(settings)
        if not settings.read_only:
            return runtime

        from .read_only import ReadOnlyBackend

        return ReadOnlyBackend(runtime)

    def open_source(bootstrap: str) -> Source:
        from .kafka_source import KafkaSource

        return KafkaSource(settings.kafka.at(bootstrap))

    def open_tails(bootstrap: Callable[[], str]) -> Tails:
        from .kafka_tails import KafkaTails

        return KafkaTails(bootstrap, settings.kafka)

    def open_history(bootstrap: str, user_id: int) -> HistorySource:
        from .kafka_history import KafkaHistory

        return KafkaHistory(settings.kafka.at(bootstrap), user_id)

    environment = Environment(
        profile=settings.profile,
        connect=connect,
        open_source=open_source,
        open_tails=open_tails,
        open_history=open_history,
        limits=Limits.of(settings),
        remembered=settings.state_dir / "console.json",
        read_only=settings.read_only,
    )
    console = FraudwatchApp(environment)
    leave_on_signals(lambda code: console.exit(return_code=code))
    console.run()
    return console.return_code


def _log_to_file(settings: Settings) -> None:
    """Log records would otherwise be printed over the console."""
    import logging

    from pipeline import private_file

    for folder in (settings.state_dir, settings.logs_dir):
        private_file.make_directory(folder)
    private_file.touch(settings.logs_dir / "console.log")
    logging.basicConfig(
        filename=settings.logs_dir / "console.log",
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )


if __name__ == "__main__":
    sys.exit(main())
