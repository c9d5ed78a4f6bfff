"""The pages of `docs/` that are made of the program itself; `make docs` writes them anew."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import docstring_parser
import msgspec

from pipeline.cli import command_line
from pipeline.config import Secret, Settings
from tests.documents import DOCS
from tui.keymap import KEYMAP, Key, Scope
from tui.web.command import serve

_KEYS = """# Keys

<!-- Made by `make docs`; what is written here is lost the next time. -->

`?` shows these in the console, and `ctrl+p` finds each of them by its name. Keys with ✎ change
something outside the console; with `--read-only` there are none of them.
"""
_COMMANDS = """# Commands

<!-- Made by `make docs`; what is written here is lost the next time. -->

`fraudwatch` alone opens the console; it takes `--profile`, `--features`, `--read-only` and
`--metrics-port`.
Everything that the console does works headless too. Where a command prints data, `--json` prints it
as JSON. Exit codes: 0 success, 1 a check that does not hold, 2 a wrong command or setting,
3 something that cannot be reached, 4 a job, 5 a file or topic.
"""
_CONFIGURATION = """# Configuration

<!-- Made by `make docs`; what is written here is lost the next time. -->

Settings are read from `fraudwatch.toml` in the user configuration directory, then from the one in
the working directory, then from the environment; the last one wins. A file has a table for each
profile, and `--profile NAME` picks one; `local` is there without a file:

```toml
[profile.local]
parallelism = 2
features = ["my_features.py"]

[profile.local.kafka]
port = 19092
```

A relative path is seen from the working directory. A list in a variable is separated as `PATH` is.
What does not fit is refused with one sentence before anything is started, and `fraudwatch doctor`
says which files were read.

A secret never stands in the settings themselves, which say where it is: `{ env = "VARIABLE" }`,
`{ file = "/path" }` or `{ keyring = "service/user" }`. In the environment its variable holds the
secret itself. What has no default may be left out.
"""
_TYPES: dict[object, str] = {
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    str: "text",
    Path: "path",
    Secret: "secret",
}


def pages() -> dict[Path, str]:
    """What each generated page has to say."""
    return {
        DOCS / "keys.md": keys(),
        DOCS / "commands.md": commands(),
        DOCS / "configuration.md": configuration(),
    }


def keys() -> str:
    """Every key of the keymap, by where it works."""
    parts = [_KEYS]
    for scope in Scope:
        rows = [_key_row(key) for key in KEYMAP if key.scope is scope]
        parts.append(f"## {scope.value}\n")
        parts.append("\n".join(["| key | | |", "| --- | --- | --- |", *rows]) + "\n")
    return "\n".join(parts)


def commands() -> str:
    """Every command with its options, by `cyclopts`."""
    made = command_line((serve,)).generate_docs(heading_level=2, usage_name="fraudwatch")
    # Cyclopts also says how this very process was started.
    made = re.sub(r"^(fraudwatch \w+) -m \S+", r"\1", made, flags=re.MULTILINE)
    # What stands before the list of the commands is that list once more.
    return _COMMANDS + "\n" + made[made.index("**Commands**") :].rstrip() + "\n"


def configuration() -> str:
    """Every setting, by its table."""
    parts = [_CONFIGURATION]
    for table, kind, prefix in _tables(Settings, "profile.NAME", "FRAUDWATCH"):
        parts.append(f"## `[{table}]`\n")
        parts.append(inspect.cleandoc(kind.__doc__ or "").partition("\n")[0] + "\n")
        head = ("| setting | variable | | default | |", "| --- | --- | --- | --- | --- |")
        parts.append("\n".join([*head, *_settings_rows(kind, prefix)]) + "\n")
    return "\n".join(parts)


def _key_row(key: Key) -> str:
    shown = " ".join(f"`` {part} ``" if "`" in part else f"`{part}`" for part in key.shown.split())
    return f"| {shown.replace('|', chr(92) + '|')} | {'✎' if key.changes else ''} | {key.help} |"


def _tables(
    kind: type[msgspec.Struct], table: str, prefix: str
) -> Iterator[tuple[str, type[msgspec.Struct], str]]:
    yield table, kind, prefix
    for name, hint in get_type_hints(kind).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from _tables(hint, f"{table}.{name}", f"{prefix}_{name.upper()}")


def _settings_rows(kind: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    described = _described(kind)
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        table = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
        if table or field.name == "profile":
            continue
        # A table within a table has no variable.
        variable = "" if get_origin(hint) is dict else f"`{prefix}_{field.name.upper()}`"
        cells = (
            f"`{field.name}`",
            variable,
            _type(hint),
            _default(field),
            described[field.name].replace("|", "\\|"),
        )
        yield f"| {' | '.join(cells)} |"


def _described(kind: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstrings of a record and of those it extends say of each field."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__doc__:
            parsed = docstring_parser.parse(each.__doc__, docstring_parser.DocstringStyle.GOOGLE)
            for parameter in parsed.params:
                found[parameter.arg_name] = " ".join((parameter.description or "").split())
    return found


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(f"`{value}`" if value else "empty" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return _type(next(each for each in arguments if each is not type(None)))
    if origin is tuple:
        return f"list: {_type(arguments[0])}"
    if origin is dict:
        return f"table: {_type(arguments[1])}"
    return _TYPES[hint]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        said = (
            inspect.getdoc(field.default_factory)
            if not isinstance(field.default_factory, type)
            else None
        )
        return (said or "").rstrip(".")
    match field.default:
        case None | "" | ():
            return ""
        case bool() as value:
            return f"`{str(value).lower()}`"
        case int() as value:
            return f"{value:,}" if value >= 100_000 else str(value)
        case value:
            return str(value) if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
