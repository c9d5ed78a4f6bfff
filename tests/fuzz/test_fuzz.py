"""Texts from a topic reach the terminal only as text."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from random import Random
from typing import Final

import pexpect
import pytest

from pipeline.text.sanitise import json_line, sanitised
from tests.unseen import unseen
from tui.drawing import text

from .console import PAYLOADS
from .hostile import NUMBER, texts

pytestmark = pytest.mark.timeout(900)
WANTED: Final = 100_000
COLUMNS, LINES = 300, 200
# As in ECMA-48: parameters, intermediate bytes, one final byte.
CONTROL_SEQUENCE: Final = re.compile(r"\x1b\[([0-?]*)([ -/]*)([@-~])")
# The shape of the pointer, which Textual sets as the mouse moves.
POINTER: Final = re.compile(r"\x1b\]22;[a-z-]*\x07")
MODES: Final = frozenset("hl")
PATIENCE: Final = 450


def everything_sent(kind: str, batches: int, directory: Path, least: int = 0) -> str:
    """Everything that a console sends to its terminal from its start to its end.

    Args:
        kind: Kind of the texts.
        batches: Number of batches.
        directory: Folder of the file that reports the last batch.
        least: Bytes before which it is not ended; a slow machine draws less often.
    """
    done = directory / f"{kind}-done"
    child: pexpect.spawn[bytes] = pexpect.spawn(
        sys.executable,
        ["-m", "tests.fuzz.console", kind, str(batches), str(done)],
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        dimensions=(LINES, COLUMNS),
        cwd=str(Path(__file__).resolve().parents[2]),
    )
    sent = bytearray()
    # Every view of such texts, repeatedly while they arrive.
    keys = ["4", "m", "\r", "j", "m", "b", "\r", "G", "\x1b", "1", "3", "2"]
    deadline = time.monotonic() + PATIENCE
    pressed = time.monotonic()
    turn = 0
    try:
        while child.isalive():
            assert time.monotonic() < deadline, f"{kind}: the console does not end"
            try:
                sent += child.read_nonblocking(1 << 20, timeout=0.2)
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                child.wait()
                break
            if time.monotonic() - pressed > 1:
                pressed = time.monotonic()
                enough = done.exists() and len(sent) > least
                child.send("\x11" if enough else keys[turn % len(keys)])
                turn += 1
        child.close()
    finally:
        child.close(force=True)
    assert child.exitstatus == 0, sent[-2_000:].decode(errors="replace")
    return sent.decode()


def plain(sent: str) -> str:
    """The text without control sequences."""
    return POINTER.sub("", CONTROL_SEQUENCE.sub("", sent))


def controls(sent: str) -> set[str]:
    """Control and format characters outside of control sequences."""
    return unseen(plain(sent))


def kinds(sent: str) -> set[tuple[str, str, str]]:
    """Kinds of control sequences: private marker, intermediate and final byte."""
    found = CONTROL_SEQUENCE.findall(sent)
    return {(re.sub(r"[0-9:;]", "", given), between, final) for given, between, final in found}


def modes(sent: str) -> set[tuple[str, ...]]:
    """The modes that are set and reset."""
    return {found for found in CONTROL_SEQUENCE.findall(sent) if found[2] in MODES}


def test_100_000_hostile_payloads_through_a_terminal(tmp_path: Path) -> None:
    harmless = everything_sent("harmless", 12, tmp_path)
    hostile = everything_sent("hostile", -(-WANTED // PAYLOADS), tmp_path, least=2_000_000)
    assert len(hostile) > 1_000_000
    # They were on the screen, as text.
    assert "owned" in plain(hostile)
    assert controls(hostile) <= controls(harmless)
    assert controls(harmless) <= {"\r", "\n"}
    assert kinds(hostile) <= kinds(harmless)
    assert modes(hostile) <= modes(harmless)
    assert not any(NUMBER in found[0] for found in CONTROL_SEQUENCE.findall(hostile))


def test_100_000_hostile_payloads_through_what_makes_them_harmless() -> None:
    random = Random(0)
    for _ in range(WANTED):
        hostile = texts(random)
        for harmless in (
            sanitised(hostile),
            text.clean(hostile),
            json_line({"value": hostile.encode("utf-8", "replace").decode()}),
        ):
            assert not unseen(harmless), (hostile, harmless)
