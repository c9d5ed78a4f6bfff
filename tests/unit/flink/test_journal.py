"""The journal of jobs is never lost or left incomplete."""

import threading
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.flink.journal import Entry, Journal, Savepoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "jobs.json"


def test_starts_empty(path: Path) -> None:
    assert Journal(path).entries() == {}
    assert Journal(path).entry("rolling") == Entry()


def test_an_update_keeps_the_other_fields_and_jobs(path: Path) -> None:
    journal = Journal(path)
    savepoint = Savepoint(path="file:/s", taken_at=5.0)
    journal.update("rolling", savepoints=(savepoint,))
    journal.update("flagged", wanted=True)
    journal.update("rolling", wanted=True, job_id="abc")
    assert Journal(path).entries() == {
        "rolling": Entry(wanted=True, job_id="abc", savepoints=(savepoint,)),
        "flagged": Entry(wanted=True),
    }


def test_only_the_user_can_read_it(path: Path) -> None:
    Journal(path).update("rolling", wanted=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_writers_do_not_lose_each_others_updates(path: Path) -> None:
    def write(number: int) -> None:
        Journal(path).update(f"job{number}", wanted=True)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Journal(path).entries()) == 20


def test_a_damaged_file_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"rolling": {"wanted": tr')
    with pytest.raises(InputError, match=r"jobs\.json"):
        Journal(path).entries()
