"""The terminal stalls, shrinks to nothing, or suspends the console."""

from __future__ import annotations

import signal
from typing import Final

import psutil

from ..conftest import wait_until
from .conftest import Patient

MIB: Final = 1024 * 1024


def await_transactions(patient: Patient, more: int) -> None:
    """Wait for the simulator, whatever the console does."""
    wanted = patient.sent + more
    wait_until(lambda: patient.sent >= wanted, 60, f"{more} transactions")


def assert_caught_up(patient: Patient, shown: int) -> None:
    wait_until(lambda: patient.shown >= shown, 30, f"{shown} transactions on the screen")
    patient.assert_recovers(10)


def test_nothing_reads_what_the_console_draws(patient: Patient) -> None:
    console = psutil.Process(patient.terminal.process.pid)
    wait_until(lambda: patient.shown, 30, "transactions on the screen")
    shown, before = patient.shown, console.memory_info().rss
    await_transactions(patient, 2_000)
    assert console.is_running()
    assert console.memory_info().rss < before + 64 * MIB
    assert_caught_up(patient, shown + 2_000)
    patient.assert_right()


def test_resized_to_nothing_and_back(patient: Patient) -> None:
    wait_until(lambda: patient.shown, 30, "transactions on the screen")
    shown = patient.shown
    for columns, lines in ((1, 1), (2, 1), (200, 1), (1, 50), (20, 5), (1, 1)):
        patient.terminal.resize(columns, lines)
        await_transactions(patient, 100)
        patient.terminal.drain(0.5)
        assert patient.terminal.process.isalive()
    patient.terminal.resize(120, 40)
    assert_caught_up(patient, shown + 600)
    patient.terminal.process.send("?")
    patient.terminal.wait_for("esc closes", 10)
    patient.terminal.process.send("\x1b")
    wait_until(lambda: "esc closes" not in patient.terminal.text, 10, "no help")
    patient.assert_right()


def test_suspended_and_resumed(patient: Patient) -> None:
    console = psutil.Process(patient.terminal.process.pid)
    wait_until(lambda: patient.shown, 30, "transactions on the screen")
    shown = patient.shown
    patient.terminal.process.send("\x1a")
    # The shell gets its terminal with its former modes.
    patient.terminal.read_until(b"\x1b[?1049l", 10)
    wait_until(lambda: console.status() == psutil.STATUS_STOPPED, 10, "the console to stop")
    await_transactions(patient, 1_000)
    patient.terminal.process.kill(signal.SIGCONT)
    patient.terminal.read_until(b"\x1b[?1049h", 10)
    assert_caught_up(patient, shown + 1_000)
    patient.assert_right()
