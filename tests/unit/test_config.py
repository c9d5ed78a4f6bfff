"""Settings: their sources, their precedence, and the messages for mistakes."""

import os
from pathlib import Path

import pytest

from pipeline import config
from pipeline.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fraudwatch.toml").write_text(text)
    return folder


def test_defaults_need_nothing() -> None:
    settings = config.load(environment={}, directories=())
    assert settings.profile == "local"
    assert settings.kafka.port == 9092
    assert settings.state_dir.is_absolute()


def test_file_is_read_and_the_environment_outweighs_it(tmp_path: Path) -> None:
    user = write(
        tmp_path / "user", "[profile.local]\nslots = 6\n[profile.local.kafka]\nport = 1234\n"
    )
    here = write(tmp_path / "here", "[profile.local]\nparallelism = 2\nkafka = { port = 2345 }\n")
    settings = config.load(
        environment={"FRAUDWATCH_PARALLELISM": "4", "FRAUDWATCH_STATE_DIR": str(tmp_path / "s")},
        directories=(user, here),
    )
    assert (settings.slots, settings.kafka.port, settings.parallelism) == (6, 2345, 4)
    assert settings.state_dir == tmp_path / "s"
    assert settings.savepoints_dir == tmp_path / "s" / "savepoints"


def test_an_empty_variable_is_as_good_as_none() -> None:
    settings = config.load(environment={"FRAUDWATCH_SLOTS": ""}, directories=())
    assert settings.slots == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile.local]\nslot = 6\n", "slot"),
        ("[profile.local]\nslots = 'many'\n", "slots"),
        ("[profile.local]\nslots = 0\n", "slots"),
        ("[profile.local.kafka]\nport = 70000\n", "kafka.port"),
        ("[profile.local\n", "fraudwatch.toml"),
        ("[other]\n", "other"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.load(environment={}, directories=(write(tmp_path, text),))


@pytest.mark.parametrize("prefix", ["café.", "a b.", "a/", "topic:"])
def test_a_prefix_that_no_topic_can_have(prefix: str) -> None:
    environment = {"FRAUDWATCH_KAFKA_TOPIC_PREFIX": prefix}
    with pytest.raises(ConfigError, match="cannot be part of a topic name"):
        config.load(environment=environment)


def test_a_mistake_in_a_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"flink\.port"):
        config.load(environment={"FRAUDWATCH_FLINK_PORT": "http"}, directories=())


def test_an_unknown_profile_lists_the_known_ones(tmp_path: Path) -> None:
    folder = write(tmp_path, "[profile.lab]\nslots = 2\n")
    assert config.load("lab", environment={}, directories=(folder,)).slots == 2
    with pytest.raises(ConfigError, match=r"local, compose, lab"):
        config.load("prod", environment={}, directories=(folder,))


def test_settings_survive_the_way_to_another_process(tmp_path: Path) -> None:
    settings = config.load(environment={"FRAUDWATCH_STATE_DIR": str(tmp_path)}, directories=())
    assert config.from_json(config.to_json(settings)) == settings


def test_files_with_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a settings file, from a variable as in `PATH`, or from the command line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fraudwatch.toml").write_text('[profile.local]\nfeatures = ["a.py", "/b.py"]\n')
    directories = (tmp_path,)
    set_ = config.load(environment={}, directories=directories)
    assert set_.features == (tmp_path / "a.py", Path("/b.py"))
    variable = {"FRAUDWATCH_FEATURES": f"c.py{os.pathsep}d.py"}
    from_variable = config.load(environment=variable, directories=directories)
    assert from_variable.features == (tmp_path / "c.py", tmp_path / "d.py")
    said = config.load(features=[Path("e.py")], environment=variable, directories=directories)
    assert said.features == (tmp_path / "e.py",)
    assert config.from_json(config.to_json(said)) == said
