"""The program `fraudwatch`: without a command it opens the console, else it runs that command.

Imports are late, so that the console paints before anything slow is loaded.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pipeline.config import Settings
    from pipeline.sources import Source
    from pipeline.sources.masking import Mask

    from .messages import Moment
    from .session.backend import Backend
    from .session.view import View
    from .streams.history import HistoryBatch
    from .streams.own_history import OwnHistoryBatch
    from .streams.sink_topics import SinkTopic, Values
    from .streams.source import BatchSource
    from .streams.tail_source import Tails
    from .streams.user_feed import HistorySource

_INPUT_ERROR: Final = 2
_PROFILE: Final = "--profile"
_FEATURES: Final = "--features"
_READ_ONLY: Final = "--read-only"
_METRICS_PORT: Final = "--metrics-port"
# Rarely: the rows and line pieces that the console drops every second are not part of cycles.
_COLLECT_AT: Final = (20_000, 20, 100)


def main(argv: list[str] | None = None) -> int | None:
    """Open the console, or run a command.

    Args:
        argv: Arguments without the program's name; those of the process when None.

    Returns:
        The exit code; None for success.
    """
    if other := _other_pipeline():
        sys.stderr.write(
            f"fraudwatch: the package {other} hides fraudwatch's own package `pipeline`. "
            "Take its directory out of PYTHONPATH, or give it another name.\n"
        )
        return _INPUT_ERROR
    arguments = sys.argv[1:] if argv is None else argv
    wanted = console_options(arguments)
    if wanted is None:
        from pipeline.interrupt import ended_in_silence

        with ended_in_silence():
            from pipeline.cli.app import main as command

            from .web.command import serve

        return command(arguments, more=(serve,))
    return _open_console(wanted)


def _other_pipeline() -> str:
    """Return the path of a package `pipeline` that shadows ours; empty when there is none."""
    import pipeline

    found = Path(next(iter(pipeline.__path__)))
    return "" if found.parent == Path(__file__).parents[1] else str(found)


class ConsoleOptions(NamedTuple):
    """How to open the console; `metrics_port` is text, and None serves no metrics."""

    profile: str
    read_only: bool = False
    metrics_port: str | None = None
    features: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command-line arguments that `console_options` parses back to these options."""
        port = () if self.metrics_port is None else (f"{_METRICS_PORT}={self.metrics_port}",)
        read_only = (_READ_ONLY,) if self.read_only else ()
        features = (f"{_FEATURES}={path}" for path in self.features)
        return (f"{_PROFILE}={self.profile}", *read_only, *port, *features)


def console_options(arguments: Sequence[str]) -> ConsoleOptions | None:
    """Parse the arguments; None when they are a command rather than options of the console."""
    from pipeline.config import LOCAL_PROFILE

    values: dict[str, str] = {}
    features: list[str] = []
    read_only = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == _READ_ONLY:
            read_only = True
            continue
        if not equals:
            value = next(rest, "")
        if name == _FEATURES and value:
            features.append(value)
        elif name in (_PROFILE, _METRICS_PORT) and (equals or value):
            values[name] = value
        else:
            return None
    profile = values.get(_PROFILE, LOCAL_PROFILE)
    return ConsoleOptions(profile, read_only, values.get(_METRICS_PORT), tuple(features))


