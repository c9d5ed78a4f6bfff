"""docker-compose.yml agrees with the project's own settings."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipeline import config
from pipeline.cli.app import command_line
from pipeline.config import COMPOSE_PROFILE, Settings
from pipeline.config.described import described
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.java import java_home
from tui.web.command import serve

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VERSIONS: dict[str, str] = COMPOSE["x-versions"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = {
    requirement.name: requirement for requirement in map(Requirement, PROJECT["dependencies"])
}
# The service that exits before the others start.
ONE_SHOT = "topics"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def profile(**environment: str) -> Settings:
    return config.load(COMPOSE_PROFILE, environment=environment, directories=())


def filled(text: str, **environment: str) -> str:
    """The text with `${NAME:-default}` substituted as in Compose."""
    return _VARIABLE.sub(lambda found: environment.get(found[1], found[2]), text)


def version_of(image: str) -> str:
    return image.partition(":")[2]


def flink_properties() -> dict[str, str]:
    lines = SERVICES["jobmanager"]["environment"]["FLINK_PROPERTIES"].splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def published(service: str, **environment: str) -> tuple[str, int]:
    """The published address on the host, and the port inside."""
    (port,) = SERVICES[service]["ports"]
    where, _, inside = filled(port, **environment).rpartition(":")
    return where, int(inside)


def test_versions_are_those_of_the_local_stack() -> None:
    (kafka,) = (j for j in jars.manifest().kafka if ":kafka-clients:" in j.coordinate)
    assert version_of(VERSIONS["kafka"]) == kafka.coordinate.rpartition(":")[2]
    (flink,) = REQUIREMENTS["apache-flink"].specifier
    assert version_of(VERSIONS["flink"]) == f"{flink.version}-java17"
    python = version_of(VERSIONS["python"]).removesuffix("-slim")
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{python}.0")


def test_images_are_named_in_one_place() -> None:
    ours = {"fraudwatch-flink", "fraudwatch-simulator", "fraudwatch-console"}
    for service in SERVICES.values():
        assert service["image"] in ours | {VERSIONS["kafka"]}
        if service["image"] in ours:
            assert service["build"]["args"]["PYTHON_IMAGE"] == VERSIONS["python"]
            assert service["build"]["args"]["FLINK_IMAGE"] == VERSIONS["flink"]
            assert service["build"]["target"] == service["image"].removeprefix("fraudwatch-")


def test_the_dockerfile_has_no_version_of_its_own() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    assert set(bases) - stages == {"${PYTHON_IMAGE}", "${FLINK_IMAGE}"}
    assert "jars.manifest().connector" in DOCKERFILE
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    constrained = [line.split()[5:] for line in lines if "install --constraint" in line]
    assert len(constrained) == 2
    assert {name for names in constrained for name in names} <= REQUIREMENTS.keys()


@pytest.mark.parametrize("target", ["flink", "simulator", "console"])
def test_images_run_as_a_user_without_rights(target: str) -> None:
    stage = DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]
    user = re.findall(r"^USER (\S+)", stage, re.MULTILINE)[-1]
    assert user.split(":")[0] not in ("root", "0")


@pytest.mark.parametrize(
    "environment",
    [{}, {"FRAUDWATCH_KAFKA_PORT": "19092", "FRAUDWATCH_FLINK_PORT": "18081"}],
    ids=["as-it-is", "moved"],
)
def test_the_profile_finds_the_stack(environment: dict[str, str]) -> None:
    settings = profile(**environment)
    kafka = SERVICES["kafka"]["environment"]
    advertised = dict(
        listener.split("://")
        for listener in filled(kafka["KAFKA_ADVERTISED_LISTENERS"], **environment).split(",")
    )
    listening = dict(listener.split("://") for listener in kafka["KAFKA_LISTENERS"].split(","))
    assert advertised["HOST"] == settings.kafka.bootstrap
    assert published("kafka", **environment) == (
        settings.kafka.bootstrap,
        int(listening["HOST"].lstrip(":")),
    )
    assert advertised["INSIDE"] == settings.kafka.bootstrap_for_flink
    host, _, port = settings.kafka.bootstrap_for_flink.partition(":")
    assert host in SERVICES
    assert listening["INSIDE"] == f":{port}"
    where, _ = published("jobmanager", **environment)
    assert urlsplit(settings.flink.rest).netloc == where


def test_commands_in_containers_reach_the_same_from_inside() -> None:
    for name in (ONE_SHOT, "simulator", "console"):
        given = SERVICES[name]["environment"]
        inside = profile(**given)
        assert inside.kafka.bootstrap == profile().kafka.bootstrap_for_flink
        host, port = (urlsplit(inside.flink.rest).hostname, urlsplit(inside.flink.rest).port)
        assert host in SERVICES
        assert port == published("jobmanager")[1]
        assert given.keys() <= {setting.variable for setting in described()}


def test_variables_of_the_file_are_those_of_the_settings() -> None:
    named = {found[0] for found in _VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}
    own = {"PIP_INDEX_URL", "FRAUDWATCH_CONSOLE_PORT"}
    assert named - own <= {setting.variable for setting in described()}
    assert own <= named


@pytest.mark.parametrize("name", [ONE_SHOT, "simulator", "console"])
def test_commands_are_commands(name: str) -> None:
    commands = [SERVICES[name]["command"]]
    check = SERVICES[name].get("healthcheck", {}).get("test")
    if isinstance(check, list):
        assert check[:2] == ["CMD", "fraudwatch"]
        commands.append(check[2:])
    for command in commands:
        command_line((serve,)).parse_args(command, exit_on_error=False, print_error=False)


def test_the_console_is_published_where_it_listens() -> None:
    command = SERVICES["console"]["command"]
    assert command[command.index("--port") + 1] == str(published("console")[1])
    # On every address of its container, of which only the published one is reachable from outside.
    assert command[command.index("--host") + 1] == "0.0.0.0"


def test_state_is_in_volumes_that_both_processes_of_flink_mount() -> None:
    settings, properties = profile(), flink_properties()
    assert properties["execution.checkpointing.dir"] == settings.flink.checkpoints
    assert properties["execution.checkpointing.savepoint-dir"] == settings.flink.savepoints
    folders = {urlsplit(settings.flink.checkpoints).path, urlsplit(settings.flink.savepoints).path}
    for name in ("jobmanager", "taskmanager"):
        mounted = dict(volume.split(":") for volume in SERVICES[name]["volumes"])
        assert set(mounted.values()) == folders
        assert mounted.keys() <= COMPOSE["volumes"].keys()
    assert all(f"mkdir {' '.join(sorted(folders))}" in DOCKERFILE for _ in folders)
    (data,) = SERVICES["kafka"]["volumes"]
    assert data.split(":") == ["kafka", SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"]]


def test_flink_behaves_like_the_local_one(tmp_path: Path) -> None:
    home = cluster.cluster_home(msgspec.structs.replace(profile(), state_dir=tmp_path), 1)
    local: dict[str, object] = yaml.safe_load((home.conf / "config.yaml").read_text())
    here = flink_properties()
    # The container decides about paths and memory.
    own = re.compile(r"(jobmanager|rest)\.|taskmanager\.(host|bind-host|resource-id|cpu|memory)")
    elsewhere = {"io.tmp.dirs", "env.log.dir"}
    elsewhere |= {"execution.checkpointing.dir", "execution.checkpointing.savepoint-dir"}
    alike = {name for name in local if not own.match(name)} - elsewhere
    assert len(alike) > 10
    # The image removes blanks from the values.
    assert {name: here.get(name) for name in alike} == {
        name: str(local[name]).replace(" ", "") for name in alike
    }


def test_kafka_behaves_like_the_local_one(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(profile(), state_dir=tmp_path, cache_dir=tmp_path)
    *_, file = broker.broker(settings, java_home(settings), cluster.wheel_lib(), 1, 2).command
    lines = (line.partition("=") for line in Path(file).read_text().splitlines())
    local = {name: value for name, _, value in lines}
    here = {
        name.removeprefix("KAFKA_").replace("_", ".").lower(): str(value)
        for name, value in SERVICES["kafka"]["environment"].items()
        if name != "KAFKA_HEAP_OPTS"
    }
    places = {name for name in local if "listener" in name or "voters" in name} | {"log.dirs"}
    assert here.keys() == local.keys()
    alike = local.keys() - places
    assert {name: here[name] for name in alike} == {name: local[name] for name in alike}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_closed_watched_and_limited(name: str) -> None:
    service = SERVICES[name]
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:")
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("healthcheck" in service) != (name == ONE_SHOT)
    for other, wanted in service.get("depends_on", {}).items():
        ends = "service_completed_successfully" if other == ONE_SHOT else "service_healthy"
        assert wanted == {"condition": ends}


ABSENT = (
    *("duckdb", "numpy", "packaging", "plotext", "py4j", "pyarrow", "pyflink", "sklearn"),
    *("textual",),
)
WITHOUT_THEM = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from pipeline import config
from pipeline.cli.app import command_line
from pipeline.simulator import foreground
from pipeline.stack import catalog

command_line()
print(*catalog.load(config.load(environment={{}})).names)
"""


def test_the_simulator_needs_no_more_than_its_image_has() -> None:
    image = DOCKERFILE[DOCKERFILE.index("AS simulator-packages") :].partition("\n\n")[0]
    assert not any(re.search(rf"\b{name}\b", image) for name in ABSENT)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THEM], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "rules" in done.stdout.split()
