"""`serve`: the console in a browser."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import msgspec
from cyclopts import Parameter

from pipeline import private_file
from pipeline.cli.common import Common, say
from pipeline.cli.steps import StepLines
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config import Settings

_LOOPBACK: Final = "127.0.0.1"
_PORT: Final = 8000


def serve(
    *,
    host: str = _LOOPBACK,
    port: Annotated[int, Parameter(name=["--port", "-p"])] = _PORT,
    read_only: Annotated[bool, Parameter(name="--read-only", negative="")] = False,
    allowed_host: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    tabs: int = 16,
    common: Common = Common(),
) -> int:
    """Serve the console to browsers, one console per tab, until ctrl+c.

    The local stack is started if it is not running, and stays up until the server ends.

    Args:
        host: Address to listen on. There is no password: on any address but loopback, anyone who
            can reach it can use the console.
        port: Port to listen on; 0 for any free one.
        read_only: Serve read-only consoles, for a stack that is already running.
        allowed_host: A host name that browsers may use for the server, besides addresses and
            localhost, as behind a proxy: NAME on any port, or NAME:PORT. May be repeated.
        tabs: Maximum number of open tabs; each is a process of about 100 MiB.
    """
    from tui.session.connect import connect

    if tabs < 1:
        raise ConfigError(f"--tabs {tabs} is too small.", "Allow at least one console.")
    for name in allowed_host:
        _require_name(name)
    settings = common.settings
    if read_only:
        settings = msgspec.structs.replace(settings, read_only=True)
    # Before the stack, which takes a while, so that a port in use is reported at once.
    listener = _listen(host, port)
    # Only with this port: pages of other servers on the same machine are other sites.
    itself = f"{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    backend = connect(settings)
    try:
        backend.bring_up(StepLines())
        _serve(settings, listener, (itself, *allowed_host), tabs)
        if not settings.read_only:
            say("Closing the stack …", over=True)
    finally:
        listener.close()
        backend.close()
    say("No longer serving.")
    return 0


def _serve(settings: Settings, listener: socket.socket, names: tuple[str, ...], tabs: int) -> None:
    # Imports the web server, which a refused command need not wait for.
    from .server import ConsoleServer, console_command

    for folder in (settings.state_dir, settings.logs_dir):
        private_file.make_directory(folder)
    for log in ("serve.log", "console.log"):
        private_file.touch(settings.logs_dir / log)
    logging.basicConfig(
        filename=settings.logs_dir / "serve.log",
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    options = [
        *("--profile", settings.profile),
        *(f"--features={path}" for path in settings.features),
        *(["--read-only"] if settings.read_only else []),
    ]
    command = console_command(options, settings.logs_dir / "console.log")
    address, port = listener.getsockname()[:2]
    if not ipaddress.ip_address(address).is_loopback:
        say("Warning: there is no password. Anyone who can reach this address can use the console.")
    shown = f"[{address}]" if ":" in address else address
    print(f"The console is at http://{shown}:{port}/  (ctrl+c ends it)", flush=True)
    asyncio.run(ConsoleServer(command, names, most=tabs).run(listener))


def _require_name(name: str) -> None:
    """Check that a name is a host name, optionally with a port.

    Raises:
        ConfigError: It is neither a name nor a name and a port.
    """
    try:
        parts = urlsplit(f"//{name}")
        valid = bool(parts.hostname) and parts.netloc == name and "@" not in name
        valid = valid and parts.port != 0 and not name.endswith(":")
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(
            f"--allowed-host {name!r} is not a host name.",
            "Use a name, or a name and a port: watch.example:8443.",
        )


def _listen(host: str, port: int) -> socket.socket:
    """Return a bound socket.

    Raises:
        ConfigError: The address does not belong to this machine, or the port is in use.
    """
    if not 0 <= port <= 65_535:
        raise ConfigError(f"--port {port} is not a port.", "Use a number from 0 to 65535.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise ConfigError(
            f"The server cannot listen on {host}:{port}: {error.strerror or error}.",
            "Choose another --port (0 for any that is free) or --host.",
        ) from error
