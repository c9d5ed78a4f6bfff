"""Loads user-defined features: a Python file with functions decorated with `@feature`."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from inspect import isfunction, signature
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Final

import ibis.expr.types as ir

from pipeline.errors import InputError, PipelineError
from pipeline.sources.topic_names import ALLOWED, is_topic_name
from pipeline.text.sanitise import sanitised

from .feature import Feature

_OURS: Final = ("pipeline", "tui")
_CORRECT: Final = "Correct the file."
_EXAMPLE: Final = 'Write a function of the transactions under `@feature(topic="my_topic")`.'


def read_module(path: Path, known: Sequence[Feature] = ()) -> tuple[Feature, ...]:
    """Execute a file and return the features that it defines or imports, in order.

    Args:
        path: A Python file; it can import modules beside it.
        known: Features that it may import without adding them.

    Raises:
        InputError: The file does not exist, raises, or has no usable feature.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", "Name the Python file with your features.")
    # What it prints is no part of a command's result.
    with _importable(path.parent), redirect_stdout(sys.stderr):
        module = _run(path)
        # A feature under two names counts once.
        found = {id(value): value for value in vars(module).values() if isinstance(value, Feature)}
        features = tuple(feature for feature in found.values() if feature not in known)
        if not features:
            raise InputError(f"{path} has no feature.", _EXAMPLE)
        for feature in features:
            _refuse_unfit(path, feature)
    return features


def line_of(feature: Feature) -> int:
    """Return the line on which a feature's function begins."""
    code = getattr(feature.expression, "__code__", None)
    return code.co_firstlineno if code is not None else 1


def where(path: Path, feature: Feature) -> str:
    """Format the location of a feature for error messages."""
    return f"{path}, line {line_of(feature)}"


def _run(path: Path) -> ModuleType:
    # A path is not a valid module name, so it shadows no module.
    spec = importlib.util.spec_from_file_location(str(path), path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file.", "Its name must end with .py.")
    module = importlib.util.module_from_spec(spec)
    # dataclasses, for one, looks up the module of a class here.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        at = f"{error.filename or path}"
        at += f", line {error.lineno}" if error.lineno else ""
        raise InputError(f"{at}: {_said(error.msg)}.", _CORRECT) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Also SystemExit, and whatever else the file makes of it.
        raise _converted(path, error, vars(module)) from error
    return module


def _refuse_unfit(path: Path, feature: Feature) -> None:
    at = where(path, feature)
    if not (isinstance(feature.topic, str) and is_topic_name(feature.topic)):
        raise InputError(
            f"{at}: {sanitised(str(feature.topic))!r} cannot be the name of a topic.",
            ALLOWED,
        )
    try:
        table = feature.table
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _converted(path, error) from error
    if not isinstance(table, ir.Table):
        found = "nothing" if table is None else f"a {type(table).__name__}"
        raise InputError(
            f"{at}: {feature.name} returns {found}, but must return a table.",
            "A feature is an expression such as `transaction.select(...)`.",
        )


def _converted(
    path: Path, error: BaseException, names: Mapping[str, object] = MappingProxyType({})
) -> InputError:
    """Convert an exception of the user's code, located at the last of its own lines.

    Args:
        path: The file.
        error: The exception.
        names: What the file had defined and imported by then.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    at = f"{path}, line {lines[-1]}" if lines else str(path)
    if isinstance(error, ModuleNotFoundError) and (found := _shadowed(path, error.name or "")):
        return InputError(
            f"{at}: {found} cannot be imported, since fraudwatch has a package of that name.",
            "Give yours another name, or move what the file needs into a module beside it.",
        )
    if isinstance(error, PipelineError):
        return InputError(f"{at}: {error.message}", error.hint)
    kind = type(error).__name__
    try:
        said = _said(str(error))
    except Exception:  # It is the user's, too.
        said = ""
    hint = _arguments(said, names) if isinstance(error, TypeError) else ""
    return InputError(f"{at}: {kind}{': ' if said else ''}{said}.", hint or _CORRECT)


def _arguments(said: str, names: Mapping[str, object]) -> str:
    """Return a hint for a call of a function of fraudwatch with wrong arguments.

    Args:
        said: Python's message.
        names: What the file has defined and imported.

    Returns:
        The function's arguments; empty where the message is about something else.
    """
    called = said.partition("()")[0]
    if called == "feature":
        return _EXAMPLE
    function = names.get(called)
    if not isfunction(function) or function.__module__.partition(".")[0] not in _OURS:
        return ""
    return f"Its arguments, each by its name: {', '.join(signature(function).parameters)}."


def _shadowed(path: Path, module: str) -> Path | None:
    """Return the user's package that one of fraudwatch's shadows; None if that is not the cause."""
    package = path.parent / module.partition(".")[0]
    return package if package.name in _OURS and package.is_dir() else None


def _said(text: str) -> str:
    return sanitised(text.strip().partition("\n")[0].rstrip(". "))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Make modules beside the file importable, after all others."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
