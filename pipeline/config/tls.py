"""TLS settings: trusted certificates, and the client's own certificate and key."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.errors import ConfigError

from .secret import Secret


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """TLS, with or without a client certificate; every file is PEM.

    Attributes:
        ca_file: Certificates of the authorities to trust; the system's when empty.
        certificate_file: The client certificate, followed by its chain.
        key_file: The key of that certificate, as PKCS#8 (`BEGIN PRIVATE KEY`).
        key_password: Password of the encrypted key.
        verify_hostname: Whether the server's certificate must match its host name.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: Secret | None = None
    verify_hostname: bool = True

    def __post_init__(self) -> None:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")


def read_pem(path: Path) -> str:
    """Read a PEM file.

    Raises:
        ConfigError: It cannot be read, or is not PEM.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{path} cannot be read: {reason}.", "Correct the path.") from error
    if "-----BEGIN " not in text:
        raise ConfigError(
            f"{path} is not PEM: it has no line with BEGIN.", "Convert it with `openssl`."
        )
    return text
