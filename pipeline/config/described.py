"""Describes every setting, from the settings classes, for the settings file and the docs."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from docstring_parser import DocstringStyle, parse

from .secret import Secret
from .settings import VARIABLE, Settings

_WORDS: Final[dict[Any, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Secret: "secret",
}
_BOUNDS: Final = (("ge", "from {}"), ("gt", "above {}"), ("le", "to {}"), ("lt", "below {}"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a profile.

    Attributes:
        table: The TOML table it belongs to: `kafka`, `flink`, or empty for the profile itself.
        name: Its key in that table.
        kind: The type it takes, in words: `whole number from 1`.
        default: The default in TOML; empty when there is none, or when it depends on the machine.
        default_in_words: The default in words, where TOML cannot show it; otherwise empty.
        variable: The environment variable that overrides it; empty when there is none.
        doc: What it does, in one line.
    """

    table: str
    name: str
    kind: str
    default: str
    default_in_words: str
    variable: str
    doc: str

    @property
    def path(self) -> str:
        """Dotted path within a profile: `kafka.port`."""
        return f"{self.table}.{self.name}" if self.table else self.name


def described() -> tuple[Setting, ...]:
    """Return every setting: the profile's own first, then those of its tables."""
    found = _walk(Settings, "", VARIABLE)
    return tuple(sorted(found, key=lambda setting: setting.table != ""))


def _walk(record: type, table: str, variable: str) -> Iterator[Setting]:
    docs = _docs(record)
    hints = get_type_hints(record, include_extras=True)
    for field in msgspec.structs.fields(record):
        hint = hints[field.name]
        own = f"{variable}_{field.name.upper()}"
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from _walk(hint, f"{table}.{field.name}".lstrip("."), own)
        elif field.name in docs:
            # The profile's name cannot be set in a file and has no documentation.
            default, words = _default(field)
            settable = "" if get_origin(hint) is dict else own
            yield Setting(
                table, field.name, _kind(hint), default, words, settable, docs[field.name]
            )


def _docs(record: type) -> dict[str, str]:
    """Map each attribute of a settings class, inherited ones included, to its description."""
    return {
        attribute.arg_name: " ".join((attribute.description or "").split())
        for base in reversed(record.__mro__)
        for attribute in parse(base.__doc__ or "", DocstringStyle.GOOGLE).params
        if attribute.args[0] == "attribute"
    }


def _default(field: msgspec.structs.FieldInfo) -> tuple[str, str]:
    """Return the default as TOML and, where TOML cannot show it, in words."""
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
        if isinstance(value, Path):
            return "", (field.default_factory.__doc__ or "").rstrip(".")
    else:
        value = field.default
    # JSON strings, numbers, booleans, lists and empty tables are valid TOML.
    return ("", "none") if value is None else (msgspec.json.encode(value).decode(), "")


def _kind(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = [
            words.format(bound)
            for meta in inner[1:]
            for name, words in _BOUNDS
            if (bound := getattr(meta, name)) is not None
        ]
        return " ".join([_kind(inner[0]), *bounds])
    if origin is Literal:
        return "one of " + ", ".join(msgspec.json.encode(word).decode() for word in inner)
    if origin in (Union, types.UnionType):
        return _kind(next(kind for kind in inner if kind is not type(None)))
    if origin is dict:
        return f"table of {_kind(inner[1])}s"
    if origin is tuple:
        return f"list of {_kind(inner[0])}s"
    return _WORDS[hint]
