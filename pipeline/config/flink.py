"""Flink settings: the REST API of a session cluster, its credentials, and its state paths."""

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
            `https://flink.example.com/team`. Empty for a cluster that fraudwatch starts itself.
        port: Preferred port for the REST API of a managed cluster; a free one is used when it is
            taken.
        username: For basic authentication.
        password: For basic authentication.
        token: For bearer authentication.
        timeout: Seconds that one request may take.
        job_prefix: Prefix of the name of every fraudwatch job; jobs are found by it.
        state_backend: Such as `hashmap` or `rocksdb`; the cluster's default when empty.
        checkpoints: Directory for checkpoints, as a URI that Flink can write to (`s3://…`,
            `hdfs://…`, `file:///…`); the cluster's default when empty.
        savepoints: Directory for savepoints; likewise.
        ship_connector: Whether each job ships the Kafka connector, because the cluster lacks it;
            `true` in a profile of your own.
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
                raise ValueError(f"rest is {self.rest!r}, but must begin with http:// or https://")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password go together")
        if self.username and self.token:
            raise ValueError("username and token exclude each other")

    @property
    def attached(self) -> bool:
        """Whether the cluster is external, rather than started by fraudwatch."""
        return bool(self.rest)

    def at(self, rest: str) -> FlinkSettings:
        """Return these settings with the REST address of a running managed cluster."""
        return msgspec.structs.replace(self, rest=rest)
