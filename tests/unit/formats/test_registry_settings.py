"""The schema registry of a profile: without one, with secrets, and with settings that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import KafkaSettings, RegistrySettings, Secret
from pipeline.config.secret import hide, reveal
from pipeline.errors import ConfigError
from pipeline.flink import source_table
from pipeline.flink.definition import Definition
from pipeline.formats import registry_client
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.security import redacted

from .test_avro import payments


def test_without_a_registry_in_the_profile() -> None:
    made: tuple[Callable[[], object], ...] = (
        lambda: decoder_of(payments(), KafkaSettings()),
        lambda: source_table.statements(payments(), KafkaSettings(), "group"),
    )
    for make in made:
        with pytest.raises(ConfigError) as caught:
            make()
        assert str(caught.value) == (
            "The source payments is written in avro-confluent, but the profile has no schema "
            "registry. Set url in the profile's table kafka.registry, or "
            "FRAUDWATCH_KAFKA_REGISTRY_URL."
        )


def test_secrets_are_in_the_sql_that_runs_alone(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "password").write_text("p'ss")
    settings = RegistrySettings(
        url="https://registry:8081",
        url_for_flink="https://inside:8081",
        username="alice",
        password=Secret("file", str(tmp_path / "password")),
        ca_file=tmp_path / "ca.pem",
    )
    kafka = KafkaSettings(bootstrap="kafka:9092", registry=settings)
    saved = Definition(source_table.statements(payments(), kafka, "group"))
    assert "alice" not in str(saved) and "registry:8081" not in str(saved)
    shown, run = (";".join(saved.at(kafka, show)) for show in (hide, reveal))
    assert "'avro-confluent.url' = 'https://inside:8081'" in shown
    assert "'avro-confluent.basic-auth.user-info' = 'alice:***'" in shown
    assert "'avro-confluent.basic-auth.user-info' = 'alice:p''ss'" in run
    assert redacted("Option 'alice:p'ss'", kafka) == "Option 'alice:***'"
    assert registry_client.python(settings)["basic.auth.user.info"] == "alice:p'ss"
    # Jobs that need no registry do not depend on its secrets.
    (tmp_path / "password").unlink()
    Definition(source_table.statements(payments("avro"), kafka, "group")).at(kafka, reveal)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "registry:8081"}, "must begin with http:// or https://"),
        ({"url": "http://me:secret@registry"}, "url contains a user or a password"),
        ({"username": "me"}, "username and password go together"),
        ({"username": "a:b", "password": Secret("env", "P")}, "username contains a colon"),
        (
            {"username": "a", "password": Secret("env", "P"), "token": Secret("env", "T")},
            "username and token exclude each other",
        ),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        RegistrySettings(**{"url": "http://registry"} | settings)
    assert "secret" not in str(caught.value)
