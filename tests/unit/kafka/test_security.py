"""One set of settings in the configuration names of two clients, and masked secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import features
from pipeline.config import KafkaSettings, Secret
from pipeline.config.secret import hide, reveal
from pipeline.errors import ConfigError
from pipeline.flink.ddl import definition, job_sql
from pipeline.kafka.security import java, librdkafka, redacted

PASSWORD = "p'a\"s\\s"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nkey material\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", PASSWORD)


def scram(folder: Path) -> KafkaSettings:
    (folder / "ca.pem").write_text(PEM)
    return KafkaSettings(
        bootstrap="kafka:9093",
        bootstrap_for_flink="inside:9093",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        username="alice",
        password=Secret("env", "PASSWORD"),
        ca_file=folder / "ca.pem",
    )


def test_an_open_kafka_needs_nothing() -> None:
    kafka = KafkaSettings(bootstrap="kafka:9092")
    assert librdkafka(kafka) == {"security.protocol": "PLAINTEXT"}
    assert java(kafka, reveal) == {}


def test_scram_over_tls(tmp_path: Path) -> None:
    kafka = scram(tmp_path)
    assert librdkafka(kafka) == {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(tmp_path / "ca.pem"),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "alice",
        "sasl.password": PASSWORD,
    }
    assert java(kafka, reveal, package="") == {
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": PEM,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="alice" password="p\'a\\"s\\\\s";',
    }


def test_oauth(monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = KafkaSettings(
        bootstrap="kafka:9093",
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="OAUTHBEARER",
        client_id="me",
        client_secret=Secret("env", "PASSWORD"),
        token_endpoint="https://id.example.org/token",
        scope="kafka",
    )
    assert librdkafka(kafka) == {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": "me",
        "sasl.oauthbearer.client.secret": PASSWORD,
        "sasl.oauthbearer.token.endpoint.url": "https://id.example.org/token",
        "sasl.oauthbearer.scope": "kafka",
    }
    options = java(kafka, hide)
    assert 'clientId="me" clientSecret="***" scope="kafka";' in options["sasl.jaas.config"]
    assert options["sasl.login.callback.handler.class"].startswith("org.apache.flink.kafka.shaded.")


def test_a_key_that_java_cannot_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text(PEM)
    (tmp_path / "own.key").write_text("-----BEGIN RSA PRIVATE KEY-----\nx\n")
    kafka = KafkaSettings(
        bootstrap="kafka:9093",
        security_protocol="SSL",
        certificate_file=tmp_path / "own.pem",
        key_file=tmp_path / "own.key",
    )
    with pytest.raises(ConfigError, match="openssl pkcs8"):
        java(kafka, reveal)


def test_sql_for_people_hides_what_the_sql_that_runs_tells(tmp_path: Path) -> None:
    kafka = scram(tmp_path)
    feature = features.BUILT_IN[0]
    shown = job_sql(feature, kafka, "group")
    assert "'properties.bootstrap.servers' = 'inside:9093'" in shown
    assert 'password="***"' in shown
    saved = definition(feature, kafka, "group")
    assert "alice" not in str(saved)
    run = ";".join(saved.at(kafka, reveal))
    assert 'password="p\'\'a\\"s\\\\s"' in run
    for text in (shown, str(saved)):
        assert "p'a" not in text
        assert "p''a" not in text


def test_secrets_are_hidden_in_what_others_say(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text(PEM)
    (tmp_path / "own.key").write_text(KEY)
    kafka = KafkaSettings(
        bootstrap="kafka:9093",
        security_protocol="SSL",
        certificate_file=tmp_path / "own.pem",
        key_file=tmp_path / "own.key",
        key_password=Secret("env", "PASSWORD"),
    )
    said = f"Table options are: 'ssl.keystore.key'='{KEY}' and '{PASSWORD}'"
    assert redacted(said, kafka) == "Table options are: 'ssl.keystore.key'='***' and '***'"
