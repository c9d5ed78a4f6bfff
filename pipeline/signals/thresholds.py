"""The thresholds that a profile's signals have been given, in one small file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.kept_file import KeptFile

from .signal import require_threshold


class Thresholds:
    """Thresholds by signal; safe for several processes, and written atomically.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        empty: Mapping[str, float] = {}
        without = "signals then have the thresholds that they are declared with"
        self._file = KeptFile(path, dict[str, float], empty, without)

    def given(self) -> Mapping[str, float]:
        """Return the thresholds that were given, by the signal's name.

        Raises:
            InputError: The file cannot be read.
        """
        given = self._file.read()
        for threshold in given.values():
            require_threshold(threshold)
        return given

    def give(self, signal: str, threshold: float) -> None:
        """Keep another threshold for a signal.

        Raises:
            InputError: It is no threshold, or the file cannot be read or written.
        """
        require_threshold(threshold)
        self._file.change(lambda given: {**given, signal: threshold})

    def forget(self, signal: str) -> None:
        """Return a signal to the threshold that it is declared with.

        Raises:
            InputError: The file cannot be read or written.
        """
        if signal in self.given():
            self._file.change(lambda given: {n: at for n, at in given.items() if n != signal})
