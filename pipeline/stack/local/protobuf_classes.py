"""The Java classes that Flink's format for Protobuf reads a source's messages with.

Flink needs them compiled, in a jar. The bundled Java has no compiler, so that Eclipse's is used,
which is a jar itself. A jar is made once for each version of a .proto file and kept in the cache.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZipFile

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from pipeline.config import Settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.formats.protobuf.message import OF_GOOGLE, files_of, for_java
from pipeline.sources import Source

from . import jars
from .jars import Jar
from .java import java_home
from .parts import fetch_jars

_SYSTEMS: Final = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}
_MACHINES: Final = {
    "x86_64": "x86_64",
    "AMD64": "x86_64",
    "aarch64": "aarch_64",
    "arm64": "aarch_64",
}
_ERROR: Final = ": error: "
_SECONDS: Final = 120
# For every Java that Flink 2.3 runs on.
_JAVA: Final = "11"


def jar_of(
    settings: Settings, source: Source, report: Callable[[str], None] = lambda _: None
) -> Path:
    """Return the jar with the classes of a source in Protobuf, made if necessary.

    Args:
        settings: Settings of the profile.
        source: The source.
        report: Called with the progress, in words.

    Raises:
        InputError: The .proto file cannot be compiled.
        UnavailableError: The compilers could not be downloaded.
        ConfigError: There is no Java, or no protoc for this machine.
        PipelineError: The classes cannot be compiled.
    """
    files, known = for_java(files_of(source)), jars.manifest()
    data = files.SerializeToString(deterministic=True)
    protoc = _protoc(known.protoc)
    tools = (protoc, *known.java_compiler, *known.protobuf)
    versions = " ".join(each.coordinate for each in tools)
    name = sha256(data + versions.encode()).hexdigest()[:24]
    found = settings.cache_dir / "protobuf" / f"{name}.jar"
    if found.is_file():
        return found
    fetch_jars(settings, lambda far: report(f"fetching compilers: {far}"), wanted=tools)
    report(f"compiling {Path(source.proto).name}")
    found.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=found.parent, prefix=".making-") as temporary:
        folder = Path(temporary)
        _write_java(settings.jars_dir / protoc.file_name, files, folder)
        _compile_java(settings, folder)
        packed = folder / "packed"
        with ZipFile(packed, "w") as archive:
            for path in sorted((folder / "classes").rglob("*.class")):
                archive.write(path, path.relative_to(folder / "classes"))
        packed.replace(found)
    return found


def _protoc(programs: Iterable[Jar]) -> Jar:
    system, machine = platform.system(), platform.machine()
    wanted = f":{_SYSTEMS.get(system)}-{_MACHINES.get(machine)}:exe"
    for each in programs:
        if each.coordinate.endswith(wanted):
            return each
    raise ConfigError(
        f"There is no compiler of Protobuf for {system} on {machine}.",
        "Start jobs over Protobuf from a machine with Linux, macOS or Windows.",
    )


def _write_java(protoc: Path, files: FileDescriptorSet, folder: Path) -> None:
    if not os.access(protoc, os.X_OK):
        protoc.chmod(0o755)
    given = folder / "files"
    given.write_bytes(files.SerializeToString())
    (folder / "java").mkdir()
    names = [each.name for each in files.file if not each.name.startswith(OF_GOOGLE)]
    _run([str(protoc), f"--descriptor_set_in={given}", f"--java_out={folder / 'java'}", *names])


def _compile_java(settings: Settings, folder: Path) -> None:
    known = jars.manifest()
    path = os.pathsep.join(map(str, jars.paths(known.protobuf, settings.jars_dir)))
    (compiler,) = jars.paths(known.java_compiler, settings.jars_dir)
    _run(
        [
            *(str(java_home(settings) / "bin" / "java"), "-XX:+UseSerialGC"),
            *("-XX:TieredStopAtLevel=1", "-jar", str(compiler), "-nowarn", "-proc:none", "-Xemacs"),
            *("-source", _JAVA, "-target", _JAVA, "-cp", path),
            *("-d", str(folder / "classes"), str(folder / "java")),
        ]
    )


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PipelineError(f"{Path(command[0]).name} does not run: {error}.") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        lines.sort(key=lambda line: _ERROR not in line)
        said = lines[0].rpartition(_ERROR)[2] if lines else f"it ended with {done.returncode}"
        raise PipelineError(f"The classes of a message cannot be compiled: {said}.")
