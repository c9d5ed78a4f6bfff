"""The thresholds that a profile's signals have been given, in one small file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from pipeline import private_file
from pipeline.errors import InputError
from pipeline.text.ready_type import ready

from .signal import require_threshold


class Thresholds:
    """Thresholds by signal; safe for several processes, and written atomically.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def given(self) -> Mapping[str, float]:
        """Return the thresholds that were given, by the signal's name.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            given = msgspec.json.decode(data, type=ready(dict[str, float]))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(
                f"{self._path} is damaged: {error}.",
                "Move it away; signals then have the thresholds that they are declared with.",
            ) from error
        for threshold in given.values():
            require_threshold(threshold)
        return given

    def give(self, signal: str, threshold: float) -> None:
        """Keep another threshold for a signal.

        Raises:
            InputError: It is no threshold, or the file cannot be read or written.
        """
        require_threshold(threshold)
        self._change(lambda given: {**given, signal: threshold})

    def forget(self, signal: str) -> None:
        """Return a signal to the threshold that it is declared with.

        Raises:
            InputError: The file cannot be read or written.
        """
        if signal in self.given():
            self._change(lambda given: {n: at for n, at in given.items() if n != signal})

    def _change(self, change: Callable[[Mapping[str, float]], Mapping[str, float]]) -> None:
        try:
            private_file.make_directory(self._path.parent)
            with private_file.locked(self._path):
                changed = change(self.given())
                private_file.write(self._path, msgspec.json.format(msgspec.json.encode(changed)))
        except OSError as error:
            raise InputError(
                f"{self._path} cannot be written: {error.strerror}.",
                "Make the state directory writable.",
            ) from error
