"""The jar with the classes of a source in Protobuf; the compilers themselves run in e2e tests."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from pipeline import config
from pipeline.config import Settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.stack.local import jars, protobuf_classes
from pipeline.stack.local.protobuf_classes import jar_of
from tests.streams.protobuf_sources import logins, payments


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(protobuf_classes, "fetch_jars", lambda *_, **__: None)
    return config.load(environment={})


def test_it_is_made_once_for_a_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def java(protoc: Path, files: object, folder: Path) -> None:
        made.append(protoc)
        (folder / "classes" / "shop").mkdir(parents=True)
        (folder / "classes" / "shop" / "A.class").write_bytes(b"class")

    monkeypatch.setattr(protobuf_classes, "_write_java", java)
    monkeypatch.setattr(protobuf_classes, "_compile_java", lambda *_: None)
    said: list[str] = []
    # Both messages are in one file.
    found = {jar_of(settings, source, said.append) for source in (payments, logins, payments)}
    assert len(found) == len(made) == 1
    assert said == ["compiling payment.proto"]
    (jar,) = found
    assert [each.name for each in jar.parent.iterdir()] == [jar.name]


def test_a_machine_without_a_compiler(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ConfigError, match=r"There is no compiler of Protobuf for .* on riscv64"):
        jar_of(settings, payments)


def test_a_compiler_that_fails_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.jars_dir.mkdir(parents=True)
    protoc = protobuf_classes._protoc(jars.manifest().protoc)
    program = settings.jars_dir / protoc.file_name
    program.write_text("#!/bin/sh\necho no space >&2\nexit 1\n")
    with pytest.raises(PipelineError) as caught:
        jar_of(settings, payments)
    assert str(caught.value) == "The classes of a message cannot be compiled: no space."
    program.unlink()
    program.mkdir()
    with pytest.raises(PipelineError, match="does not run: "):
        jar_of(settings, payments)
