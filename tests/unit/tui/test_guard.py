"""Which requests the console's web server answers, and which it refuses."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from pipeline.errors import ConfigError
from tui.web.command import serve
from tui.web.guard import refusal
from tui.web.server import ConsoleServer

# The last one is the server's own name.
NAMES = frozenset({"watch.example", "only.example:8443", "127.0.0.1:8000"})


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", None),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost:8000", "http://localhost:8000"),
        ("LocalHost:8000", "http://localhost:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("192.0.2.7:8000", "http://192.0.2.7:8000"),
        ("watch.example", "https://watch.example"),
        # Behind a proxy on another port, which passes the name on without a port, or with its own.
        ("watch.example", "https://watch.example:8443"),
        ("127.0.0.1:8000", "https://watch.example:8443"),
        ("only.example", "https://only.example:8443"),
        ("only.example", "https://ONLY.example:8443"),
    ],
)
def test_our_own_page_is_answered(host: str, origin: str | None) -> None:
    assert refusal(host, origin, NAMES) == ""


@pytest.mark.parametrize(
    ("host", "origin", "said"),
    [
        ("", None, "no valid Host"),
        ("[::1", None, "no valid Host"),
        # A foreign name that resolves to this machine (DNS rebinding).
        ("evil.example:8000", "http://evil.example:8000", "'evil.example'"),
        ("evil.example:8000", None, "'evil.example'"),
        ("localhost.evil.example", None, "is not allowed for this console"),
        # A page of another site, of another port, and of an opaque origin.
        ("127.0.0.1:8000", "https://evil.example", "https://evil.example"),
        ("127.0.0.1:8000", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:8000", "http://localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "null", "null"),
        ("only.example", "https://only.example:9443", "--allowed-host only.example:9443"),
        ("other.example", "https://other.example:8443", "--allowed-host other.example"),
        ("127.0.0.1:8000", "https://[::1", "https://[::1"),
        ("watch.example", "https://watch.example.evil.example", "evil"),
    ],
)
def test_others_are_refused_in_a_sentence(host: str, origin: str | None, said: str) -> None:
    assert said in refusal(host, origin, NAMES)


@asynccontextmanager
async def serving(server: ConsoleServer) -> AsyncIterator[str]:
    """Serve, and yield the server's address."""
    listener = socket.create_server(("127.0.0.1", 0))
    runner = await server.start(listener)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    await runner.cleanup()


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """The address of a server whose consoles exit at once."""
    async with serving(ConsoleServer("exit 0")) as address:
        yield address


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/page/console.js"])
@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
async def test_nothing_is_served_to_other_sites(
    address: str, path: str, header: dict[str, str]
) -> None:
    async with ClientSession() as client, client.get(address + path, headers=header) as answer:
        assert answer.status == 403
        assert "evil.example" in await answer.text()


async def test_no_console_is_started_for_other_sites(address: str) -> None:
    async with ClientSession() as client:
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"{address}/ws", origin="http://evil.example")
        assert refused.value.status == 403
        async with client.ws_connect(f"{address}/ws", origin=address):
            pass


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://watch.example:8443", 101), ("https://only.example:9443", 403)],
)
async def test_a_console_behind_a_proxy_on_another_port(origin: str, status: int) -> None:
    host = {"Host": "watch.example"}
    async with serving(ConsoleServer("exit 0", NAMES)) as address, ClientSession() as client:
        async with client.get(address, headers=host) as answer:
            assert "wss://watch.example:*" in answer.headers["Content-Security-Policy"]
            assert "wss://only.example:8443" in answer.headers["Content-Security-Policy"]
        connecting = client.ws_connect(f"{address}/ws", origin=origin, headers=host)
        if status == 101:
            async with connecting:
                pass
        else:
            with pytest.raises(WSServerHandshakeError) as refused:
                await connecting
            assert refused.value.status == status


@pytest.mark.parametrize("name", ["https://watch.example", "a/b", "", "a:b", "a:99999", "me@a"])
def test_an_invalid_host_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ConfigError, match="allowed-host"):
        serve(allowed_host=(name,))


async def test_the_page_needs_nothing_from_elsewhere_and_stands_in_no_frame(address: str) -> None:
    async with ClientSession() as client, client.get(address) as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "//" not in page.replace("<!--", "")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
