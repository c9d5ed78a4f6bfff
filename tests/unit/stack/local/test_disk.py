"""A directory that cannot be used is refused before anything is written, in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import UnavailableError
from pipeline.stack.local import disk


@pytest.mark.parametrize("name", ["Zustände x", "100%20 #1", 'it\'s "so" \\n', "日本 😀"])
def test_any_other_name_can_be_used(name: str, tmp_path: Path) -> None:
    directory = tmp_path / name
    assert disk.room_for_state(directory).startswith(f"{directory}, ")
    assert not directory.exists(), "only looked at"


@pytest.mark.parametrize("separator", [",", ":"])
@pytest.mark.parametrize("folders", ["a{}b", "a{}b/c"])
def test_a_separator_of_paths_is_refused(separator: str, folders: str, tmp_path: Path) -> None:
    directory = tmp_path / folders.format(separator)
    with pytest.raises(UnavailableError) as refused:
        disk.room_for_state(directory)
    assert refused.value.message == (
        f"{directory} cannot be used: Kafka and Flink read {separator!r} as the end of a path."
    )
    assert "FRAUDWATCH_STATE_DIR" in refused.value.hint


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / os.fsdecode(b"caf\xe9")
    with pytest.raises(UnavailableError) as refused:
        disk.room_for_state(directory)
    assert r"caf\xe9" in refused.value.message
    assert "not UTF-8" in refused.value.message
