"""The real console in a real terminal, on streams that are all hostile, or all harmless."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from random import Random
from typing import Final

from tests.snapshot.sample_rows import batch_of, flagged, live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import record
from tui.streams.quarantined import BadRow
from tui.streams.source import Batch

from .hostile import texts

ROWS: Final = 150
FIELDS: Final = ("merchant", "category", "first", "last", "zipcode", "dob", "trans_num")
PAYLOADS: Final = ROWS * (len(FIELDS) + 3)
"""In a batch: the fields of each flagged transaction; key, value, reason of each bad record."""
# One frame of the console: a batch is drawn before the next one arrives.
_FRAME_SECONDS: Final = 0.25


class Streams:
    """Returns this many batches, one per frame, and creates a file after the last one.

    Args:
        batches: Number of batches.
        hostile: Whether their texts are hostile.
        done: The file to create.
    """

    def __init__(self, batches: int, done: Path, *, hostile: bool) -> None:
        self._left = batches
        self._done = done
        self._hostile = hostile
        self._random = Random(batches)
        self._number = 0
        self._began = False

    def poll(self) -> Batch:
        """Return the next batch."""
        threading.Event().wait(_FRAME_SECONDS)
        if not self._began:
            self._began = True
            return live_batch()
        if self._left == 0:
            self._done.touch()
            return Batch()
        self._left -= 1
        self._number += ROWS
        numbers = range(self._number, self._number + ROWS)
        return batch_of(
            flagged=[
                flagged(number, **{field: self._text() for field in FIELDS}) for number in numbers
            ],
            quarantined=[self._bad(number) for number in numbers],
        )

    def close(self) -> None:
        """Do nothing."""

    def _bad(self, number: int) -> BadRow:
        value, key = self._text().encode(), self._text().encode()
        return BadRow(record(number, value, key), "not JSON", self._text())

    def _text(self) -> str:
        return texts(self._random) if self._hostile else "fraud_Olson, Becker"


def main() -> None:
    """Arguments: hostile or harmless, the number of batches, and the file to create at the end."""
    kind, batches, done = sys.argv[1:]
    streams = Streams(int(batches), Path(done), hostile=kind == "hostile")
    Stage(source=streams).app.run()  # type: ignore[arg-type]  # polled as a FakeSource is


if __name__ == "__main__":
    main()
