"""`init` writes a valid file with every setting; `profiles` tries the profiles."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from pipeline import config
from pipeline.cli.app import main
from pipeline.config import (
    FlinkSettings,
    KafkaSettings,
    LabelSettings,
    RegistrySettings,
    RuleSettings,
    Settings,
)
from pipeline.config.described import Setting, described
from pipeline.config.template import starting_file
from pipeline.errors import ConfigError
from pipeline.stack.local.ports import free_port


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory and a user configuration directory of the test's own."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FRAUDWATCH_STATE_DIR", str(tmp_path / "state"))


def used(text: str, *names: str) -> str:
    """The file with the named settings enabled; without names, all that have a default."""
    own = text[: text.index("#[profile.company]")]
    if names:
        return re.sub(rf"^#(?=({'|'.join(names)}) = )", "", own, flags=re.MULTILINE)
    return re.sub(r"^#(?=\w)(?!.*(\"/path\"|\"VARIABLE\"))", "", own, flags=re.MULTILINE)


def write(text: str) -> Path:
    path = Path(config.FILE_NAME)
    path.write_text(text)
    return path


def test_every_setting_is_described_once() -> None:
    fields = {
        "": set(Settings.__struct_fields__) - {"kafka", "flink", "rules", "labels", "profile"},
        "kafka": set(KafkaSettings.__struct_fields__) - {"registry"},
        "kafka.registry": set(RegistrySettings.__struct_fields__),
        "flink": set(FlinkSettings.__struct_fields__),
        "rules": set(RuleSettings.__struct_fields__),
        "labels": set(LabelSettings.__struct_fields__),
    }
    found = described()
    assert {table: {s.name for s in found if s.table == table} for table in fields} == fields
    assert len(found) == sum(map(len, fields.values()))
    assert all(setting.doc and setting.kind for setting in found)


def test_every_variable_that_is_described_is_read() -> None:
    for setting in described():
        if not setting.variable:
            continue
        try:
            loaded = config.load(environment={setting.variable: "a text"}, directories=())
        except ConfigError as error:
            # Not a text, or only valid with another setting: the error shows that it is known.
            assert "are not valid" in str(error)
        else:
            assert loaded != config.load(environment={}, directories=()), setting.path


def test_the_file_sets_nothing() -> None:
    plain = config.load()
    assert main(["init"]) == 0
    assert config.load() == plain
    assert config.profiles() == ("local", "compose")


def test_the_defaults_in_the_file_are_the_defaults() -> None:
    plain = config.load()
    text = used(starting_file())
    assert text.count("\nport = ") == 2
    write(text)
    assert config.load() == plain


@pytest.mark.parametrize("setting", described(), ids=lambda setting: setting.path)
def test_every_line_of_the_file_can_be_used(setting: Setting) -> None:
    name = setting.name
    together = {
        "key_file": "certificate_file",
        "certificate_file": "key_file",
        "password": "username",
    }
    text = used(starting_file(), name, together.get(name, name))
    write(text.replace('username = ""', 'username = "x"') if name == "password" else text)
    assert config.load().profile == "local"


def test_the_example_is_a_profile() -> None:
    text = starting_file()
    own = text.index("#[profile.company]")
    write(re.sub(r"^#(?=\S)", "", text[own:], flags=re.MULTILINE))
    company = config.load("company")
    assert company.kafka.attached
    assert company.flink.attached
    assert not company.sandbox


@pytest.mark.parametrize("options", [[], ["--user"]])
def test_a_file_that_is_there_stays(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    folder = config.user_directory() if options else Path.cwd()
    path = folder / config.FILE_NAME
    assert main(["init", *options]) == 0
    assert str(path) in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("mine")
    assert main(["init", *options]) == 5
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main(["init", *options, "--force"]) == 0
    assert path.read_text() == starting_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_profiles_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    unused = f"127.0.0.1:{free_port()}"
    path = write(
        f"""
        [profile.away]
        kafka = {{ bootstrap = "{unused}" }}
        flink = {{ rest = "http://{unused}" }}
        [profile.half]
        kafka = {{ bootstrap = "{unused}" }}
        [profile.locked.kafka]
        bootstrap = "{unused}"
        security_protocol = "SASL_SSL"
        sasl_mechanism = "PLAIN"
        username = "me"
        password = {{ env = "NO_SUCH_VARIABLE" }}
        [profile.wrong]
        slots = 0
        """
    )
    assert main(["profiles", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(found) == ["local", "compose", "away", "half", "locked", "wrong"]
    assert found["local"]["kafka"] == {"health": "off", "bootstrap": ""}
    assert found["local"]["problems"] == ["Its local stack is not running."]
    assert found["local"]["files"] == []
    assert found["local"]["sandbox"] is True
    away = found["away"]
    assert away["files"] == [str(path.absolute())]
    assert away["kafka"] == {"health": "down", "bootstrap": unused}
    assert away["flink"] == {"health": "down", "rest": f"http://{unused}"}
    assert away["sandbox"] is False
    assert len(away["problems"]) == 2
    assert found["half"]["flink"]["health"] == "off"
    assert found["half"]["problems"][1:] == ["Its local stack is not running."]
    assert "NO_SUCH_VARIABLE" in found["locked"]["problems"][0]
    assert found["wrong"]["kafka"]["health"] is None
    assert "slots" in found["wrong"]["problems"][0]


def test_profiles_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    write("[profile.wrong]\nslots = 0\n")
    assert main(["profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["PROFILE", "KAFKA", "FLINK", "SANDBOX", "BUILT-IN", "FROM"]
    assert lines[1].split()[:4] == ["local", "off", "off", "yes"]
    assert any(line.startswith("wrong: ") for line in lines)


def test_a_file_that_cannot_be_read_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    write("[profile.local\n")
    assert main(["profiles"]) == 2
    assert config.FILE_NAME in capsys.readouterr().err
