"""Kafka settings: brokers, credentials, and the names of the topics."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from .schema_registry import RegistrySettings
from .secret import Secret
from .tls import Tls
from .types import Port, Positive

_ODD: Final = re.compile(r"[^A-Za-z0-9._-]")
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]


class KafkaSettings(Tls, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Kafka cluster as fraudwatch, and the jobs that it submits, see it.

    Attributes:
        bootstrap: Addresses, as `host:port` separated by commas; empty for a broker that fraudwatch
            starts itself.
        bootstrap_for_flink: The addresses as Flink sees them, where they differ.
        port: Preferred port for a managed broker; a free one is used when it is taken.
        security_protocol: As in Kafka's client configuration.
        sasl_mechanism: As in Kafka's client configuration; empty without SASL.
        username: For PLAIN and SCRAM.
        password: For PLAIN and SCRAM.
        client_id: For OAUTHBEARER.
        client_secret: For OAUTHBEARER.
        token_endpoint: URL that issues the OAUTHBEARER tokens.
        scope: Scope to request for OAUTHBEARER.
        topic_prefix: Prefix of every topic: `team.` makes `team.transaction`.
        topics: Other names for single topics, by their documented name and without the prefix.
        partitions: Partitions of the topics that fraudwatch creates.
        replication: Replication factor of the topics that fraudwatch creates.
        compression: Compression of the records that fraudwatch and its jobs write. Every client
            reads `none` and `gzip`; some need a library for the others.
        registry: The schema registry of its topics, in a table of its own:
            `[profile.NAME.kafka.registry]`.
    """

    bootstrap: str = ""
    bootstrap_for_flink: str = ""
    port: Port = 9092
    security_protocol: Protocol = "PLAINTEXT"
    sasl_mechanism: Mechanism = ""
    username: str = ""
    password: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    token_endpoint: str = ""
    scope: str = ""
    topic_prefix: str = ""
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    partitions: Positive = 4
    replication: Positive = 1
    compression: Compression = "none"
    registry: RegistrySettings = msgspec.field(default_factory=RegistrySettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (self.topic_prefix, *self.topics.values()):
            if _ODD.search(name):
                raise ValueError(
                    f"{name!r} cannot be part of a topic name: only ASCII letters, digits, dots, "
                    "dashes and underscores can"
                )
        if self.sasl != bool(self.sasl_mechanism):
            raise ValueError("a SASL security_protocol and a sasl_mechanism go together")
        if self.sasl_mechanism == "OAUTHBEARER":
            if not (self.token_endpoint and self.client_id and self.client_secret):
                raise ValueError("OAUTHBEARER needs token_endpoint, client_id and client_secret")
        elif self.sasl and not (self.username and self.password):
            raise ValueError(f"{self.sasl_mechanism} needs username and password")

    @property
    def attached(self) -> bool:
        """Whether the brokers are external, rather than started by fraudwatch."""
        return bool(self.bootstrap)

    @property
    def sasl(self) -> bool:
        """Whether clients authenticate with SASL."""
        return self.security_protocol.startswith("SASL_")

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol.endswith("SSL")

    def at(self, bootstrap: str) -> KafkaSettings:
        """Return these settings with the address of a running managed broker."""
        return msgspec.structs.replace(self, bootstrap=bootstrap)

    def topic(self, name: str) -> str:
        """Return the name of a topic in this cluster.

        Args:
            name: Its documented name: `transaction`.
        """
        return self.topics.get(name, self.topic_prefix + name)
