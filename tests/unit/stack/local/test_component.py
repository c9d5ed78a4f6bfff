"""A component manages more than its process; tested with real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.model.stack import Health
from pipeline.stack.local.child_process import ProcessSpec, run_aside
from pipeline.stack.local.component import Component
from pipeline.stack.local.pids import PidFile

_PATIENCE_SECONDS = 120
_WAITS = (sys.executable, "-c", "import signal; signal.pause()")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_afterwards_is_begun_once_it_is_up_and_cancelled_when_it_is_stopped(
    tmp_path: Path,
) -> None:
    seen: list[str] = []
    up = asyncio.Event()

    async def ready(_: Process) -> bool:
        return up.is_set()

    async def afterwards() -> None:
        seen.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    spec = ProcessSpec("test", "Test", _WAITS, tmp_path / "log", ready, afterwards=afterwards)
    component = Component(spec, PidFile(tmp_path / "pids.json"))
    component.start()
    await until(lambda: component.report.pid > 0)
    assert seen == []
    up.set()
    await until(lambda: seen == ["begun"])
    psutil.Process(component.report.pid).kill()
    await until(lambda: component.report.restarts == 1)
    await until(lambda: component.report.health is Health.UP)
    assert seen == ["begun"], "only the first time"
    await component.stop(_PATIENCE_SECONDS)
    assert seen == ["begun", "ended"]


async def test_every_start_but_the_first_runs_what_renew_returns(tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def ready(_: Process) -> bool:
        return ran() == component.report.restarts + 1

    def spec(number: int) -> ProcessSpec:
        program = f"import signal; print({number}, flush=True); signal.pause()"
        return ProcessSpec("test", "Test", (sys.executable, "-c", program), log, ready)

    def ran() -> int:
        return len(log.read_text().splitlines())

    renewed = 0

    async def renew() -> ProcessSpec:
        nonlocal renewed
        renewed += 1
        if renewed == 2:
            raise OSError("No space left on device")
        return spec(renewed)

    component = Component(spec(0), PidFile(tmp_path / "pids.json"), renew=renew)
    component.start()
    for restarts in range(3):
        await until(lambda: component.report.health is Health.UP)
        assert (component.report.restarts, renewed) == (restarts, restarts)
        component.restart()
        await until(lambda: component.report.health is not Health.UP)
    await component.stop(_PATIENCE_SECONDS)
    # The second replacement failed, so the one before did its work.
    assert log.read_text().split()[:3] == ["0", "1", "1"]


async def test_a_paused_process_can_be_stopped(tmp_path: Path) -> None:
    async def ready(_: Process) -> bool:
        return True

    spec = ProcessSpec("test", "Test", _WAITS, tmp_path / "log", ready)
    component = Component(spec, PidFile(tmp_path / "pids.json"))
    component.start()
    await until(lambda: component.report.health is Health.UP)
    process = psutil.Process(component.report.pid)
    component.pause()
    await until(lambda: process.status() == psutil.STATUS_STOPPED)
    component.resume()
    await until(lambda: process.status() != psutil.STATUS_STOPPED)
    component.pause()
    await component.stop(_PATIENCE_SECONDS)
    assert not psutil.pid_exists(process.pid)


async def test_a_command_aside_has_the_lowest_priority_and_an_exit_code(tmp_path: Path) -> None:
    program = "import os; print(os.nice(0)); raise SystemExit(7)"
    assert await run_aside((sys.executable, "-c", program), tmp_path / "log") == 7
    assert (tmp_path / "log").read_text() == "19\n"


async def test_a_command_aside_is_killed_when_it_is_cancelled(tmp_path: Path) -> None:
    stubborn = (
        "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(os.getpid(), flush=True); signal.pause()"
    )
    log = tmp_path / "log"
    running = asyncio.create_task(run_aside((sys.executable, "-c", stubborn), log))
    await until(lambda: log.is_file() and log.read_text().endswith("\n"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


class FullDisk(PidFile):
    """Fails to record the second process."""

    asked: int = 0

    def note(self, name: str, pid: int) -> None:
        self.asked += 1
        if self.asked == 2:
            raise OSError("No space left on device")
        super().note(name, pid)


async def test_a_process_that_cannot_be_noted_is_ended_and_started_again(tmp_path: Path) -> None:
    async def ready(_: Process) -> bool:
        return True

    spec = ProcessSpec("test", "Test", _WAITS, tmp_path / "log", ready)
    component = Component(spec, pids := FullDisk(tmp_path / "pids.json"))
    component.start()
    await until(lambda: component.report.health is Health.UP)
    first = component.report.pid
    psutil.Process(first).kill()
    await until(lambda: pids.asked == 3 and component.report.health is Health.UP)
    assert component.report.restarts == 1
    (left,) = psutil.Process().children()
    assert left.pid == component.report.pid
    await component.stop(_PATIENCE_SECONDS)


async def test_each_run_begins_with_an_empty_temporary_directory_and_the_last_removes_it(
    tmp_path: Path,
) -> None:
    tmp = tmp_path / "own" / "tmp"
    tmp.mkdir(parents=True)
    (tmp / "of a killed stack").touch()
    runs = tmp_path / "runs"
    program = (
        "import os, signal, sys; tmp, runs = sys.argv[1:]; "
        "print(os.listdir(tmp), file=open(runs, 'a')); "
        "open(tmp + '/library.so', 'w').close(); signal.pause()"
    )

    async def ready(_: Process) -> bool:
        return (tmp / "library.so").is_file()

    command = (sys.executable, "-c", program, str(tmp), str(runs))
    spec = ProcessSpec("test", "Test", command, tmp_path / "log", ready, tmp=tmp)
    component = Component(spec, PidFile(tmp_path / "pids.json"))
    component.start()
    await until(lambda: component.report.health is Health.UP)
    psutil.Process(component.report.pid).kill()
    await until(lambda: component.report.restarts == 1 and component.report.health is Health.UP)
    await component.stop(_PATIENCE_SECONDS)
    assert runs.read_text() == "[]\n[]\n"
    assert not tmp.exists()
