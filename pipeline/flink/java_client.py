"""Credentials and TLS for Flink's own Java client, which submits jobs to a cluster.

Sources: Flink 2.3, `RestOptions`, `SecurityOptions`, and `FLINK_REST_CLIENT_HEADERS`.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline import private_file
from pipeline.config import FlinkSettings
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError

from .http import authorization, trusted, unavailable

# The stores hold copies of the settings' files and are private to the user; Java only needs some
# password.
_STORE_PASSWORD: Final = "fraudwatch"
# Flink's defaults are for TLS 1.2 with RSA certificates only.
_PROTOCOLS: Final = "TLSv1.3,TLSv1.2"
_CIPHERS: Final = ",".join(
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
    + [
        f"TLS_ECDHE_{kind}_WITH_AES_{strength}"
        for kind in ("RSA", "ECDSA")
        for strength in ("128_GCM_SHA256", "256_GCM_SHA384")
    ]
)
_HEADERS: Final = "FLINK_REST_CLIENT_HEADERS"


def address_options(flink: FlinkSettings) -> dict[str, str]:
    """Return the cluster's address, as job options."""
    parts = urlsplit(flink.rest)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    # Flink's client puts it into a URL as it is.
    address = f"[{host}]" if ":" in host else host
    options = {"rest.address": address, "rest.port": str(port)}
    if path := parts.path.rstrip("/"):
        options["rest.path"] = path
    return options


def tls_options(flink: FlinkSettings, folder: Path) -> dict[str, str]:
    """Return the TLS settings as job options; writes the key stores that Java reads.

    Args:
        flink: The cluster.
        folder: Directory for the stores.

    Raises:
        ConfigError: A certificate, a key or a secret cannot be read, or the cluster's certificate
            is not trusted.
        UnavailableError: The cluster does not answer.
    """
    if not flink.rest.startswith("https:"):
        return {}
    prefix = "security.ssl.rest."
    options = {
        "security.ssl.protocol": _PROTOCOLS,
        "security.ssl.algorithms": _CIPHERS,
        f"{prefix}enabled": "true",
        # Flink's client does not pass the host name to Java's TLS, so Java cannot verify it. We
        # verify the certificate here, and let the client trust that one alone.
        f"{prefix}verify-hostname": "false",
        f"{prefix}truststore": str(folder / "trusted.p12"),
        f"{prefix}truststore-type": "PKCS12",
        f"{prefix}truststore-password": _STORE_PASSWORD,
    }
    private_file.make_directory(folder)
    private_file.write(folder / "trusted.p12", _truststore(_certificate(flink)))
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
    """Return environment variables with the credentials, which must not become options of a job.

    Raises:
        ConfigError: A secret cannot be read.
    """
    said = authorization(flink)
    return {_HEADERS: f"Authorization:{said}"} if said else {}


def _certificate(flink: FlinkSettings) -> bytes:
    """Return the cluster's certificate in DER, after verifying it."""
    parts, context = urlsplit(flink.rest), trusted(flink)
    assert isinstance(context, ssl.SSLContext)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), flink.timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            return connection.getpeercert(binary_form=True) or b""
    except OSError as error:
        raise unavailable(flink.rest, error) from error


def _truststore(certificate: bytes) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    known = pkcs12.PKCS12Certificate(x509.load_der_x509_certificate(certificate), b"flink")
    return pkcs12.serialize_java_truststore(
        [known], BestAvailableEncryption(_STORE_PASSWORD.encode())
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
