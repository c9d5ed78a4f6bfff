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
    """Serve the console to a browser, a console for every tab, until ctrl+c.

    The local stack is started if it does not run, and kept for as long as this serves.

    Args:
        host: Address to listen on. There is no password: on any other than loopback, whoever
            reaches it has the console.
        port: To listen on; 0 for any that is free.
        read_only: Consoles without a key that changes anything, for a stack that runs.
        allowed_host: A name by which browsers may call the server, besides addresses and localhost,
            for a proxy in front of it: NAME on any port, or NAME:PORT. May be repeated.
        tabs: How many may be open at the same time; each is a process of about 100 MiB.
    """
    from tui.session.connect import connect

    if tabs < 1:
        raise ConfigError(f"--tabs is {tabs}.", "At least one console has to be allowed.")
    for name in allowed_host:
        _require_name(name)
    settings = common.settings
    if read_only:
        settings = msgspec.structs.replace(settings, read_only=True)
    # Before the stack, which takes a while: a port that is taken is told at once.
    listener = _listen(host, port)
    # By this port alone: pages of other servers on the same machine are other sites.
    itself = f"{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    backend = connect(settings)
    try:
        backend.bring_up(StepLines())
        _serve(settings, listener, (itself, *allowed_host), tabs)
        if not settings.read_only:
            say("Letting go of the stack …", over=True)
    finally:
        listener.close()
        backend.close()
    say("No longer serving.")
    return 0


def _serve(settings: Settings, listener: socket.socket, names: tuple[str, ...], tabs: int) -> None:
    # Loads the web server, which a command that is refused need not wait for.
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
        say("Warning: there is no password. Whoever reaches this address has the console.")
    shown = f"[{address}]" if ":" in address else address
    print(f"The console is at http://{shown}:{port}/  (ctrl+c ends it)", flush=True)
    asyncio.run(ConsoleServer(command, names, most=tabs).run(listener))


def _require_name(name: str) -> None:
    """Make sure that a browser can call a server so.

    Raises:
        ConfigError: It is no name, nor a name and a port.
    """
    try:
        parts = urlsplit(f"//{name}")
        valid = bool(parts.hostname) and parts.netloc == name and "@" not in name
        valid = valid and parts.port != 0 and not name.endswith(":")
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(
            f"--allowed-host is {name!r}.",
            "It is a name, or a name and a port: watch.example:8443.",
        )


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        ConfigError: The address is none of this machine's, or the port is taken.
    """
    if not 0 <= port <= 65_535:
        raise ConfigError(f"--port is {port}.", "It is a number from 0 to 65535.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}.",
            "Choose another --port (0 for any that is free) or --host.",
        ) from error
