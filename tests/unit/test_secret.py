"""Secrets are read from where the settings say, and appear nowhere else."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.backend
import pytest

from pipeline import config
from pipeline.config import Secret
from pipeline.errors import ConfigError

SECURED = """
[profile.lab.kafka]
bootstrap = "kafka:9093"
security_protocol = "SASL_SSL"
sasl_mechanism = "PLAIN"
username = "alice"
"""


class Ring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        """Set nothing from the environment, unlike the base class."""

    def get_password(self, service: str, username: str) -> str | None:
        return "from the ring" if (service, username) == ("kafka/lab", "alice") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def load(folder: Path, password: str, **environment: str) -> config.Settings:
    (folder / "fraudwatch.toml").write_text(f"{SECURED}{password}\n")
    return config.load("lab", environment=environment, directories=(folder,))


def test_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_PASSWORD", "from the environment")
    secret = load(tmp_path, 'password = { env = "LAB_PASSWORD" }').kafka.password
    assert secret is not None and secret.reveal() == "from the environment"


def test_from_a_file_without_the_end_of_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    secret = load(tmp_path, f'password = {{ file = "{tmp_path}/secret" }}').kafka.password
    assert secret is not None and secret.reveal() == "from a file"


def test_from_the_keyring(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        secret = load(tmp_path, 'password = { keyring = "kafka/lab/alice" }').kafka.password
        assert secret is not None and secret.reveal() == "from the ring"
        with pytest.raises(ConfigError, match="no secret in keyring other/alice"):
            Secret("keyring", "other/alice").reveal()
    finally:
        keyring.set_keyring(before)


def test_a_variable_of_ours_is_read_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(tmp_path, "", FRAUDWATCH_KAFKA_PASSWORD="hunter2")
    assert b"hunter2" not in config.to_json(settings)
    assert "hunter2" not in repr(settings)
    monkeypatch.setenv("FRAUDWATCH_KAFKA_PASSWORD", "hunter2")
    assert settings.kafka.password is not None
    assert settings.kafka.password.reveal() == "hunter2"


def test_a_secret_in_the_file_itself_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not be written in the settings") as caught:
        load(tmp_path, 'password = "hunter2"')
    assert "hunter2" not in str(caught.value)


def test_settings_with_secrets_survive_the_way_to_another_process(tmp_path: Path) -> None:
    settings = load(tmp_path, 'password = { env = "LAB_PASSWORD" }')
    assert config.from_json(config.to_json(settings)) == settings


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        Secret("file", str(tmp_path / "nowhere")).reveal()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('security_protocol = "SASL_SSL"', "go together"),
        ('security_protocol = "SASL_SSL"\nsasl_mechanism = "PLAIN"', "PLAIN needs username"),
        ('security_protocol = "SASL_SSL"\nsasl_mechanism = "OAUTHBEARER"', "token_endpoint"),
        ('security_protocol = "TLS"', "kafka.security_protocol"),
        ('certificate_file = "own.pem"', "go together"),
        ("ca_file = 3", "a path must be a text"),
    ],
)
def test_settings_that_do_not_fit_together(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "fraudwatch.toml").write_text(f"[profile.lab.kafka]\n{text}\n")
    with pytest.raises(ConfigError, match=said):
        config.load("lab", environment={}, directories=(tmp_path,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('rest = "flink:8081"', "must begin with http"),
        ('username = "alice"', "go together"),
        (
            'username = "a"\npassword = { env = "A" }\ntoken = { env = "B" }',
            "exclude each other",
        ),
        ("timeout = 0", "flink.timeout"),
    ],
)
def test_flink_settings_that_do_not_fit_together(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "fraudwatch.toml").write_text(f"[profile.lab.flink]\n{text}\n")
    with pytest.raises(ConfigError, match=said):
        config.load("lab", environment={}, directories=(tmp_path,))
