"""A small JSON file that several processes may change: read, locked, and replaced atomically."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from pipeline import private_file
from pipeline.errors import InputError
from pipeline.text.malformed import MALFORMED, malformation
from pipeline.text.ready_type import ready

T = TypeVar("T")


class KeptFile(Generic[T]):
    """A value in a file.

    Args:
        path: The file, which need not exist.
        kind: The type of the value.
        empty: The value before the file exists.
        without: What follows if a damaged file is moved away, as the end of a sentence.
    """

    def __init__(self, path: Path, kind: Any, empty: T, without: str) -> None:
        self._path = path
        self._kind = kind
        self._empty = empty
        self._without = without

    def read(self) -> T:
        """Return the value.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return self._empty
        try:
            found: T = msgspec.json.decode(data, type=ready(self._kind))
        except MALFORMED as error:
            raise InputError(
                f"{self._path} is damaged: {malformation(error)}.",
                f"Move it away; {self._without}.",
            ) from error
        return found

    def change(self, change: Callable[[T], T]) -> T:
        """Replace the value by what a function makes of it, and return that.

        Raises:
            InputError: The file cannot be read or written.
        """
        try:
            private_file.make_directory(self._path.parent)
            with private_file.locked(self._path):
                changed = change(self.read())
                private_file.write(self._path, msgspec.json.format(msgspec.json.encode(changed)))
        except OSError as error:
            raise InputError(
                f"{self._path} cannot be written: {error.strerror}.",
                "Make the state directory writable.",
            ) from error
        return changed
