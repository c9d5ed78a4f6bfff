"""Every setting in words: made of the settings themselves, for the file and for the docs."""

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
    """One setting.

    Attributes:
        table: Where it stands: empty for the profile itself, or `kafka` or `flink`.
        name: Its name there.
        kind: What it has to be, in words: `whole number from 1`.
        default: As a file would say it; empty when it is not set, or depends on the machine.
        default_in_words: What it is then; empty when `default` says it.
        variable: The environment variable that outweighs it; empty when there is none.
        doc: What it is for, in one line.
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
        """Where it is in a profile: `kafka.port`."""
        return f"{self.table}.{self.name}" if self.table else self.name


def described() -> tuple[Setting, ...]:
    """Every setting of a profile: first its own, then those of its tables."""
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
            # What a file cannot set, the profile's name, is not documented.
            default, words = _default(field)
            settable = "" if get_origin(hint) is dict else own
            yield Setting(
                table, field.name, _kind(hint), default, words, settable, docs[field.name]
            )


def _docs(record: type) -> dict[str, str]:
    """The attributes of a record, those that it inherits included, each with what is said of it."""
    return {
        attribute.arg_name: " ".join((attribute.description or "").split())
        for base in reversed(record.__mro__)
        for attribute in parse(base.__doc__ or "", DocstringStyle.GOOGLE).params
        if attribute.args[0] == "attribute"
    }


def _default(field: msgspec.structs.FieldInfo) -> tuple[str, str]:
    """As a file would say it, and in words."""
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
        if isinstance(value, Path):
            return "", (field.default_factory.__doc__ or "").rstrip(".")
    else:
        value = field.default
    # JSON's texts, numbers, Booleans, lists and empty tables are those of TOML.
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
