"""The console and the commands as clients of a secured Kafka."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.config import KafkaSettings, Secret
from pipeline.errors import ConfigError, PipelineError, UnavailableError
from pipeline.kafka import topics
from pipeline.kafka.client import Probe
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end

from .secured import CLIENT_SECRET, KEY_PASSWORD, MECHANISMS, PASSWORD, Secured


@pytest.mark.parametrize("mechanism", [*MECHANISMS, "TLS"])
def test_gets_in(secured: Secured, mechanism: str) -> None:
    kafka = secured.settings(mechanism)
    Probe(kafka).ask(60)
    topic = f"clients-{mechanism.lower()}"
    topics.create_topics(kafka, [topic], retention_bytes=1 << 28)
    with TopicProducer(kafka, topic) as producer:
        producer.send(b"key", b"value")
    (batch,) = read_to_end(kafka, topic)
    assert [record.value for record in batch] == [b"value"]


def test_a_kafka_to_which_only_ipv6_leads(secured: Secured) -> None:
    if not secured.six:
        pytest.skip("this machine has no IPv6")
    kafka = KafkaSettings(bootstrap=secured.six)
    Probe(kafka).ask(60)
    topics.create_topics(kafka, ["six"], retention_bytes=1 << 28)
    with TopicProducer(kafka, "six") as producer:
        producer.send(b"key", b"value")
    (batch,) = read_to_end(kafka, "six")
    assert [record.value for record in batch] == [b"value"]
    assert any(topic.name == "six" for topic in topics.list_topics(kafka))


def refusal(kafka: KafkaSettings, seconds: float = 60.0) -> PipelineError:
    """The error of a refused connection; if a retry could succeed, it takes the whole time."""
    with pytest.raises(PipelineError) as caught:
        Probe(kafka).ask(seconds)
    for secret in (PASSWORD, CLIENT_SECRET, KEY_PASSWORD, "guess"):
        assert secret not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_called_that(
    secured: Secured, mechanism: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "guess")
    kafka = msgspec.structs.replace(secured.settings(mechanism), password=Secret("env", "WRONG"))
    error = refusal(kafka)
    assert isinstance(error, ConfigError)
    assert "refuses access to 'alice'" in error.message
    assert "password" in error.hint


def test_a_wrong_client_secret_is_reported(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "guess")
    kafka = secured.settings("OAUTHBEARER")
    refusal(msgspec.structs.replace(kafka, client_secret=Secret("env", "WRONG")), 8)
    assert secured.tokens.refused > 0


def test_a_certificate_of_a_stranger_is_not_trusted(secured: Secured) -> None:
    kafka = msgspec.structs.replace(
        secured.settings("PLAIN"), ca_file=secured.certificates.path("stranger.pem")
    )
    error = refusal(kafka)
    assert isinstance(error, ConfigError)
    assert "is not trusted" in error.message
    assert "ca_file" in error.hint


def test_no_certificate_of_ones_own_is_not_enough(secured: Secured) -> None:
    kafka = msgspec.structs.replace(
        secured.settings("TLS"), certificate_file=None, key_file=None, key_password=None
    )
    assert "Kafka at localhost" in refusal(kafka, 8).message


def test_plain_words_to_a_listener_that_wants_tls(secured: Secured) -> None:
    error = refusal(KafkaSettings(bootstrap=secured.sasl), 3)
    assert isinstance(error, UnavailableError)
    assert "security_protocol" in error.hint


def test_a_host_that_is_not_known() -> None:
    error = refusal(KafkaSettings(bootstrap="kafka.invalid:9092"))
    assert "The host name of Kafka at kafka.invalid:9092 cannot be resolved." in error.message


def test_nothing_listens(unused_tcp_port: int) -> None:
    error = refusal(KafkaSettings(bootstrap=f"127.0.0.1:{unused_tcp_port}"), 3)
    assert "does not answer" in error.message


def test_a_secret_that_is_nowhere(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CANARY_PASSWORD")
    with pytest.raises(ConfigError, match="no secret in env CANARY_PASSWORD"):
        Probe(secured.settings("PLAIN"))


def test_a_certificate_file_that_is_not_there(secured: Secured) -> None:
    kafka = msgspec.structs.replace(
        secured.settings("PLAIN"), ca_file=secured.certificates.path("nowhere.pem")
    )
    with pytest.raises(ConfigError, match=r"nowhere\.pem cannot be read"):
        Probe(kafka)
