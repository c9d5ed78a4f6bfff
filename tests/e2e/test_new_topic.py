"""A new topic becomes a live feature by the steps of the docs, also in the console."""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path

from pipeline.config import Settings
from pipeline.stack.runtime import Runtime

from ..new_topic import SHOWN, TOPIC, Reader
from .conftest import stack_environment
from .test_console import Terminal


def test_from_a_new_topic_to_a_live_feature(
    stack: Runtime, stack_settings: Settings, tmp_path: Path
) -> None:
    reader = Reader(
        tmp_path,
        {
            **os.environ,
            **stack_environment(stack_settings.state_dir),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )
    steps = [*reader.send(), *reader.steps()]
    for step in steps:
        print(f"{step.seconds:6.1f} s  {step.line}")
        assert step.done.returncode == 0, (step.line, step.done.stderr)
    inspected, _, followed, _ = (step.done.stdout for step in steps[-4:])
    assert inspected == SHOWN
    # The hour, the country, how many, and how much.
    assert re.search(r'"payments": ?\d+', followed), followed
    assert copied_in_the_console(stack_settings) == inspected.rstrip("\n")


def copied_in_the_console(settings: Settings) -> str:
    """What `n` and `y` copy for the topic, in Records."""
    terminal = Terminal(settings)
    try:
        terminal.wait_for(r"● kafka", patience=90)
        terminal.process.send("6")
        terminal.wait_for(r"part of a name", patience=30)
        terminal.process.send(TOPIC)
        terminal.wait_for(rf"{TOPIC} +[\d,]+", patience=30)
        terminal.process.send("\r")
        terminal.wait_for(rf"(?s){TOPIC} +the last.*[1-9][\d,]* read", patience=30)
        terminal.process.send("n")
        terminal.wait_for(rf"{TOPIC} = source\(", patience=60)
        terminal.process.send("y")
        # The sequence by which a program gives a terminal what it copies.
        terminal.read_until(b"\x07", patience=30)
        found = re.findall(rb"\x1b\]52;c;([\w+/=]+)\x07", bytes(terminal.sent))
        terminal.process.send("\x03")
    finally:
        terminal.close()
    return base64.b64decode(found[-1]).decode()
