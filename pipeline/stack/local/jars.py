"""The jars of the embedded stack: listed with their checksums, fetched once, verified always.

`jars.json` pins every artifact by coordinate, size and SHA-256, so that nothing has to be resolved
at run time and a damaged or foreign file cannot slip in. The log4j jars of Apache Kafka are left
out: the ones in the apache-flink wheel are newer and bring the SLF4J binding too.
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


class Jar(msgspec.Struct, frozen=True):
    """One Maven artifact: `coordinate` is group:artifact:version, `size` in bytes."""

    coordinate: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """The artifact's file name, which is unique in the manifest."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


class Manifest(msgspec.Struct, frozen=True):
    """All jars: those of the broker, Flink's planner, and those by which Flink reaches a broker.

    The connector lacks what its client needs to read a token (OAUTHBEARER) and batches compressed
    with zstd; that comes beside it.
    """

    kafka: tuple[Jar, ...]
    planner: tuple[Jar, ...]
    connector: tuple[Jar, ...]

    @property
    def jars(self) -> tuple[Jar, ...]:
        """Every jar of the embedded stack."""
        return tuple(dict.fromkeys(self.kafka + self.planner + self.connector))


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far the download is, in files and bytes."""

    files: int
    files_total: int
    received: int
    size_total: int


class Cancelled(Exception):
    """The caller asked to stop."""


def manifest() -> Manifest:
    """The jars this version of the project runs with."""
    data = files("pipeline.stack.local").joinpath("jars.json").read_bytes()
    return msgspec.json.decode(data, type=Manifest)


def paths(jars: tuple[Jar, ...], directory: Path) -> tuple[Path, ...]:
    """Where jars are or will be.

    Args:
        jars: Which ones.
        directory: Of the cached jars.
    """
    return tuple(directory / jar.file_name for jar in jars)


def missing(jars: tuple[Jar, ...], directory: Path) -> tuple[Jar, ...]:
    """Those not yet in the cache; a size says enough, since files arrive there verified."""
    return tuple(
        jar
        for jar in jars
        if not (path := directory / jar.file_name).is_file() or path.stat().st_size != jar.size
    )


class _Downloaded:
    """Counts the bytes of several downloads and reports them in one place."""

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
        """End all downloads."""
        self._aborted = True

    @contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """The progress callback that jgo expects: name and size in, byte counts after."""
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
    """Bring the jars that are missing into `directory`; what is there already is kept.

    Args:
        jars: What is wanted.
        directory: The cache.
        repository: A Maven repository to use in place of the public one; empty for that.
        report: Told of every piece that arrives, from several threads.
        stop: Asked often; True ends the download.

    Raises:
        UnavailableError: A jar could not be had or is not the one expected.
        Cancelled: `stop` said so.
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
            # Those under way end at their next piece, those in the queue at once.
            tally.abort()
            for download in downloads:
                download.cancel()
            raise


def _fetch(jar: Jar, directory: Path, repository: str, tally: _Downloaded) -> None:
    import requests
    from jgo.maven import MavenContext, PythonResolver

    # jgo writes to the final name at once; an interrupted file must not be taken for a whole one,
    # so it works in a folder of its own and only verified files are moved out of it.
    partial = directory / ".partial"
    context = MavenContext(
        resolver=PythonResolver(progress_callback=tally.file),
        repo_cache=partial,
        remote_repos={"repository": repository} if repository else None,
        timeout=30,
    )
    group, artifact, version = jar.coordinate.split(":")
    wanted = context.project(group, artifact).at_version(version).artifact()
    hint = "Check the network and start again: what has arrived is kept."
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
            f"{jar.file_name} arrived, but its checksum is not the expected one.",
            "Start again; if it stays so, the Maven repository serves something else.",
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
