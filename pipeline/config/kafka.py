"""A Kafka: where it is, how to get in, and what our topics are called there."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

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
        bootstrap: Addresses, as `host:port` with commas between them; empty for a broker that
            fraudwatch brings itself.
        bootstrap_for_flink: The same as Flink sees them, where those are others.
        port: Port that a broker of ours would like; another is taken when it is in use.
        security_protocol: As Kafka calls it.
        sasl_mechanism: As Kafka calls it; none without SASL.
        username: For PLAIN and SCRAM.
        password: For PLAIN and SCRAM.
        client_id: For OAUTHBEARER.
        client_secret: For OAUTHBEARER.
        token_endpoint: Where OAUTHBEARER gets its tokens.
        scope: What OAUTHBEARER asks for.
        topic_prefix: Before the name of each of our topics: `team.` makes `team.transaction`.
        topics: Other names for single topics, by the name that is documented; without the prefix.
        partitions: Of a topic that fraudwatch makes.
        replication: Of a topic that fraudwatch makes.
        compression: Of what fraudwatch and its jobs write. Every client reads `none` and `gzip`;
            some need a library for the others.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (self.topic_prefix, *self.topics.values()):
            if _ODD.search(name):
                raise ValueError(
                    f"{name!r} is not for a topic's name, which has letters without accents, "
                    "digits, dots, dashes and underscores"
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
        """Whether it is somebody's, rather than a broker that fraudwatch brings."""
        return bool(self.bootstrap)

    @property
    def sasl(self) -> bool:
        """Whether a client has to say who it is."""
        return self.security_protocol.startswith("SASL_")

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol.endswith("SSL")

    def at(self, bootstrap: str) -> KafkaSettings:
        """The same at the address at which a broker of ours has come up."""
        return msgspec.structs.replace(self, bootstrap=bootstrap)

    def topic(self, name: str) -> str:
        """What one of our topics is called there.

        Args:
            name: As it is documented: `transaction`.
        """
        return self.topics.get(name, self.topic_prefix + name)
