"""Credentials and TLS of a Kafka cluster, as options of each Kafka client.

Sources: librdkafka 2.x `CONFIGURATION.md`; Apache Kafka 4.1, "Consumer Configs" and "Security".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pipeline.config import KafkaSettings, Secret
from pipeline.config.secret import HIDDEN, reveal
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError

# Flink's SQL connector shades Kafka's client under this package.
SHADED: Final = "org.apache.flink.kafka.shaded."
_MODULES: Final = "org.apache.kafka.common.security."
_LOGIN_MODULE: Final = {
    "PLAIN": "plain.PlainLoginModule",
    "SCRAM-SHA-256": "scram.ScramLoginModule",
    "SCRAM-SHA-512": "scram.ScramLoginModule",
    "OAUTHBEARER": "oauthbearer.OAuthBearerLoginModule",
}


def redacted(text: str, kafka: KafkaSettings) -> str:
    """Hide our secrets in a text from elsewhere, such as an error of Flink."""
    seen: list[str] = []

    def note(secret: Secret | str) -> str:
        seen.append(reveal(secret))
        return HIDDEN

    java(kafka, note)
    for secret in (kafka.registry.password, kafka.registry.token):
        if secret is not None:
            note(secret)
    for shown in filter(None, seen):
        text = text.replace(shown, HIDDEN)
    return text


def librdkafka(kafka: KafkaSettings) -> dict[str, Any]:
    """Return the security options of confluent-kafka.

    Raises:
        ConfigError: A secret cannot be read.
    """
    options: dict[str, Any] = {"security.protocol": kafka.security_protocol}
    if kafka.tls:
        if not kafka.verify_hostname:
            options["ssl.endpoint.identification.algorithm"] = "none"
        if kafka.ca_file:
            read_pem(kafka.ca_file)  # librdkafka does not say which file is missing.
            options["ssl.ca.location"] = str(kafka.ca_file)
        if kafka.certificate_file and kafka.key_file:
            options["ssl.certificate.location"] = str(kafka.certificate_file)
            options["ssl.key.location"] = str(kafka.key_file)
        if kafka.key_password:
            options["ssl.key.password"] = reveal(kafka.key_password)
    if kafka.sasl:
        options["sasl.mechanism"] = kafka.sasl_mechanism
    if kafka.sasl and kafka.sasl_mechanism == "OAUTHBEARER":
        options |= {
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": kafka.client_id,
            "sasl.oauthbearer.client.secret": reveal(kafka.client_secret or ""),
            "sasl.oauthbearer.token.endpoint.url": kafka.token_endpoint,
        }
        if kafka.scope:
            options["sasl.oauthbearer.scope"] = kafka.scope
    elif kafka.sasl:
        options["sasl.username"] = kafka.username
        options["sasl.password"] = reveal(kafka.password or "")
    return options


def java(
    kafka: KafkaSettings, show: Callable[[Secret | str], str], *, package: str = SHADED
) -> dict[str, str]:
    """Return the security options of Kafka's Java client; certificates are embedded as PEM text.

    Args:
        kafka: The cluster and its credentials.
        show: `reveal` to include secrets, `hide` to mask them.
        package: Prefix of the names of the client's classes.

    Raises:
        ConfigError: A certificate, a key or a secret cannot be read.
    """
    if kafka.security_protocol == "PLAINTEXT":
        return {}
    options: dict[str, str] = {"security.protocol": kafka.security_protocol}
    if kafka.tls:
        options |= _java_tls(kafka, show)
    if kafka.sasl:
        options["sasl.mechanism"] = kafka.sasl_mechanism
        options["sasl.jaas.config"] = _login(kafka, show, package)
    if kafka.sasl and kafka.sasl_mechanism == "OAUTHBEARER":
        options["sasl.oauthbearer.token.endpoint.url"] = kafka.token_endpoint
        options["sasl.login.callback.handler.class"] = (
            f"{package}{_MODULES}oauthbearer.OAuthBearerLoginCallbackHandler"
        )
    return options


def _java_tls(kafka: KafkaSettings, show: Callable[[Secret | str], str]) -> dict[str, str]:
    options: dict[str, str] = {}
    if not kafka.verify_hostname:
        options["ssl.endpoint.identification.algorithm"] = ""
    if kafka.ca_file:
        options["ssl.truststore.type"] = "PEM"
        options["ssl.truststore.certificates"] = read_pem(kafka.ca_file)
    if kafka.certificate_file and kafka.key_file:
        key = read_pem(kafka.key_file)
        if "PRIVATE KEY-----" not in key or " RSA PRIVATE" in key or " EC PRIVATE" in key:
            raise ConfigError(
                f"The key in {kafka.key_file} is not in PKCS#8 format, which Flink needs.",
                "Convert it: `openssl pkcs8 -topk8 -in OLD -out NEW`.",
            )
        options["ssl.keystore.type"] = "PEM"
        options["ssl.keystore.certificate.chain"] = read_pem(kafka.certificate_file)
        options["ssl.keystore.key"] = show(key)
    if kafka.key_password:
        options["ssl.key.password"] = show(kafka.key_password)
    return options


def _login(kafka: KafkaSettings, show: Callable[[Secret | str], str], package: str) -> str:
    if kafka.sasl_mechanism == "OAUTHBEARER":
        fields = {"clientId": kafka.client_id, "clientSecret": show(kafka.client_secret or "")}
        fields |= {"scope": kafka.scope} if kafka.scope else {}
    else:
        fields = {"username": kafka.username, "password": show(kafka.password or "")}
    said = " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())
    return f"{package}{_MODULES}{_LOGIN_MODULE[kafka.sasl_mechanism]} required {said};"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
