"""A supervised process: started, checked, restarted when it dies, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from typing import Final

from pipeline import private_file
from pipeline.errors import PipelineError
from pipeline.model.stack import Health

from .child_process import ProcessSpec, last_lines, spawn, terminate
from .control import ProcessReport
from .pids import PidFile

_READY_POLL_SECONDS: Final = 0.05
_FIRST_START_ATTEMPTS: Final = 2
_LONGEST_PAUSE_SECONDS: Final = 10.0


async def _nothing(_: Process) -> None: ...


class Component:
    """One supervised process of the stack.

    Args:
        spec: The process to run.
        pids: Records its pid.
        on_up: Called each time the process has come up.
        renew: Returns a replacement for `spec`, for example on another port; called as soon as the
            process has ended, before every start but the first. None for no replacement.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        pids: PidFile,
        on_up: Callable[[Process], Awaitable[None]] = _nothing,
        renew: Callable[[], Awaitable[ProcessSpec]] | None = None,
    ) -> None:
        self.spec = spec
        self._pids = pids
        self._on_up = on_up
        self._renew = renew
        self._process: Process | None = None
        self._health = Health.OFF
        self._detail = ""
        self._began = 0.0
        self._seconds = 0.0
        self._restarts = 0
        self._task: asyncio.Task[None] | None = None
        self._aside: asyncio.Task[None] | None = None

    @property
    def report(self) -> ProcessReport:
        starting = self._health is Health.STARTING
        running = self._process is not None and self._process.returncode is None
        return ProcessReport(
            name=self.spec.name,
            title=self.spec.title,
            health=self._health,
            pid=self._process.pid if self._process and running else 0,
            seconds=time.monotonic() - self._began if starting else self._seconds,
            restarts=self._restarts,
            detail=self._detail,
        )

    def start(self) -> None:
        """Start the process and keep it running."""
        self._task = asyncio.create_task(self._keep_running(), name=self.spec.name)

    def pause(self) -> None:
        """Halt the process where it is, until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill the process, which is started again as after any other end."""
        self._signal(signal.SIGKILL)

    async def stop(self, patience: float) -> None:
        """Terminate the process, and kill it after `patience` seconds."""
        # A paused one would not end before that.
        self.resume()
        for task in (self._task, self._aside):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._process is not None:
            await terminate(self._process, patience)
        await asyncio.to_thread(self._remove_temporary_files)
        self._health = Health.OFF

    async def until_started(self, patience: float) -> None:
        """Wait until the process is up or has failed, for at most `patience` seconds."""
        deadline = time.monotonic() + patience
        while self._health in (Health.OFF, Health.STARTING) and time.monotonic() < deadline:
            await asyncio.sleep(_READY_POLL_SECONDS)

    async def _keep_running(self) -> None:
        failures = 0
        while True:
            try:
                came_up = await self._run_once()
            except OSError as error:
                # For example a full disk: whatever failed, the process must not run unsupervised.
                if self._process is not None:
                    await terminate(self._process, patience=0)
                self._detail = self._reason(str(error))
                came_up = False
            failures = 0 if came_up else failures + 1
            if self._restarts == 0 and failures >= _FIRST_START_ATTEMPTS:
                self._health = Health.FAILED
                return
            self._health = Health.DOWN
            if self._renew is not None:
                # What cannot be written, as on a full disk, may still be there from the last start.
                with contextlib.suppress(OSError):
                    self.spec = await self._renew()
            await asyncio.sleep(min(2.0**failures, _LONGEST_PAUSE_SECONDS))
            if failures == 0:
                self._restarts += 1

    async def _run_once(self) -> bool:
        """Run the process to its end; return whether it was ever up."""
        self._began = time.monotonic()
        self._health = Health.STARTING
        self._process = None
        if self.spec.tmp is not None:
            # A killed process leaves its own.
            await asyncio.to_thread(self._remove_temporary_files)
            private_file.make_directory(self.spec.tmp)
        process = self._process = await spawn(self.spec)
        self._pids.note(self.spec.name, process.pid)
        try:
            came_up = await self._wait_ready(process)
        except PipelineError as error:
            await terminate(process, patience=0)
            self._health, self._detail = Health.DOWN, error.message
            return False
        if came_up:
            self._seconds = time.monotonic() - self._began
            self._health, self._detail = Health.UP, ""
            await self._on_up(process)
            if self._aside is None and self.spec.afterwards is not None:
                self._aside = asyncio.create_task(self.spec.afterwards())
        code = await process.wait()
        self._health = Health.DOWN
        self._detail = self._reason(f"ended with exit code {code}")
        return came_up

    async def _wait_ready(self, process: Process) -> bool:
        while process.returncode is None:
            if await self.spec.ready(process):
                return True
            await asyncio.sleep(_READY_POLL_SECONDS)
        return False

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _remove_temporary_files(self) -> None:
        if self.spec.tmp is not None:
            shutil.rmtree(self.spec.tmp, ignore_errors=True)

    def _reason(self, what: str) -> str:
        said = last_lines(self.spec.log)
        return f"{what}; its log ends: {said}" if said else what
