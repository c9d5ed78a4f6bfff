"""A process that works for the console ends with it, whatever it does."""

import sys
from pathlib import Path

import psutil
import pytest

from pipeline.config import Settings
from pipeline.stack import own_process
from tests.running import with_command

STUBBORN = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"type":"said","text":"reading"}', flush=True)
while True:
    signal.pause()
"""


class Closed(Exception):
    """The console is closed while it waits."""


def test_a_process_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    for name in ("_ENDING_SECONDS", "_KILLED_AFTER_SECONDS"):
        monkeypatch.setattr(own_process, name, 0.1)
    asked: list[int] = []

    def close(text: str) -> None:
        assert text == "reading"
        (process,) = with_command(psutil.Process().children(), "stubborn")
        asked.append(process.pid)
        raise Closed

    path = {"PYTHONPATH": ":".join((str(tmp_path), *sys.path))}
    with pytest.raises(Closed):
        own_process.ask(
            "stubborn", Settings(), None, close, log=tmp_path / "logs" / "x.log", environment=path
        )
    assert not psutil.pid_exists(asked[0])
