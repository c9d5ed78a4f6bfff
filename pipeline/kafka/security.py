"""How to get into a Kafka, said once in the settings and here in the words of each client.

Sources: librdkafka 2.x `CONFIGURATION.md`; Apache Kafka 4.1, "Consumer Configs" and "Security".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pipeline.config import KafkaSettings, Secret
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError

# The connector for Flink SQL brings Kafka's client under another name.
SHADED: Final = "org.apache.flink.kafka.shaded."
_MODULES: Final = "org.apache.kafka.common.security."
_LOGIN_MODULE: Final = {
    "PLAIN": "plain.PlainLoginModule",
    "SCRAM-SHA-256": "scram.ScramLoginModule",
    "SCRAM-SHA-512": "scram.ScramLoginModule",
    "OAUTHBEARER": "oauthbearer.OAuthBearerLoginModule",
}

HIDDEN: Final = "***"


def hide(_: Secret | str) -> str:
    """What stands for a secret where somebody may read along."""
    return HIDDEN


def reveal(secret: Secret | str) -> str:
    """The secret itself.

    Raises:
        ConfigError: It is not where the settings say.
    """
    return secret.reveal() if isinstance(secret, Secret) else secret


def redacted(text: str, kafka: KafkaSettings) -> str:
    """A text of somebody else's, such as an error of Flink's, with our secrets hidden in it."""
    seen: list[str] = []

    def note(secret: Secret | str) -> str:
        seen.append(reveal(secret))
        return HIDDEN

    java(kafka, note)
    for secret in filter(None, seen):
        text = text.replace(secret, HIDDEN)
    return text


def librdkafka(kafka: KafkaSettings) -> dict[str, Any]:
    """What confluent-kafka has to be told to get in.

    Raises:
        ConfigError: A secret is not where the settings say.
    """
    options: dict[str, Any] = {"security.protocol": kafka.security_protocol}
    if kafka.tls:
        if not kafka.verify_hostname:
            options["ssl.endpoint.identification.algorithm"] = "none"
        if kafka.ca_file:
            read_pem(kafka.ca_file)  # librdkafka's own words for a missing file are none.
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
    """What Kafka's Java client has to be told to get in; certificates go along as texts.

    Args:
        kafka: Where to.
        show: Tells a secret, or hides it: `reveal` or `hide`.
        package: Before the names of the client's classes.

    Raises:
        ConfigError: A certificate, a key or a secret is not where the settings say.
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
                f"The key in {kafka.key_file} is not PKCS#8, which Flink needs.",
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
