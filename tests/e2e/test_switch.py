"""Switching profiles in a real terminal, while neither can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from pipeline import config
from pipeline.stack.local.ports import free_port

from .conftest import stack_environment, wait_until
from .test_console import RESTORED, Terminal

_TAKEN = b"\x1b[?1049h"
_PROFILE = """
[profile.{name}]
kafka = {{ bootstrap = "127.0.0.1:{port}" }}
flink = {{ rest = "http://127.0.0.1:{port}" }}
"""


def test_there_and_back(tmp_path: Path) -> None:
    text = "".join(_PROFILE.format(name=name, port=free_port()) for name in ("first", "second"))
    (tmp_path / config.FILE_NAME).write_text(text)
    settings = config.load(environment=stack_environment(tmp_path / "state"))
    terminal = Terminal(settings, "--profile", "first", "--read-only", folder=tmp_path)
    try:
        process = psutil.Process(terminal.process.pid)
        terminal.wait_for(r"\bfirst\b", patience=20)
        for name in ("second", "first"):
            _switch(terminal, process, name)
        terminal.process.send("\x11\x11")
        wait_until(lambda: terminal.text is not None and not terminal.process.isalive(), 30, "end")
        assert terminal.process.exitstatus == 0
    finally:
        terminal.close()
    logs = sorted(path.parent.parent.name for path in tmp_path.rglob("console.log"))
    assert logs == ["first", "second"]


def _switch(terminal: Terminal, process: psutil.Process, name: str) -> None:
    terminal.process.send("\x10")
    terminal.wait_for("An action, a user.*", patience=20)
    terminal.process.send("profile" + name)
    # As the only hit of the search, not as one of all actions.
    terminal.wait_for(rf"(?s)^(?!.* — Save a picture).*profile{name}.*Profile: {name}", patience=20)
    sent = len(terminal.sent)
    terminal.process.send("\r")

    def painted() -> bool:
        return terminal.text is not None and _TAKEN in terminal.sent[sent:]

    wait_until(painted, 30, f"the console of {name}")
    assert _profile(process) == name
    assert "--read-only" in process.cmdline()
    # The old console has restored the terminal before the new one starts.
    before = terminal.sent[sent:].partition(_TAKEN)[0]
    assert [code for code in RESTORED if code not in before] == []
    terminal.wait_for(rf"\b{name}\b", patience=30)


def _profile(process: psutil.Process) -> str:
    found = re.search(r"--profile[= ](\w+)", " ".join(process.cmdline()))
    return found[1] if found else ""
