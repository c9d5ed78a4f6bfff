"""The command line: lists the commands, runs one, and reports its errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from cyclopts import App, CycloptsError, Parameter

from pipeline.errors import PipelineError, UnavailableError
from pipeline.interrupt import is_interrupt
from pipeline.text.sanitise import sanitised
from pipeline.text.words import quoted

from . import (
    backtest,
    check,
    data,
    doctor,
    holding,
    inspect,
    jobs,
    profiles,
    replay,
    signals,
    stack,
    train,
    verdicts,
    verify,
)
from .common import say
from .terminal import prepare_streams

Command = Callable[..., object]

INTERRUPTED: Final = 130
"""Exit code after ctrl+c, as of a program that the signal ends."""
_OF_EVERY_COMMAND: Final = ("--profile", "--features")
_COMMANDS: Final[tuple[Command, ...]] = (
    *(stack.up, stack.down, stack.status, stack.logs),
    *(jobs.jobs, jobs.start, jobs.stop, jobs.sql),
    *(data.simulate, replay.replay, data.topics, data.tail, inspect.inspect),
    *(verify.verify, verify.quarantine, check.check),
    *(holding.shrink, holding.hold),
    *(backtest.backtest, train.train, signals.signals, verdicts.verdicts),
    *(profiles.init, profiles.profiles, doctor.doctor),
)


def command_line(more: Sequence[Command] = ()) -> App:
    """Return the application with all commands.

    Args:
        more: Commands in addition to the pipeline's own.
    """
    app = App(
        name="fraudwatch",
        help="Streaming fraud features with Ibis on Flink and Kafka. "
        "Without a command: the console (--profile NAME, --features FILE, --read-only, "
        "--metrics-port N).",
        version=lambda: version("fraudwatch"),
        suppress_keyboard_interrupt=False,
        # A value such as `[x].csv` is a name.
        default_parameter=Parameter(json_list=False, json_dict=False),
    )
    for command in (*_COMMANDS, *more):
        app.command(command)
    return app


def options_last(arguments: Sequence[str]) -> list[str]:
    """Move the common options behind the command, since they may precede it."""
    rest = list(arguments)
    leading: list[str] = []
    while rest and rest[0].partition("=")[0] in _OF_EVERY_COMMAND:
        leading.append(rest.pop(0))
        if "=" not in leading[-1] and rest:
            leading.append(rest.pop(0))
    return [*rest, *leading]


def main(arguments: Sequence[str] | None = None, *, more: Sequence[Command] = ()) -> int:
    """Run one command.

    Args:
        arguments: The arguments without the program's name; those of the process when None.
        more: Commands in addition to the pipeline's own.

    Returns:
        The exit code: 0 for success, 1 for a failed check, 2 for a wrong command or setting, 3 if
        something is unavailable, 4 for a job, 5 for a file or topic, 6 if a feature cannot be
        judged.
    """
    prepare_streams()
    code = 0
    try:
        # The reader of the output may have closed it, as with `| head`.
        with suppress(BrokenPipeError):
            code = _run(options_last(sys.argv[1:] if arguments is None else arguments), more)
            # Flushed here, since an error at Python's exit would print a traceback.
            sys.stdout.flush()
    except OSError as error:
        where = f" for {quoted(str(error.filename))}" if error.filename else ""
        _complain(
            PipelineError(
                f"The operating system reports an error{where}: {error.strerror}.",
                "Run `fraudwatch doctor` to find the reason.",
            )
        )
        code = UnavailableError.exit_code
    _close_broken_streams()
    return code


def _run(arguments: Sequence[str], more: Sequence[Command]) -> int:
    try:
        result = command_line(more)(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return 2
    except PipelineError as error:
        _complain(error)
        return error.exit_code
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _complain(error: PipelineError) -> None:
    # If stderr is closed, the exit code has to be enough.
    with suppress(OSError):
        # What was in progress is not any more.
        say("", over=True)
        print(f"fraudwatch: {sanitised(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"            {sanitised(error.hint)}", file=sys.stderr)


def _close_broken_streams() -> None:
    """Close streams that cannot be flushed, since Python would try again at exit."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except OSError:
            setattr(sys, name, None)
