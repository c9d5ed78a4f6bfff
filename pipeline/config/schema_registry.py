"""Schema registry settings: its address, and how one authenticates with it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from .secret import Secret


class RegistrySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A schema registry that speaks the API of Confluent's.

    Attributes:
        url: Its address, with the path of the API if there is one, such as Apicurio's
            `http://registry.example.com/apis/ccompat/v7`; empty without a registry.
        url_for_flink: The address as Flink sees it, where it differs.
        username: For basic authentication.
        password: For basic authentication.
        token: For bearer authentication.
        ca_file: Certificates of the authorities to trust, as PEM; the usual ones when empty. An
            external Flink reads the file from the same path on each of its machines.
    """

    url: str = ""
    url_for_flink: str = ""
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        for name, url in (("url", self.url), ("url_for_flink", self.url_for_flink)):
            parts = urlsplit(url)
            if "@" in parts.netloc:
                # The message does not repeat the address, since it holds a secret.
                raise ValueError(f"{name} contains a user or a password; use username and password")
            if url and (parts.scheme not in ("http", "https") or not parts.hostname):
                raise ValueError(f"{name} is {url!r}, but must begin with http:// or https://")
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password go together")
        if ":" in self.username:
            raise ValueError("username contains a colon, which basic authentication cannot send")
        if self.username and self.token:
            raise ValueError("username and token exclude each other")
