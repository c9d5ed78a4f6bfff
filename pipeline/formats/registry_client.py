"""The schema registry: its address and credentials as options of each client.

Sources: confluent-kafka 2.16, `SchemaRegistryClient`; Flink 2.3, "Confluent Avro Format".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pipeline.config import KafkaSettings, RegistrySettings, Secret
from pipeline.config.secret import reveal
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError
from pipeline.sources import Source

_REQUEST_SECONDS: Final = 10
_RETRIES: Final = 2
_RETRY_SECONDS: Final = 1.0


def required(kafka: KafkaSettings, source: Source) -> RegistrySettings:
    """Return the registry of a source whose records refer to one.

    Raises:
        ConfigError: The profile has none.
    """
    if not kafka.registry.url:
        raise ConfigError(
            f"The source {source.topic} is written in {source.format}, but the profile has no "
            "schema registry.",
            "Set url in the profile's table kafka.registry, or FRAUDWATCH_KAFKA_REGISTRY_URL.",
        )
    return kafka.registry


def python(registry: RegistrySettings) -> dict[str, Any]:
    """Return the options of confluent-kafka's `SchemaRegistryClient`.

    Raises:
        ConfigError: A certificate or a secret cannot be read.
    """
    options: dict[str, Any] = {
        "url": registry.url,
        "timeout": _REQUEST_SECONDS,
        "max.retries": _RETRIES,
        "retries.wait.ms": round(1_000 * _RETRY_SECONDS),
    }
    if registry.ca_file:
        read_pem(registry.ca_file)  # The client does not say which file is missing.
        options["ssl.ca.location"] = str(registry.ca_file)
    if registry.password:
        options["basic.auth.user.info"] = f"{registry.username}:{reveal(registry.password)}"
    if registry.token:
        options |= {
            "bearer.auth.credentials.source": "STATIC_TOKEN",
            "bearer.auth.token": reveal(registry.token),
            # A header of Confluent's cloud, which the client requires.
            "bearer.auth.logical.cluster": "none",
        }
    return options


def flink(registry: RegistrySettings, show: Callable[[Secret | str], str]) -> dict[str, str]:
    """Return the options of Flink's format `avro-confluent`, without its prefix.

    Args:
        registry: The registry and its credentials.
        show: `reveal` to include secrets, `hide` to mask them.

    Raises:
        ConfigError: A certificate or a secret cannot be read.
    """
    options = {"url": registry.url_for_flink or registry.url}
    if registry.ca_file:
        read_pem(registry.ca_file)
        options |= {
            "properties.schema.registry.ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(registry.ca_file),
        }
    if registry.password:
        options |= {
            "basic-auth.credentials-source": "USER_INFO",
            "basic-auth.user-info": f"{registry.username}:{show(registry.password)}",
        }
    if registry.token:
        options |= {
            "bearer-auth.credentials-source": "STATIC_TOKEN",
            "bearer-auth.token": show(registry.token),
        }
    return options
