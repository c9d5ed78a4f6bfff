"""How our own client gets into Flink's REST API, and what its errors mean."""

from __future__ import annotations

import ssl
from base64 import b64encode

import httpx

from pipeline.config import FlinkSettings
from pipeline.config.tls import read_pem
from pipeline.errors import ConfigError, PipelineError, UnavailableError


def rest_client(flink: FlinkSettings) -> httpx.Client:
    """An HTTP client that gets in.

    Raises:
        ConfigError: A certificate, a key or a secret is not where the settings say.
    """
    said = authorization(flink)
    # A proxy from the environment must not come between us and a cluster on loopback.
    return httpx.Client(
        base_url=flink.rest,
        timeout=flink.timeout,
        headers={"Authorization": said} if said else {},
        verify=trusted(flink),
        trust_env=False,
    )


def trusted(flink: FlinkSettings) -> ssl.SSLContext | bool:
    """Whom to trust, and who we are; False without TLS.

    Raises:
        ConfigError: A certificate, a key or a secret is not where the settings say.
    """
    if not flink.rest.startswith("https:"):
        return False
    trusted = read_pem(flink.ca_file) if flink.ca_file else None
    try:
        context = ssl.create_default_context(cadata=trusted)
        context.check_hostname = flink.verify_hostname
        if flink.certificate_file:
            password = flink.key_password.reveal() if flink.key_password else None
            context.load_cert_chain(flink.certificate_file, flink.key_file, password)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The certificates for Flink at {flink.rest} cannot be used: {error}.",
            "Check ca_file, certificate_file, key_file and key_password of the profile.",
        ) from error
    return context


def authorization(flink: FlinkSettings) -> str:
    """The value of the header `Authorization`; empty for a cluster that asks nobody who they are.

    Raises:
        ConfigError: A secret is not where the settings say.
    """
    if flink.token:
        return f"Bearer {flink.token.reveal()}"
    if flink.username and flink.password:
        pair = f"{flink.username}:{flink.password.reveal()}"
        return f"Basic {b64encode(pair.encode()).decode()}"
    return ""


def unavailable(address: str, error: Exception) -> PipelineError:
    """What a failed request means to the user."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigError(
            f"The certificate of Flink at {address} is not trusted.",
            "Set ca_file to the certificate of the authority that signed it.",
        )
    return UnavailableError(
        f"Flink does not answer at {address} ({type(error).__name__}).",
        "Start it with `fraudwatch up`, or look at `fraudwatch status`.",
    )
