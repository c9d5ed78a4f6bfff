"""Preferences are restored, whatever happens to the file in between."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tui.preferences import Preferences, PreferencesFile, TablePreferences
from tui.session.view import Notice, Severity


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "console.json"


def unexpected(notice: Notice) -> None:
    pytest.fail(f"an unexpected notice: {notice}")


def opened(path: Path, notices: list[Notice] | None = None) -> PreferencesFile:
    file = PreferencesFile(path, notices.append if notices is not None else unexpected)
    file.load()
    return file


def test_nothing_is_remembered_at_first_and_nothing_is_written(path: Path) -> None:
    file = opened(path)
    assert file.current == Preferences()
    assert file.current.table("users") == TablePreferences()
    file.change(maximised=False)
    file.close()
    assert not path.exists()


def test_what_was_changed_comes_back(path: Path) -> None:
    file = opened(path)
    file.change(theme="fraudwatch-light", ask_before_cancelling=False)
    file.change(theme="fraudwatch-mono", maximised=True)
    file.change_table("users", sort="mean 6h")
    file.change_table("users", descending=False)
    changed = file.change_table("flagged", sort="amount")
    assert changed == file.current
    file.close()
    again = opened(path).current
    assert again == changed
    assert again == Preferences(
        theme="fraudwatch-mono",
        maximised=True,
        ask_before_cancelling=False,
        tables={
            "users": TablePreferences("mean 6h", descending=False),
            "flagged": TablePreferences("amount"),
        },
    )


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    file = opened(path)
    old = os.umask(0)
    try:
        file.change(maximised=True)
        file.close()
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["console.json", "console.lock"]


def test_a_change_waits_neither_for_the_disk_nor_for_another_console(path: Path) -> None:
    file = opened(path)
    path.parent.mkdir()
    with path.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        # Anything that waited for the other console would wait for ever.
        for number in range(100):
            file.change(panel=f"w{number}")
        file.close(patience=0.1)
        assert not path.exists()
    file.close()
    assert opened(path).current.panel == file.current.panel == "w99"


def test_fields_of_a_newer_version_stay(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"theme":"x","colour":{"a":[1]},"tables":{"users":{"sort":"a","width":9}}}')
    file = opened(path)
    assert file.current.theme == "x"
    file.change_table("users", sort="b")
    file.change(maximised=True)
    file.close()
    assert json.loads(path.read_text()) == {
        "theme": "x",
        "colour": {"a": [1]},
        "maximised": True,
        "tables": {"users": {"sort": "b", "width": 9}},
    }


DAMAGED = pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"theme": 5}', b'{"tables": []}', b"[" * 100_000],
)


@DAMAGED
def test_a_damaged_file_is_moved_aside_and_reported_once(path: Path, damaged: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damaged)
    notices: list[Notice] = []
    file = opened(path, notices)
    assert file.current == Preferences()
    file.load()
    file.change(maximised=True)
    file.close()
    aside = path.with_suffix(".damaged-1")
    assert aside.read_bytes() == damaged
    assert opened(path).current.maximised is True
    (notice,) = notices
    assert notice.severity is Severity.WARNING
    assert notice.message == f"The preferences file was damaged and has been moved to {aside}."


@DAMAGED
def test_a_file_that_gets_damaged_later_loses_nothing_of_this_console(
    path: Path, damaged: bytes
) -> None:
    notices: list[Notice] = []
    file = opened(path, notices)
    for number in (1, 2):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(damaged)
        file.change(panel=f"w{number}")
        file.close()
        assert opened(path).current.panel == f"w{number}"
        assert path.with_suffix(f".damaged-{number}").read_bytes() == damaged
    assert len(notices) == 1


def test_a_path_that_cannot_be_written_is_reported_once_and_the_change_counts(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    notices: list[Notice] = []
    file = opened(tmp_path / "file" / "console.json", notices)
    for maximised in (True, False, True):
        file.change(maximised=maximised)
        file.close()
    assert file.current.maximised is True
    (notice,) = notices
    assert notice.message.startswith("The preferences cannot be saved: ")
    assert notice.message.endswith("File exists.")


def test_a_folder_at_the_path_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    notices: list[Notice] = []
    assert opened(path, notices).current == Preferences()
    assert len(notices) == 1


def test_two_consoles_keep_what_the_other_changed(path: Path) -> None:
    first, second = opened(path), opened(path)
    first.change(theme="a")
    first.close()
    second.change(maximised=True)
    second.change_table("users", sort="x")
    second.close()
    first.change_table("windows", sort="y")
    first.close()
    both = opened(path).current
    assert (both.theme, both.maximised) == ("a", True)
    assert set(both.tables) == {"users", "windows"}


def test_many_at_once_never_leave_half_a_file(path: Path) -> None:
    script = """
import sys
from pathlib import Path
from tui.preferences import PreferencesFile
for number in range(40):
    file = PreferencesFile(Path(sys.argv[1]), lambda notice: sys.exit(notice.message))
    file.load()
    file.change_table(f"{sys.argv[2]}-{number}", sort="x" * 2000)
    file.close()
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    consoles = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(number)], env=environment)
        for number in range(3)
    ]
    while any(console.poll() is None for console in consoles):
        if path.exists():
            json.loads(path.read_bytes())
    assert [console.returncode for console in consoles] == [0, 0, 0]
    assert len(opened(path).current.tables) == 120
    assert not list(path.parent.glob("*.damaged*"))


def test_threads_of_one_console(path: Path) -> None:
    file = opened(path)
    threads = [
        threading.Thread(target=file.change_table, args=(f"t{number}",), kwargs={"sort": "x"})
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    assert len(opened(path).current.tables) == 20


def test_two_consoles_change_different_fields_of_one_table(path: Path) -> None:
    one, other = opened(path), opened(path)
    one.change_table("users", hidden=("trend",))
    one.close()
    other.change_table("users", sort="mean")
    other.close()
    assert opened(path).current.table("users") == TablePreferences("mean", True, ("trend",))
