"""The jars of the local stack: pinned by checksum, downloaded once, always verified.

`jars.json` pins every artifact by coordinate, size and SHA-256, so that nothing is resolved at run
time, and a damaged or foreign file is rejected. Apache Kafka's log4j jars are left out: those in
the apache-flink wheel are newer and include the SLF4J binding.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from pipeline.errors import UnavailableError
from pipeline.text.ready_type import ready


class Jar(msgspec.Struct, frozen=True):
    """One Maven artifact, mostly a jar.

    Attributes:
        coordinate: group:artifact:version, and for a program classifier:packaging besides.
        size: In bytes.
        sha256: Its checksum.
    """

    coordinate: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The artifact's file name, unique in the manifest."""
        _, artifact, version, *program = self.coordinate.split(":")
        ending = f"-{program[0]}.{program[1]}" if program else ".jar"
        return f"{artifact}-{version}{ending}"


class Manifest(msgspec.Struct, frozen=True):
    """All jars: the broker's, Flink's planner, Flink's Kafka connector, and further formats.

    The connector lacks the libraries with which its client reads tokens (OAUTHBEARER) and zstd
    batches; they are listed with it. The formats for Avro and Protobuf are shipped with the jobs
    that need them. That for Protobuf reads classes, which protoc, a program for each platform,
    writes in Java and Eclipse's compiler compiles.
    """

    kafka: tuple[Jar, ...]
    planner: tuple[Jar, ...]
    connector: tuple[Jar, ...]
    avro: tuple[Jar, ...]
    protobuf: tuple[Jar, ...]
    java_compiler: tuple[Jar, ...]
    protoc: tuple[Jar, ...]

    @property
    def jars(self) -> tuple[Jar, ...]:
        """All jars of the local stack, whatever it runs."""
        return tuple(dict.fromkeys(self.kafka + self.planner + self.connector))


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """Progress of the download, in files and bytes."""

    files: int
    files_total: int
    received: int
    size_total: int


class Cancelled(Exception):
    """Raised when the caller's `stop` returns True."""


def manifest() -> Manifest:
    """Return the jars that this version of fraudwatch runs with."""
    data = files("pipeline.stack.local").joinpath("jars.json").read_bytes()
    return msgspec.json.decode(data, type=ready(Manifest))


def paths(jars: tuple[Jar, ...], directory: Path) -> tuple[Path, ...]:
    """Return the paths of jars in the cache, whether they exist or not.

    Args:
        jars: The jars.
        directory: The cache.
    """
    return tuple(directory / jar.file_name for jar in jars)


def missing(jars: tuple[Jar, ...], directory: Path) -> tuple[Jar, ...]:
    """Return the jars that are not in the cache.

    Comparing sizes is enough, since only verified files get there.
    """
    return tuple(
        jar
        for jar in jars
        if not (path := directory / jar.file_name).is_file() or path.stat().st_size != jar.size
    )


class _Downloaded:
    """Sums the bytes of several downloads and reports them."""

    def __init__(
        self,
        jars: tuple[Jar, ...],
        report: Callable[[DownloadProgress], None],
        stop: Callable[[], bool],
    ) -> None:
        self._lock = threading.Lock()
        self._total = len(jars)
        self._size = sum(jar.size for jar in jars)
        self._files = 0
        self._received = 0
        self._report = report
        self._stop = stop
        self._aborted = False

    def abort(self) -> None:
        self._aborted = True

    @contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Yield the progress callback that jgo expects, for a file of this name and size."""
        yield lambda count: self.add(received=count)

    def add(self, *, received: int = 0, finished: int = 0) -> None:
        if self._aborted or self._stop():
            raise Cancelled
        with self._lock:
            self._received += received
            self._files += finished
            progress = DownloadProgress(self._files, self._total, self._received, self._size)
        self._report(progress)


def fetch(
    jars: tuple[Jar, ...],
    directory: Path,
    *,
    repository: str = "",
    report: Callable[[DownloadProgress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Download the missing jars to `directory`.

    Args:
        jars: The jars.
        directory: The cache.
        repository: URL of a Maven repository to use in place of the public one; empty for that.
        report: Called with the progress of every chunk, from several threads.
        stop: Called often; True cancels the download.

    Raises:
        UnavailableError: A jar could not be downloaded, or has the wrong checksum.
        Cancelled: `stop` returned True.
    """
    wanted = missing(jars, directory)
    if not wanted:
        return
    directory.mkdir(parents=True, exist_ok=True)
    tally = _Downloaded(wanted, report, stop)
    with ThreadPoolExecutor(6, thread_name_prefix="jars") as pool:
        downloads = [pool.submit(_fetch, jar, directory, repository, tally) for jar in wanted]
        try:
            for download in downloads:
                download.result()
        except BaseException:
            # Running downloads end at their next chunk, queued ones at once.
            tally.abort()
            for download in downloads:
                download.cancel()
            raise


def _fetch(jar: Jar, directory: Path, repository: str, tally: _Downloaded) -> None:
    import requests
    from jgo.maven import MavenContext, PythonResolver

    # jgo writes to the final name from the start, so an interrupted file would look complete.
    # It works in a directory of its own, and only verified files are moved out of that.
    partial = directory / ".partial"
    context = MavenContext(
        resolver=PythonResolver(progress_callback=tally.file),
        repo_cache=partial,
        remote_repos={"repository": repository} if repository else None,
        timeout=30,
    )
    group, artifact, version, *program = jar.coordinate.split(":")
    classifier, packaging = program or ("", "jar")
    found = context.project(group, artifact).at_version(version)
    wanted = found.artifact(classifier=classifier, packaging=packaging)
    hint = "Check the network and try again: finished downloads are kept."
    try:
        if wanted.cached_path is not None:
            wanted.cached_path.unlink(missing_ok=True)
        path = Path(wanted.resolve())
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise UnavailableError(
            f"{jar.file_name} could not be downloaded ({_reason(error)}).", hint
        ) from error
    if hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
        path.unlink()
        raise UnavailableError(
            f"{jar.file_name} was downloaded, but its checksum is wrong.",
            "Try again; if it persists, the Maven repository serves a different file.",
        )
    path.replace(directory / jar.file_name)
    tally.add(finished=1)


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return "the repository does not answer"
    if isinstance(error, requests.ConnectionError):
        return "no connection to the repository"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "the repository does not have it"
