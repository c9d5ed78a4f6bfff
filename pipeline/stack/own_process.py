"""Work in a process of its own, for a console that goes on: both ends, and what they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline import config, private_file
from pipeline.config import Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.interrupt import is_interrupt
from pipeline.text.ready_type import ready

from .local.control import Refused

_ENDING_SECONDS: Final = 10.0
_KILLED_AFTER_SECONDS: Final = 5.0
Report = Callable[[str], None]


class Said(msgspec.Struct, frozen=True, tag="said"):
    """What is being done."""

    text: str


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The end, and what came of it."""

    result: msgspec.Raw


Line = Said | Ended | Refused


def ask(
    module: str,
    settings: Settings,
    task: object,
    report: Report,
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> msgspec.Raw:
    """Run a module that gives an `answer`, and return what came of it.

    The process ends when the calling one does, and when `report` raises an exception.

    Args:
        module: The module, which is run as a script.
        settings: Settings of the profile.
        task: What is asked of it.
        report: Called with what is being done.
        log: Where the process writes its errors.
        environment: Variables in addition to those of this process.

    Raises:
        PipelineError: It failed; the message says why.
        UnavailableError: The process has ended early.
    """
    private_file.make_directory(log.parent)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    with _ended(process):
        assert process.stdin is not None and process.stdout is not None
        # Its stdin stays open: its end tells the process that nobody waits any more.
        process.stdin.write(config.to_json(settings) + b"\n" + msgspec.json.encode(task) + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            match msgspec.json.decode(line, type=ready(Line)):
                case Said(text):
                    report(text)
                case Ended(result):
                    return result
                case Refused(message, hint):
                    raise PipelineError(message, hint)
    raise UnavailableError("The process that does this has ended early.", f"Look at {log}.")


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See that a process ends: its input does, and it is killed if it does not end by itself.

    A library may hold Python's lock for ever in it, as Kafka's client where it closes.
    """
    try:
        yield
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(_ENDING_SECONDS + _KILLED_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answer(
    work: Callable[[Settings, Any, Report], object], task: Any, *, patience: float = _ENDING_SECONDS
) -> int:
    """Do what the caller asks for, in a process that `ask` has started; return its exit code.

    Args:
        work: Does it, given the settings and the task, and returns what came of it.
        task: Type of the task.
        patience: Seconds after the end of the caller after which this process ends at once.
    """
    os.umask(0o077)
    # Also where the caller ignores it, as in a shell's background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings = config.from_json(sys.stdin.buffer.readline())
    wanted = msgspec.json.decode(sys.stdin.buffer.readline(), type=ready(task))
    threading.Thread(target=_end_with_caller, args=(patience,), name="caller", daemon=True).start()
    try:
        result = work(settings, wanted, lambda text: _say(Said(text)))
        _say(Ended(msgspec.Raw(msgspec.json.encode(result))))
    except PipelineError as error:
        _say(Refused(error.message, error.hint))
    except BrokenPipeError:
        return 1
    except (KeyboardInterrupt, RuntimeError) as error:
        if not is_interrupt(error):
            raise
        return 1
    return 0


def _say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_caller(patience: float) -> None:
    sys.stdin.buffer.read()
    # Temporary files are removed on the way out, unless that takes too long.
    late = threading.Timer(patience, lambda: os._exit(1))
    late.daemon = True
    late.start()
    # To the main thread, which may be asleep.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
