"""Fetching jars from a Maven repository on loopback: whole, damaged, absent, interrupted."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.errors import UnavailableError
from pipeline.stack.local import jars
from pipeline.stack.local.jars import DownloadProgress, Jar

CONTENT = {"one": b"1" * 50_000, "two": b"2" * 90_000}


def jar(name: str, content: bytes | None = None) -> Jar:
    data = CONTENT[name] if content is None else content
    return Jar(f"org.example:{name}:1.0", len(data), hashlib.sha256(data).hexdigest())


BOTH = (jar("one"), jar("two"))


class Handler(SimpleHTTPRequestHandler):
    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def repository(tmp_path: Path, requests: list[str]) -> Iterator[str]:
    root = tmp_path / "repository"
    for name, data in CONTENT.items():
        folder = root / "org" / "example" / name / "1.0"
        folder.mkdir(parents=True)
        (folder / f"{name}-1.0.jar").write_bytes(data)
    handler = type("RecordingHandler", (Handler,), {"requests": requests})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def jar_requests(requests: list[str]) -> list[str]:
    return [path.rpartition("/")[2] for path in requests if path.endswith(".jar")]


def test_fetches_all_and_tells_how_far_it_is(tmp_path: Path, repository: str) -> None:
    reports: list[DownloadProgress] = []
    jars.fetch(BOTH, tmp_path / "jars", repository=repository, report=reports.append)
    assert (tmp_path / "jars" / "one-1.0.jar").read_bytes() == CONTENT["one"]
    assert (tmp_path / "jars" / "two-1.0.jar").read_bytes() == CONTENT["two"]
    assert max(progress.received for progress in reports) == 140_000
    assert max(progress.files for progress in reports) == 2
    assert {progress.size_total for progress in reports} == {140_000}


def test_what_is_there_is_not_fetched_again(
    tmp_path: Path, repository: str, requests: list[str]
) -> None:
    jars.fetch(BOTH[:1], tmp_path / "jars", repository=repository)
    jars.fetch(BOTH, tmp_path / "jars", repository=repository)
    jars.fetch(BOTH, tmp_path / "jars", repository=repository)
    assert sorted(jar_requests(requests)) == ["one-1.0.jar", "two-1.0.jar"]


def test_a_file_cut_short_is_fetched_again(tmp_path: Path, repository: str) -> None:
    jars.fetch(BOTH, tmp_path / "jars", repository=repository)
    (tmp_path / "jars" / "one-1.0.jar").write_bytes(CONTENT["one"][:1000])
    assert jars.missing(BOTH, tmp_path / "jars") == BOTH[:1]
    jars.fetch(BOTH, tmp_path / "jars", repository=repository)
    assert (tmp_path / "jars" / "one-1.0.jar").read_bytes() == CONTENT["one"]


def test_left_overs_of_an_interrupted_download_do_not_count(
    tmp_path: Path, repository: str
) -> None:
    partial_file = tmp_path / "jars" / ".partial" / "org/example/one/1.0/one-1.0.jar"
    partial_file.parent.mkdir(parents=True)
    partial_file.write_bytes(CONTENT["one"][:10])
    jars.fetch(BOTH, tmp_path / "jars", repository=repository)
    assert (tmp_path / "jars" / "one-1.0.jar").read_bytes() == CONTENT["one"]


def test_a_foreign_file_is_refused_and_deleted(tmp_path: Path, repository: str) -> None:
    other = jar("two", b"3" * 90_000)
    with pytest.raises(UnavailableError, match="checksum"):
        jars.fetch((other,), tmp_path / "jars", repository=repository)
    assert not (tmp_path / "jars" / "two-1.0.jar").exists()
    assert not list((tmp_path / "jars").rglob("two-1.0.jar"))


def test_an_absent_jar_is_named(tmp_path: Path, repository: str) -> None:
    absent = Jar("org.example:three:1.0", 5, "0" * 64)
    with pytest.raises(UnavailableError, match=r"three-1\.0\.jar"):
        jars.fetch((absent,), tmp_path / "jars", repository=repository)


def test_without_a_network_it_says_so_and_keeps_what_has_arrived(
    tmp_path: Path, repository: str
) -> None:
    jars.fetch(BOTH[:1], tmp_path / "jars", repository=repository)
    with pytest.raises(UnavailableError, match="no connection") as raised:
        jars.fetch(BOTH, tmp_path / "jars", repository="http://127.0.0.1:9")
    assert "kept" in raised.value.hint
    assert (tmp_path / "jars" / "one-1.0.jar").exists()


def test_can_be_cancelled(tmp_path: Path, repository: str) -> None:
    with pytest.raises(jars.Cancelled):
        jars.fetch(BOTH, tmp_path / "jars", repository=repository, stop=lambda: True)
    assert jars.missing(BOTH, tmp_path / "jars") == BOTH


def test_the_manifest_names_each_file_once() -> None:
    manifest = jars.manifest()
    names = [entry.file_name for entry in manifest.jars]
    assert len(names) == len(set(names))
    assert "kafka_2.13-4.1.0.jar" in names
    assert manifest.connector[0].file_name == "flink-sql-connector-kafka-5.0.0-2.2.jar"
    assert [jar.file_name for jar in manifest.planner] == ["flink-table-planner_2.12-2.3.0.jar"]


def test_what_the_connector_needs_beside_it_is_what_the_broker_has() -> None:
    manifest = jars.manifest()
    assert set(manifest.connector[1:]) < set(manifest.kafka)


def test_programs_are_fetched_like_jars(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "org" / "example" / "tool" / "1.0"
    folder.mkdir(parents=True)
    (folder / "tool-1.0-linux-x86_64.exe").write_bytes(b"3" * 50)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "repository"))
    tool = Jar("org.example:tool:1.0:linux-x86_64:exe", 50, hashlib.sha256(b"3" * 50).hexdigest())
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        jars.fetch((tool,), tmp_path, repository=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert (tmp_path / "tool-1.0-linux-x86_64.exe").read_bytes() == b"3" * 50


def test_there_is_a_compiler_of_protobuf_for_each_platform() -> None:
    names = {each.file_name for each in jars.manifest().protoc}
    assert "protoc-4.32.1-linux-x86_64.exe" in names
    assert len(names) == 5