def _open_console(options: ConsoleOptions) -> int | None:
    import msgspec

    from pipeline.cli.terminal import prepare_streams, require_drawing
    from pipeline.config import load, profiles
    from pipeline.errors import PipelineError

    prepare_streams()
    try:
        settings = load(options.profile, features=map(Path, options.features))
        if options.read_only:
            settings = msgspec.structs.replace(settings, read_only=True)
        if not _drawn_elsewhere():
            require_drawing()
            # If the shell exports them, they override the terminal's own size, even after a resize.
            for size in ("COLUMNS", "LINES"):
                os.environ.pop(size, None)
        _log_to_file(settings)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code

    # Until the stack is connected, hardly anything becomes garbage; collecting only costs time.
    gc.disable()

    from .app import FraudwatchApp
    from .session.environment import Environment, Profiles
    from .streams.limits import StreamLimits
    from .terminal.signals import frames_waiting, leave_on_signals

    connected: list[Backend] = []

    def connect() -> Backend:
        from .session.connect import connect

        try:
            connected.append(connect(settings))
            return connected[0]
        finally:
            # Imported modules stay alive; traversing them would take as long as a keypress may.
            gc.freeze()
            gc.set_threshold(*_COLLECT_AT)
            gc.enable()

    def mask_of(topic: str) -> Mask:
        # Called by the threads that read, which have Kafka's address from the backend.
        return connected[0].mask_of(topic)

    def sources() -> Sequence[Source]:
        return connected[0].sources()

    def open_source(bootstrap: str, sinks: Sequence[SinkTopic[Any]]) -> BatchSource:
        from .streams.kafka_source import KafkaSource

        kafka = settings.kafka.at(bootstrap)
        return KafkaSource(kafka, sinks, mask_of, sources(), settings.labels)

    def open_tails(bootstrap: Callable[[], str]) -> Tails:
        from .streams.kafka_tails import KafkaTails

        return KafkaTails(bootstrap, settings.kafka, mask_of, sources)

    def open_history(
        bootstrap: str, user_id: int, moment: Moment | None
    ) -> HistorySource[HistoryBatch]:
        from .streams.kafka_history import KafkaHistory, start_at
        from .streams.tutorial_user import TutorialUser

        kafka = settings.kafka.at(bootstrap)
        return KafkaHistory(kafka, TutorialUser(kafka, user_id, mask_of), start_at(moment))

    def open_own_history(
        bootstrap: str,
        source: Source,
        sinks: Sequence[SinkTopic[Values]],
        user: str,
        moment: Moment | None,
    ) -> HistorySource[OwnHistoryBatch]:
        from .streams.kafka_history import KafkaHistory, start_at
        from .streams.stream_user import StreamUser

        kafka = settings.kafka.at(bootstrap)
        found = StreamUser(kafka, source, sinks, user, mask_of)
        return KafkaHistory(kafka, found, start_at(moment))

    environment = Environment(
        profile=settings.profile,
        connect=connect,
        open_source=open_source,
        open_tails=open_tails,
        open_history=open_history,
        open_own_history=open_own_history,
        limits=StreamLimits.of(settings),
        remembered=settings.state_dir / "console.json",
        read_only=settings.read_only,
        profiles=Profiles(profiles, load),
        built_in=settings.built_in,
        plain_drawing=settings.plain_drawing,
    )
    console = FraudwatchApp(environment)
    leave_on_signals(
        lambda code: console.exit(return_code=code), lambda: frames_waiting(console._driver)
    )
    try:
        with metrics_served(options.metrics_port, lambda: console.view):
            console.run()
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if console.return_value is not None:
        _become(options._replace(profile=console.return_value))
    return console.return_code


def _become(options: ConsoleOptions) -> None:
    """Replace this process with another console in the same terminal.

    `exec` leaves no thread, connection or log file of the old stack behind. A stack that is still
    stopping finishes on its own, as after quitting.
    """
    # The command line up to our own arguments, whether started by name or by `python -m`.
    started = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv[1:])]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *started, *options.arguments])


def metrics_served(port: str | None, view: Callable[[], View]) -> AbstractContextManager[object]:
    """Serve metrics to Prometheus while the context is open; do nothing when `port` is None.

    Raises:
        ConfigError: The port is not a number, or is already in use.
    """
    if port is None:
        return nullcontext()

    from pipeline.errors import ConfigError

    from .metrics.endpoint import serving

    if not port.isdecimal():
        raise ConfigError(
            f"{_METRICS_PORT} {port!r} is not a port.", "Use a number from 0 to 65535."
        )
    return serving(int(port), view)


def _drawn_elsewhere() -> bool:
    """Whether Textual uses another driver than the terminal's, as in a browser tab."""
    # Textual's own variable; importing its constants would take longer.
    return bool(os.environ.get("TEXTUAL_DRIVER"))


def _log_to_file(settings: Settings) -> None:
    """Log to a file, since log records on stderr would be printed over the console."""
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
