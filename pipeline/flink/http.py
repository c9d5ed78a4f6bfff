"""The HTTP client for Flink's REST API, and the translation of its errors."""

from __future__ import annotations

import ssl
from base64 import b64encode
from typing import Final

import httpx
import msgspec

from pipeline.config import FlinkSettings
from pipeline.config.tls import read_pem
from pipeline.errors import (
    ConfigError,
    JobError,
    PipelineError,
    UnansweredError,
    UnavailableError,
)
from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready
from pipeline.text.words import quoted

# Answers of a standby JobManager while the leader is gone and no other is elected; the first two
# come with HTTP 500.
_LEADERLESS: Final = (
    "RecipientUnreachableException",
    "FencingTokenException",
    "leader election",
)


_LOGS: Final = "Look at `fraudwatch logs flink`, or at the logs of your own cluster."
_CHECK: Final = "Check rest, and token or password, of the profile's table `flink`."


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[str, ...]


def rest_client(flink: FlinkSettings) -> httpx.Client:
    """Return an HTTP client with credentials and TLS.

    Raises:
        ConfigError: A certificate, a key or a secret cannot be read.
    """
    said = authorization(flink)
    # A proxy from the environment must not be used for a cluster on loopback.
    return httpx.Client(
        base_url=flink.rest,
        timeout=flink.timeout,
        headers={"Authorization": said} if said else {},
        verify=trusted(flink),
        trust_env=False,
    )


def trusted(flink: FlinkSettings) -> ssl.SSLContext | bool:
    """Return the TLS context; False without TLS.

    Raises:
        ConfigError: A certificate, a key or a secret cannot be read.
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
    """Return the `Authorization` header; empty without credentials.

    Raises:
        ConfigError: A secret cannot be read.
    """
    if flink.token:
        return f"Bearer {flink.token.reveal()}"
    if flink.username and flink.password:
        pair = f"{flink.username}:{flink.password.reveal()}"
        return f"Basic {b64encode(pair.encode()).decode()}"
    return ""


def unavailable(address: str, error: Exception) -> PipelineError:
    """Convert the exception of a failed request."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigError(
            f"The certificate of Flink at {address} is not trusted.",
            "Set ca_file to the certificate of the authority that signed it.",
        )
    # The answer is not HTTP, or contradicts its own headers.
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError | httpx.InvalidURL):
        return _not_flink(address, "it does not speak HTTP")
    reason = "the connection was lost"
    kind: type[UnavailableError] = UnansweredError
    if isinstance(error, httpx.TimeoutException):
        reason = "no answer in time"
    elif isinstance(error, httpx.ConnectError):
        reason, kind = "no connection", UnavailableError
    return kind(
        f"Flink does not answer at {address} ({reason}).",
        "Start it with `fraudwatch up`, or look at `fraudwatch status`.",
    )


def not_flinks_api(address: str, path: str, content: bytes) -> UnavailableError:
    """Return the error for an answer that is not one of Flink's REST API.

    Args:
        address: The server's address.
        path: The requested path.
        content: The answer's body.
    """
    page = content.lstrip()[:1] == b"<"
    what = "a web page" if page else "an unknown answer"
    return _not_flink(address, f"{what} at {_short_path(path)}")


def _not_flink(address: str, why: str) -> UnavailableError:
    return UnavailableError(f"{address} answers, but is not Flink's REST API ({why}).", _CHECK)


def _short_path(path: str) -> str:
    """Shorten a path: the names of the requested metrics are cut off."""
    return path.partition("?")[0]


def http_error(address: str, path: str, response: httpx.Response) -> PipelineError:
    """Convert an HTTP error.

    Args:
        address: Flink's address.
        path: The requested path.
        response: The answer.
    """
    code = response.status_code
    if response.has_redirect_location:
        return _not_flink(address, f"it redirects to {quoted(response.headers['Location'])}")
    if code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return ConfigError(
            f"Flink at {address} refuses access (HTTP {code}).",
            "Check username and password, or token, of the profile's table `flink`.",
        )
    if any(said in response.text for said in _LEADERLESS):
        return UnavailableError(
            f"Flink at {address} has no leader at the moment.",
            "If there are several JobManagers, another one will take over; try again soon.",
        )
    if code >= httpx.codes.BAD_GATEWAY:
        return UnavailableError(f"Flink at {address} is not ready (HTTP {code}).", "Try again.")
    try:
        errors = msgspec.json.decode(response.content, type=ready(_Errors)).errors
    except MALFORMED:
        return not_flinks_api(address, path, response.content)
    if code == httpx.codes.NOT_FOUND:
        return JobError(f"Flink at {address} cannot find {_short_path(path)}.", _LOGS)
    said = _first_line(errors) or f"HTTP {code}"
    return JobError(f"Flink at {address} refused {_short_path(path)}: {said}.", _LOGS)


def _first_line(errors: tuple[str, ...]) -> str:
    """Return the cause in an error answer of the API, without its stack trace."""
    # The cause is the last entry, below a line that only announces it.
    lines = "".join(errors[-1:]).splitlines()
    said = (line for line in lines if line.strip() and not line.startswith(("<", "\t")))
    return quoted(next(said, ""))
