"""Certificates: whom to trust, and who we are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.errors import ConfigError

from .secret import Secret


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is needed for TLS and for TLS on both sides; every file is PEM.

    Attributes:
        ca_file: Certificates of the authorities to trust; the system's when empty.
        certificate_file: Our own certificate and what leads from it to its authority.
        key_file: The key of that certificate, as PKCS#8 (`BEGIN PRIVATE KEY`).
        key_password: What the key is encrypted with.
        verify_hostname: Whether the server's certificate has to be for its host's name.
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
    """The text of a PEM file.

    Raises:
        ConfigError: It cannot be read, or is not PEM.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"{path} cannot be read: {reason}.", "Correct the path.") from error
    if "-----BEGIN " not in text:
        raise ConfigError(
            f"{path} is not PEM: it has no line with BEGIN.", "Convert it with `openssl`."
        )
    return text
