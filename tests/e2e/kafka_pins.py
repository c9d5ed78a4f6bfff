"""Pins the jars of other Kafka releases: `python -m tests.e2e.kafka_pins 2.8.2 3.9.1 …`.

Resolves the dependencies of each release's broker, downloads them, and writes
`kafka_releases.json`, from which the tests fetch the same files without resolving.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from jgo.maven import Dependency, MavenContext, PythonResolver

from pipeline import config
from pipeline.stack.local.jars import Jar

from .kafka_releases import PINS

# Flink's wheel has a newer log4j, with its binding and a bridge for code that knows log4j 1.
_LOGGING: Final = frozenset(
    {"log4j", "reload4j", "slf4j-log4j12", "slf4j-reload4j"}
    | {"log4j-api", "log4j-core", "log4j-slf4j-impl", "log4j-1.2-api"}
)


def pinned(version: str, folder: Path) -> Iterator[Jar]:
    """The jars of one release.

    Args:
        version: Version of Kafka.
        folder: Folder for the downloaded files.
    """
    context = MavenContext(resolver=PythonResolver(), repo_cache=folder, timeout=60)
    broker = context.project("org.apache.kafka", "kafka_2.13").at_version(version).artifact()
    _, needed = context.resolver.get_dependency_list([Dependency(broker)])
    for artifact in (broker, *(node.dep.artifact for node in needed)):
        if artifact.artifactId not in _LOGGING:
            data = Path(artifact.resolve()).read_bytes()
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            yield Jar(coordinate, len(data), hashlib.sha256(data).hexdigest())


def render(pins: Mapping[str, Sequence[Jar]]) -> str:
    """The manifest with one jar per line, so that a change of one is a change of one line."""
    blocks = (
        f'  "{version}": [\n'
        + ",\n".join("    " + msgspec.json.encode(jar).decode() for jar in jars)
        + "\n  ]"
        for version, jars in pins.items()
    )
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    repository = config.load(environment={}).cache_dir / "repository"
    PINS.write_text(render({v: tuple(pinned(v, repository)) for v in sys.argv[1:]}))
