"""Pictures are few enough to be reviewed, and small enough for the repository."""

from __future__ import annotations

from pathlib import Path

MOST_PICTURES = 80
MOST_BYTES = 4_000_000


def test_there_are_few_pictures_and_they_are_small() -> None:
    pictures = list((Path(__file__).parent / "__snapshots__").rglob("*.svg"))
    assert 0 < len(pictures) <= MOST_PICTURES, (
        "one per layout; assert in words what differs in words"
    )
    assert sum(picture.stat().st_size for picture in pictures) <= MOST_BYTES
