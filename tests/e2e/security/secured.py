"""A real broker with authentication: SASL over TLS with every mechanism, and mutual TLS."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import trustme
from cryptography.hazmat.primitives import serialization

from pipeline import config
from pipeline.config import KafkaSettings, Secret
from pipeline.stack.local import broker, cluster, jars
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import free_port, listening

from ..conftest import stack_environment, wait_until
from .tokens import AUDIENCE, TokenServer

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
USER = "alice"
# Secrets that must appear nowhere.
PASSWORD = "canary-password-7f3a'\"\\$1"
CLIENT_SECRET = "canary-client-secret-91be"
KEY_PASSWORD = "canary-key-password-c0de"
_SECURITY = "org.apache.kafka.common.security"


@dataclass
class Certificates:
    """PEM files: the authority's, the broker's, and a client's with its encrypted key."""

    folder: Path

    def __post_init__(self) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        self.authority = authority
        authority.cert_pem.write_to_path(self.folder / "ca.pem")
        stranger.cert_pem.write_to_path(self.folder / "stranger.pem")
        server = authority.issue_cert("localhost", "127.0.0.1")
        chain = b"".join(pem.bytes() for pem in server.cert_chain_pems)
        (self.folder / "server.pem").write_bytes(_pkcs8(server.private_key_pem.bytes()) + chain)
        client = authority.issue_cert("client@example.org")
        client.cert_chain_pems[0].write_to_path(self.folder / "client.pem")
        (self.folder / "client.key").write_bytes(
            _pkcs8(client.private_key_pem.bytes(), KEY_PASSWORD)
        )

    def path(self, name: str) -> Path:
        return self.folder / name


def _pkcs8(pem: bytes, password: str = "") -> bytes:
    """A key in the format for Java."""
    key = serialization.load_pem_private_key(pem, None)
    encryption = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


@dataclass(frozen=True)
class Secured:
    """A running broker.

    Attributes:
        sasl: Listener with SASL over TLS.
        mutual: Listener with mutual TLS.
        six: Listener without authentication on IPv6 alone; empty on a machine without IPv6.
        certificates: The PEM files.
        tokens: The token server.
    """

    sasl: str
    mutual: str
    six: str
    certificates: Certificates
    tokens: TokenServer

    def settings(self, mechanism: str) -> KafkaSettings:
        """Settings for a mechanism of SASL, or for `TLS`; secrets are in the environment."""
        ca_file = self.certificates.path("ca.pem")
        if mechanism == "TLS":
            return KafkaSettings(
                bootstrap=self.mutual,
                security_protocol="SSL",
                ca_file=ca_file,
                certificate_file=self.certificates.path("client.pem"),
                key_file=self.certificates.path("client.key"),
                key_password=Secret("env", "CANARY_KEY_PASSWORD"),
            )
        common: dict[str, Any] = {
            "bootstrap": self.sasl,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "ca_file": ca_file,
        }
        if mechanism == "OAUTHBEARER":
            return KafkaSettings(
                **common,
                token_endpoint=f"{self.tokens.address}/token",
                client_id=USER,
                client_secret=Secret("env", "CANARY_CLIENT_SECRET"),
                scope="kafka",
            )
        return KafkaSettings(**common, username=USER, password=Secret("env", "CANARY_PASSWORD"))


class Ports(NamedTuple):
    """Ports of the broker's listeners."""

    inner: int
    sasl: int
    mutual: int
    controller: int
    six: int


def _free_port_of_six() -> int:
    """A free port on IPv6's loopback; 0 on a machine without IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            port: int = probe.getsockname()[1]
            return port
    except OSError:
        return 0


@contextmanager
def secured_broker(folder: Path, certificates: Certificates) -> Iterator[Secured]:
    """Start a broker, and end it."""
    settings = config.load(environment=stack_environment(folder))
    jars.fetch(jars.manifest().jars, settings.jars_dir)
    tokens = TokenServer(USER, CLIENT_SECRET)
    inner, sasl_port, mutual_port, controller = (free_port() for _ in range(4))
    ports = Ports(inner, sasl_port, mutual_port, controller, _free_port_of_six())
    settings.logs_dir.mkdir(parents=True)
    spec = broker.broker(
        settings,
        java_home(settings),
        cluster.wheel_lib(),
        ports.inner,
        ports.controller,
        more=_properties(certificates, tokens, ports),
    )
    scram = [
        word
        for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for word in ("--add-scram", f'{kind}=[name={USER},password="{PASSWORD}"]')
    ]
    allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens.address}/keys"
    # Users of SCRAM are created when the storage is formatted.
    shutil.rmtree(settings.state_dir / "kafka" / "data")
    *java, _, properties = spec.command
    tool = (*java, "kafka.tools.StorageTool", "format", f"--config={properties}")
    with spec.log.open("ab") as log:
        command = (*tool, f"--cluster-id={broker.new_id()}", *scram)
        subprocess.run(command, stdout=log, stderr=log, check=True)
        process = subprocess.Popen(
            (spec.command[0], allowed, *spec.command[1:]), stdout=log, stderr=log
        )
    try:
        wait_until(
            lambda: (
                process.poll() is not None or (listening(ports.sasl) and listening(ports.mutual))
            ),
            60,
            "broker",
        )
        assert process.poll() is None, spec.log.read_text()[-2000:]
        sasl, mutual = f"localhost:{ports.sasl}", f"localhost:{ports.mutual}"
        six = f"[::1]:{ports.six}" if ports.six else ""
        yield Secured(sasl, mutual, six, certificates, tokens)
    finally:
        process.kill()
        process.wait()
        tokens.close()


def _properties(certificates: Certificates, tokens: TokenServer, ports: Ports) -> dict[str, object]:
    listener = "listener.name.sasl_ssl."
    scram = f"{_SECURITY}.scram.ScramLoginModule required;"
    password = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
    six = f",SIX://[::1]:{ports.six}" if ports.six else ""
    return {
        "listeners": f"INNER://127.0.0.1:{ports.inner},SASL_SSL://127.0.0.1:{ports.sasl},"
        f"SSL://127.0.0.1:{ports.mutual},CONTROLLER://127.0.0.1:{ports.controller}{six}",
        "advertised.listeners": f"INNER://127.0.0.1:{ports.inner},SASL_SSL://localhost:{ports.sasl},"
        f"SSL://localhost:{ports.mutual}{six}",
        "listener.security.protocol.map": "INNER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,"
        "CONTROLLER:PLAINTEXT,SIX:PLAINTEXT",
        "inter.broker.listener.name": "INNER",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificates.path("server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificates.path("ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        f"{listener}plain.sasl.jaas.config": f"{_SECURITY}.plain.PlainLoginModule required "
        f'user_{USER}="{password}";',
        f"{listener}scram-sha-256.sasl.jaas.config": scram,
        f"{listener}scram-sha-512.sasl.jaas.config": scram,
        f"{listener}oauthbearer.sasl.jaas.config": (
            f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule required;"
        ),
        f"{listener}oauthbearer.sasl.server.callback.handler.class": (
            f"{_SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler"
        ),
        "sasl.oauthbearer.jwks.endpoint.url": f"{tokens.address}/keys",
        "sasl.oauthbearer.expected.audience": AUDIENCE,
    }
