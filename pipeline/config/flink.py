"""A Flink session cluster: where its REST API is, how to get in, and where it keeps state."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from .secret import Secret
from .tls import Tls
from .types import Port, Seconds


class FlinkSettings(Tls, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Flink cluster.

    Attributes:
        rest: Address of its REST API, with the path of a proxy if there is one:
            `https://flink.example.com/team`. Empty for a cluster that fraudwatch brings itself.
        port: Port that the REST API of a cluster of ours would like; another is taken when it is in
            use.
        username: For basic authentication.
        password: For basic authentication.
        token: For bearer authentication.
        timeout: Seconds that one request may take.
        job_prefix: Before the name of each of our jobs, which is how they are found again.
        state_backend: Such as `hashmap` or `rocksdb`; the cluster's own when empty.
        checkpoints: Where jobs keep checkpoints, as an address that Flink knows (`s3://…`,
            `hdfs://…`, `file:///…`); the cluster's own when empty.
        savepoints: Where stopped jobs keep their state; likewise.
        ship_connector: Whether the Kafka connector goes along with each job, since the cluster does
            not have it.
    """

    rest: str = ""
    port: Port = 8081
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    timeout: Seconds = 5.0
    job_prefix: str = "fraudwatch-"
    state_backend: Literal["", "hashmap", "rocksdb", "forst"] = ""
    checkpoints: str = ""
    savepoints: str = ""
    ship_connector: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rest:
            parts = urlsplit(self.rest)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"rest is {self.rest!r}, and begins with http:// or https://")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password go together")
        if self.username and self.token:
            raise ValueError("username and token exclude each other")

    @property
    def attached(self) -> bool:
        """Whether it is somebody's, rather than a cluster that fraudwatch brings."""
        return bool(self.rest)

    def at(self, rest: str) -> FlinkSettings:
        """The same at the address at which a cluster of ours has come up."""
        return msgspec.structs.replace(self, rest=rest)
