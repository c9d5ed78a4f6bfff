"""Shortens all waits: the tests are about how a command ends."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

import pytest

_PARAMETERS: Final = frozenset({"patience", "seconds", "timeout", "delivery_timeout"})


def shorten_waits(patch: pytest.MonkeyPatch, longest: float) -> None:
    """Shorten every wait in the loaded modules of the pipeline.

    A wait is a constant `…_SECONDS` of a module, or the default of a parameter `patience`,
    `seconds` or `timeout`.

    Args:
        patch: Restores them.
        longest: The longest wait in seconds.
    """
    for module_name in sorted(name for name in sys.modules if name.startswith("pipeline.")):
        module = sys.modules[module_name]
        for name, value in vars(module).copy().items():
            if name.endswith("_SECONDS") and isinstance(value, int | float) and value > longest:
                patch.setattr(module, name, longest)
        for function in _functions(vars(module).copy(), module_name):
            _shorten_defaults(patch, function, longest)


def _functions(names: dict[str, Any], module: str) -> Iterator[FunctionType]:
    for value in names.values():
        if isinstance(value, FunctionType):
            yield value
        elif inspect.isclass(value) and value.__module__ == module:
            yield from _functions(dict(vars(value)), module)


def _shorten_defaults(patch: pytest.MonkeyPatch, function: FunctionType, longest: float) -> None:
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in _PARAMETERS or not isinstance(parameter.default, int | float):
            continue
        short = min(longest, parameter.default)
        if parameter.kind is parameter.KEYWORD_ONLY:
            patch.setitem(function.__kwdefaults__ or {}, name, short)
        else:
            values = list(function.__defaults__ or ())
            values[values.index(parameter.default)] = short
            patch.setattr(function, "__defaults__", tuple(values))
