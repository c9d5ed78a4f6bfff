"""The command line: which commands there are, and what becomes of an error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final

from cyclopts import App, CycloptsError

from pipeline.errors import PipelineError, UnavailableError

from . import check, data, doctor, jobs, profiles, proof, stack

Command = Callable[..., object]

_OF_EVERY_COMMAND: Final = ("--profile", "--features")
_COMMANDS: Final[tuple[Command, ...]] = (
    *(stack.up, stack.down, stack.status, stack.logs),
    *(jobs.jobs, jobs.start, jobs.stop, jobs.sql),
    *(data.simulate, data.replay, data.topics, data.tail),
    *(proof.verify, proof.quarantine, check.check),
    *(profiles.init, profiles.profiles, doctor.doctor),
)


def command_line(more: Sequence[Command] = ()) -> App:
    """All commands.

    Args:
        more: Those of whoever sits on the pipeline.
    """
    app = App(
        name="fraudwatch",
        help="Streaming fraud features with Ibis on Flink and Kafka. "
        "Without a command: the console (--profile NAME, --features FILE, --read-only, "
        "--metrics-port N).",
        version=lambda: version("fraudwatch"),
    )
    for command in (*_COMMANDS, *more):
        app.command(command)
    return app


def options_last(arguments: Sequence[str]) -> list[str]:
    """The same with the options of every command after it: they may as well stand before it."""
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
        arguments: Without the program's name; those of the process when None.
        more: Commands besides the pipeline's own.

    Returns:
        The exit code: 0 for success, 1 for a check that did not hold, 2 for a wrong command or
        setting, 3 for something that cannot be reached, 4 for a job, 5 for a file or topic.
    """
    try:
        result = command_line(more)(
            options_last(sys.argv[1:] if arguments is None else arguments),
            exit_on_error=False,
            result_action="return_value",
        )
    except CycloptsError:
        return 2
    except PipelineError as error:
        print(f"fraudwatch: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"            {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has seen enough, as with `| head`; the flush at exit fails.
            sys.stdout = None
            return 0
        where = f" {error.filename}" if error.filename else ""
        print(f"fraudwatch: The system refuses{where}: {error.strerror}.", file=sys.stderr)
        print("            `fraudwatch doctor` looks for the reason.", file=sys.stderr)
        return UnavailableError.exit_code
    return result if isinstance(result, int) else 0
