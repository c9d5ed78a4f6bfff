"""How Flink's own client, which hands jobs to a cluster, gets in there.

Sources: Flink 2.3, `RestOptions`, `SecurityOptions`, and `FLINK_REST_CLIENT_HEADERS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline import private_file
from pipeline.config import FlinkSettings
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError

from .http import authorization

# The stores hold what the settings' files hold, for the same user's eyes only; Java wants a word.
_STORE_PASSWORD: Final = "fraudwatch"
_HEADERS: Final = "FLINK_REST_CLIENT_HEADERS"


def address_options(flink: FlinkSettings) -> dict[str, str]:
    """Where the cluster is, as options of a job."""
    parts = urlsplit(flink.rest)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    options = {"rest.address": parts.hostname or "", "rest.port": str(port)}
    if path := parts.path.rstrip("/"):
        options["rest.path"] = path
    return options


def tls_options(flink: FlinkSettings, folder: Path) -> dict[str, str]:
    """Whom to trust and who we are, as options of a job; stores that Java reads are made for it.

    Args:
        flink: The cluster.
        folder: Where the stores go.

    Raises:
        ConfigError: A certificate, a key or a secret is not where the settings say.
    """
    if not flink.rest.startswith("https:"):
        return {}
    prefix = "security.ssl.rest."
    options = {f"{prefix}enabled": "true", f"{prefix}verify-hostname": str(flink.verify_hostname)}
    options[f"{prefix}verify-hostname"] = options[f"{prefix}verify-hostname"].lower()
    private_file.make_directory(folder)
    if flink.ca_file:
        path = folder / "trusted.p12"
        private_file.write(path, _truststore(flink.ca_file))
        options |= {
            f"{prefix}truststore": str(path),
            f"{prefix}truststore-type": "PKCS12",
            f"{prefix}truststore-password": _STORE_PASSWORD,
        }
    if flink.certificate_file and flink.key_file:
        path = folder / "own.p12"
        private_file.write(path, _keystore(flink, flink.certificate_file, flink.key_file))
        options |= {
            f"{prefix}authentication-enabled": "true",
            f"{prefix}keystore": str(path),
            f"{prefix}keystore-type": "PKCS12",
            f"{prefix}keystore-password": _STORE_PASSWORD,
            f"{prefix}key-password": _STORE_PASSWORD,
        }
    return options


def environment(flink: FlinkSettings) -> dict[str, str]:
    """Variables for the process that submits: who we are, which must be in no option of a job.

    Raises:
        ConfigError: A secret is not where the settings say.
    """
    said = authorization(flink)
    return {_HEADERS: f"Authorization:{said}"} if said else {}


def _truststore(ca_file: Path) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    try:
        trusted = x509.load_pem_x509_certificates(read_pem(ca_file).encode())
    except ValueError as error:
        raise ConfigError(
            f"{ca_file} holds no certificate that can be read.", "Correct the file."
        ) from error
    return pkcs12.serialize_java_truststore(
        [
            pkcs12.PKCS12Certificate(certificate, f"ca-{number}".encode())
            for number, certificate in enumerate(trusted)
        ],
        BestAvailableEncryption(_STORE_PASSWORD.encode()),
    )


def _keystore(flink: FlinkSettings, certificate_file: Path, key_file: Path) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        load_pem_private_key,
        pkcs12,
    )

    password = flink.key_password.reveal().encode() if flink.key_password else None
    try:
        own, *chain = x509.load_pem_x509_certificates(read_pem(certificate_file).encode())
        key = load_pem_private_key(read_pem(key_file).encode(), password)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{certificate_file} and {key_file} cannot be used.",
            "Check the files, and the password of the key.",
        ) from error
    return pkcs12.serialize_key_and_certificates(
        b"own",
        key,  # type: ignore[arg-type]  # of the kinds that a certificate can have
        own,
        chain,
        BestAvailableEncryption(_STORE_PASSWORD.encode()),
    )
