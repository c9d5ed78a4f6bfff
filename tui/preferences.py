"""The preferences that the console remembers between sessions, in one small file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline import private_file
from pipeline.text.ready_type import ready

from .session.view import Notice, Severity

_log = logging.getLogger(__name__)

_SETTLE_SECONDS: Final = 0.3
_TABLES: Final = "tables"

Changes = dict[str, Any]


class TablePreferences(msgspec.Struct, frozen=True):
    """The preferences of one table.

    Attributes:
        sort: The column it is sorted by; empty for the table's own order.
        descending: Whether the largest comes first.
        hidden: The titles of the hidden columns.
        feature: The feature it shows; empty for its first one.
    """

    sort: str = ""
    descending: bool = True
    hidden: tuple[str, ...] = ()
    feature: str = ""


class Preferences(msgspec.Struct, frozen=True):
    """The preferences of the console.

    Attributes:
        theme: Name of the theme; empty for the default.
        panel: The chosen panel: `users`, `windows`, `flagged`, `plots` or `signals`.
        maximised: Whether that panel is maximised.
        ask_before_cancelling: Whether cancelling a job asks first.
        tables: Preferences of tables, by the table's id.
    """

    theme: str = ""
    panel: str = "users"
    maximised: bool = False
    ask_before_cancelling: bool = True
    tables: Mapping[str, TablePreferences] = {}

    def table(self, name: str) -> TablePreferences:
        """Return a table's preferences, or the defaults."""
        return self.tables.get(name, TablePreferences())


class PreferencesFile:
    """Preferences in a file; safe to use from several threads and consoles.

    A change takes effect at once and is written a moment later by a thread. Only changed fields are
    merged into the file as it is by then, so that neither another console nor a newer version with
    fields of its own loses anything.

    Args:
        path: The file; a missing folder is created. None holds everything in memory.
        notify: Called once when the file cannot be used.
    """

    def __init__(self, path: Path | None, notify: Callable[[Notice], None]) -> None:
        self._path = path
        self._notify = notify
        self._reported = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._pending: Changes = {}
        self._writer: threading.Thread | None = None
        self._current = Preferences()

    @property
    def current(self) -> Preferences:
        with self._lock:
            return self._current

    def load(self) -> Preferences:
        """Read the file, falling back to the defaults when it is missing or unusable.

        It has a few hundred bytes, so this is fast enough to do before the first paint.
        """
        path = self._path
        try:
            if path is None or not path.exists():
                return self.current
            with private_file.locked(path):
                loaded = msgspec.convert(self._read(path), ready(Preferences))
        except OSError as error:
            self._complain(f"The preferences cannot be read: {_reason(error)}.", error)
            return self.current
        with self._lock:
            self._current = loaded
        return loaded

    def change(self, **changes: object) -> Preferences:
        """Set fields of `Preferences`, except `tables`."""
        return self._change(changes)

    def change_table(self, name: str, **changes: object) -> Preferences:
        """Set fields of `TablePreferences` for one table."""
        return self._change({_TABLES: {name: changes}})

    def close(self, patience: float = 2.0) -> None:
        """Write pending changes, waiting at most `patience` seconds."""
        with self._lock:
            writer = self._writer
        self._wake.set()
        if writer is not None:
            writer.join(patience)

    def _change(self, changes: Changes) -> Preferences:
        with self._lock:
            tables = {
                **self._current.tables,
                **{
                    name: msgspec.structs.replace(self._current.table(name), **fields)
                    for name, fields in changes.get(_TABLES, {}).items()
                },
            }
            replaced = msgspec.structs.replace(self._current, **(changes | {_TABLES: tables}))
            if replaced == self._current:
                return replaced
            self._current = replaced
            _merge(self._pending, changes)
            if self._writer is None and self._path is not None:
                self._writer = threading.Thread(
                    target=self._write_later, name="fraudwatch-preferences", daemon=True
                )
                self._writer.start()
            return replaced

    def _write_later(self) -> None:
        """Write until there are no more changes; an idle console has no thread."""
        while True:
            # Stepping through the themes should only write the last one.
            self._wake.wait(_SETTLE_SECONDS)
            with self._lock:
                changes, self._pending = self._pending, {}
                if not changes:
                    self._writer = None
                    return
            try:
                if self._path is not None:
                    self._write(self._path, changes)
            except OSError as error:
                self._complain(f"The preferences cannot be saved: {_reason(error)}.", error)

    def _write(self, path: Path, changes: Changes) -> None:
        with private_file.locked(path):
            raw = self._read(path)
            _merge(raw, msgspec.to_builtins(changes))
            private_file.write(path, msgspec.json.format(msgspec.json.encode(raw)))

    def _read(self, path: Path) -> Changes:
        """Read all fields of the file; empty when it is missing or damaged."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            raw = msgspec.json.decode(data, type=dict[str, Any])
            msgspec.convert(raw, ready(Preferences))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            aside = _free_name(path)
            path.rename(aside)
            self._complain(
                f"The preferences file was damaged and has been moved to {aside}.", error
            )
            return {}
        return raw

    def _complain(self, message: str, error: Exception) -> None:
        _log.warning("%s", message, exc_info=error)
        with self._lock:
            reported, self._reported = self._reported, True
        if not reported:
            self._notify(Notice(message, Severity.WARNING))


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_suffix(f".damaged-{number}")).exists():
        number += 1
    return aside


def _merge(into: Changes, changes: Changes) -> None:
    """Merge changes into fields: tables field by field, everything else replaced."""
    tables = into.get(_TABLES, {})
    for name, table in changes.get(_TABLES, {}).items():
        old = tables.get(name)
        both = isinstance(old, dict) and isinstance(table, dict)
        tables[name] = {**old, **table} if both else table
    into.update({name: value for name, value in changes.items() if name != _TABLES})
    if tables:
        into[_TABLES] = tables


def _reason(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.strerror else str(error)
