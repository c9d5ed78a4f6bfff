"""`fraudwatch` in a real terminal: it starts, shows rows, handles keys, quits, leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pexpect
import psutil
import pyte
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline import config
from pipeline.config import Settings
from pipeline.stack.local.control import socket_path
from pipeline.stack.local.ports import free_port
from pipeline.stack.runtime import Runtime

from .conftest import (
    SLACK,
    Run,
    assert_ended,
    stack_environment,
    stack_processes,
    stopping,
    wait_until,
)

COLUMNS, LINES = 120, 40
_PIECE = 2_048
# A user, a mean, a count, and the time of their last transaction.
USER = r"-?\d{15,19}\s+[\d,]+\.\d\d\s+\d+\s.*03-\d\d \d\d:"
# Mouse, bracketed paste, the former screen and the cursor, in the order of Textual.
RESTORED = (b"\x1b[?1000l", b"\x1b[?2004l", b"\x1b[?1049l", b"\x1b[?25h")


class Terminal:
    """A console in a pseudo-terminal, and the screen that a user would see."""

    def __init__(self, settings: Settings, *options: str, folder: Path | None = None) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = bytearray()
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            # A command without arguments would be split at the spaces of its path.
            sys.executable,
            [str(Path(sys.executable).parent / "fraudwatch"), *options],
            env={**os.environ, **stack_environment(settings.state_dir), "TERM": "xterm-256color"},
            cwd=None if folder is None else str(folder),
            dimensions=(LINES, COLUMNS),
            timeout=5,
        )

    @property
    def text(self) -> str:
        """The present screen."""
        while self._read(0.05):
            pass
        return "\n".join(self._screen.display)

    def painted(self, column: int, line: int) -> bool:
        """Whether a cell has a background of the console's, as of the last read of the text."""
        return str(self._screen.buffer[line][column].bg) != "default"

    def drain(self, seconds: float) -> None:
        """Read output for this many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    def read_until(self, wanted: bytes, patience: float) -> None:
        """Read until the console sends these bytes."""
        seen, end = bytearray(), time.monotonic() + patience * SLACK
        # In pieces without a pause, since the bench measures the time of the output by this.
        while wanted not in seen:
            assert time.monotonic() < end, f"waited {patience * SLACK:.0f} s for {wanted!r}"
            seen.extend(self._read(0.05))

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def close(self) -> None:
        """Kill the console, and wait for its end."""
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        wait_until(lambda: not self.process.isalive(), 30, "the console's end")
        self.process.close()

    def _read(self, timeout: float) -> bytes:
        try:
            data: bytes = self.process.read_nonblocking(_PIECE, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return b""
        self._stream.feed(data)
        self.sent += data
        return data

    def wait_for(self, pattern: str, patience: float) -> re.Match[str]:
        """Wait until the screen shows a pattern, even if only briefly."""
        end = time.monotonic() + patience * SLACK
        while True:
            # The output is searched in order, in pieces smaller than a screen.
            shown = "\n".join(self._screen.display)
            if match := re.search(pattern, shown):
                return match
            assert time.monotonic() < end, (
                f"waited {patience * SLACK:.0f} s for {pattern!r}; the screen shows:\n{shown}"
            )
            self._read(0.05)


def quit_console(terminal: Terminal) -> None:
    """Quit, and wait until the stack has ended with it."""
    terminal.process.send("q")
    wait_until(lambda: terminal.text is not None and not terminal.process.isalive(), 120, "the end")
    assert terminal.process.exitstatus == 0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return config.load(environment=stack_environment(tmp_path))


@contextmanager
def console(settings: Settings) -> Iterator[Terminal]:
    """A console that is ended in any case."""
    terminal = Terminal(settings)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def terminal(settings: Settings) -> Iterator[Terminal]:
    with console(settings) as terminal:
        yield terminal


def test_comes_up_shows_rows_and_quits(terminal: Terminal, settings: Settings) -> None:
    terminal.wait_for("Starting the stack", patience=5)
    # Rows are visible before the first job runs.
    terminal.wait_for(r"(?s)[1-9][\d,]* transactions.*0 of 5 running", patience=60)
    terminal.wait_for(r"● kafka.*● flink", patience=60)
    terminal.wait_for(USER, patience=60)
    terminal.wait_for(r"5 of 5 running", patience=30)
    processes = [psutil.Process(terminal.process.pid), *stack_processes(settings)]
    assert len(processes) >= 5  # The supervisor, Kafka, Flink, the simulator, the console.

    terminal.process.send("1x")
    terminal.wait_for(r"○ rolling\s+stopped", patience=30)
    terminal.process.send("s")
    terminal.wait_for(r"● rolling\s+running", patience=30)
    terminal.process.send("4")
    terminal.wait_for(r"fraud_", patience=30)

    quit_console(terminal)
    assert_ended(processes, patience=2)
    # The jobs' state was saved when the console quit.
    journal = (settings.state_dir / "jobs.json").read_text()
    assert journal.count("savepoint-") >= 5


@pytest.mark.timeout(900)
def test_rows_of_last_time_are_there_before_the_jobs_run(
    terminal: Terminal, settings: Settings
) -> None:
    terminal.wait_for(USER, patience=300)
    terminal.wait_for("5 of 5 running", patience=300)
    quit_console(terminal)

    with console(settings) as again:
        # They are marked with their age until their job has written newer ones.
        again.wait_for(
            rf"(?s)0 of 5 running, starting.*2 Users [^─]* as of \d+ [^─]*ago.*{USER}", 300
        )
        again.wait_for(r"● rolling\s+running", patience=300)
        again.wait_for(r"2 Users (?![^─]* as of)", patience=300)
        again.wait_for(r"5 of 5 running ─", patience=300)
        quit_console(again)


def test_metrics_of_a_live_console(
    stack: Runtime, stack_settings: Settings, fraudwatch: Run
) -> None:
    assert fraudwatch("start", "rolling").returncode == 0
    assert fraudwatch("simulate").returncode == 0
    port = free_port()
    terminal = Terminal(stack_settings, "--metrics-port", str(port), "--read-only")
    try:
        terminal.wait_for("● kafka", patience=30)

        def consumed() -> float:
            assert terminal.text  # Its output has to be read, or it blocks.
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
            return sum(
                sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == "fraudwatch_console_records_total"
                and sample.labels["kind"] in ("transaction", "rolling")
            )

        wait_until(lambda: consumed() > 500, 60, "records in the metrics")
        terminal.process.send("q")
        wait_until(lambda: terminal.text is not None and not terminal.process.isalive(), 20, "end")
        assert terminal.process.exitstatus == 0
    finally:
        terminal.close()


def test_nothing_outlives_consoles_that_are_ended(settings: Settings, terminal: Terminal) -> None:
    """By a signal, or by closing the terminal; until the last one has ended, the stack runs."""
    terminal.wait_for(r"● kafka", patience=60)
    processes = stack_processes(settings)
    signals = (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)
    with ExitStack() as consoles:
        others = {how: consoles.enter_context(console(settings)) for how in signals}
        for other in others.values():
            other.wait_for(r"● kafka", patience=60)
        closed = psutil.Process(terminal.process.pid)
        terminal.process.ptyproc.fileobj.close()
        assert_ended([closed], patience=15)
        for how, other in others.items():
            assert not stopping(settings)
            ended = psutil.Process(other.process.pid)
            other.process.kill(how)
            if how is not signal.SIGKILL:
                other.read_until(RESTORED[-1], patience=5)
            assert_ended([ended], patience=15)
        assert_ended(processes, patience=15)


@pytest.mark.parametrize("how", ["ctrl+c", "SIGTERM", "SIGHUP"])
def test_the_terminal_is_given_back(terminal: Terminal, settings: Settings, how: str) -> None:
    """While the stack is still starting."""
    terminal.wait_for("Starting the stack", patience=10)
    before = len(terminal.sent)
    console = psutil.Process(terminal.process.pid)
    if how == "ctrl+c":
        terminal.process.send("\x03")
    else:
        terminal.process.kill(signal.Signals[how])
    terminal.read_until(RESTORED[-1], patience=20)
    left = bytes(terminal.sent[before:])
    assert [mode for mode in RESTORED if mode not in left] == []
    assert_ended([console], patience=20)
    wait_until(lambda: not socket_path(settings.state_dir).exists(), 20, "the stack's end")
