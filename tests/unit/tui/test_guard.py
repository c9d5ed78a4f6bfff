"""Which requests the console's web server answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from aiohttp.test_utils import TestServer

from tui.web.guard import refusal
from tui.web.server import ConsoleServer

NAMES = frozenset({"watch.example"})


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
    ],
)
def test_our_own_page_is_answered(host: str, origin: str | None) -> None:
    assert refusal(host, origin, NAMES) == ""


@pytest.mark.parametrize(
    ("host", "origin", "said"),
    [
        ("", None, "which host"),
        ("[::1", None, "which host"),
        # A name that somebody made to point to this machine.
        ("evil.example:8000", "http://evil.example:8000", "'evil.example'"),
        ("evil.example:8000", None, "'evil.example'"),
        ("localhost.evil.example", None, "does not answer to the name"),
        # A page of elsewhere, of another port, and of nowhere.
        ("127.0.0.1:8000", "https://evil.example", "https://evil.example"),
        ("127.0.0.1:8000", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:8000", "http://localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "null", "null"),
        ("watch.example", "https://watch.example.evil.example", "evil"),
    ],
)
def test_others_are_refused_in_a_sentence(host: str, origin: str | None, said: str) -> None:
    assert said in refusal(host, origin, NAMES)


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Of a server whose consoles end at once."""
    server = TestServer(await ConsoleServer("exit 0")._make_app())
    await server.start_server()
    yield f"http://127.0.0.1:{server.port}"
    await server.close()


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


async def test_the_page_needs_nothing_from_elsewhere_and_stands_in_no_frame(address: str) -> None:
    async with ClientSession() as client, client.get(address) as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "//" not in page.replace("<!--", "")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
