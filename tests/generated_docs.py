"""The pages of `docs/` that are made of the program itself; `make docs` writes them anew."""

from __future__ import annotations

import re
from inspect import getdoc
from pathlib import Path

from pipeline.cli import command_line
from pipeline.config.described import Setting, described
from pipeline.errors import (
    ConfigError,
    InputError,
    JobError,
    PipelineError,
    UnavailableError,
)
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
as JSON, which is ASCII where the terminal's character set lacks a character.

| exit code | |
| --- | --- |
"""
# What the errors do not say themselves.
_CODES = {
    0: "Success; also when the reader of the output has gone, as with `tail … \\| head`.",
    PipelineError.exit_code: "What was checked does not hold (`check`, `verify`), or the console "
    "cannot be drawn in this terminal.",
    6: "Nothing was found wrong, and a feature cannot be judged (`verify`, `check --verify`).",
    130: "Ended by ctrl+c.",
}
_ERRORS = (ConfigError, UnavailableError, JobError, InputError)
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
    codes = _CODES | {error.exit_code: f"{getdoc(error)}" for error in _ERRORS}
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in sorted(codes.items()))
    # What stands before the list of the commands is that list once more.
    return f"{_COMMANDS}{rows}\n" + made[made.index("**Commands**") :].rstrip() + "\n"


def configuration() -> str:
    """Every setting, by its table."""
    parts = [_CONFIGURATION]
    settings = described()
    for table in dict.fromkeys(setting.table for setting in settings):
        parts.append(f"## `[{'.'.join(filter(None, ('profile.NAME', table)))}]`\n")
        head = ("| setting | variable | | default | |", "| --- | --- | --- | --- | --- |")
        rows = (_setting_row(setting) for setting in settings if setting.table == table)
        parts.append("\n".join([*head, *rows]) + "\n")
    return "\n".join(parts)


def _key_row(key: Key) -> str:
    shown = " ".join(f"`` {part} ``" if "`" in part else f"`{part}`" for part in key.shown.split())
    return f"| {shown.replace('|', chr(92) + '|')} | {'✎' if key.changes else ''} | {key.help} |"


def _setting_row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else setting.default_in_words
    variable = f"`{setting.variable}`" if setting.variable else ""
    cells = (f"`{setting.name}`", variable, setting.kind, default, setting.doc)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
