"""Decides which requests the server answers, by the headers `Host` and `Origin`.

There is no password, and a page of another site can make the user's browser send requests here. It
cannot choose these two headers, though: `Host` is the name that the browser used (a foreign one
after DNS rebinding), and `Origin` is the site of the page that sends the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_LOCALHOST: Final = "localhost"
_PORTS: Final = {"http": 80, "https": 443}
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # The terminal in the page creates style elements.
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def refusal(host: str, origin: str | None, names: frozenset[str]) -> str:
    """Return why a request is refused, as a sentence; empty when it is allowed.

    Args:
        host: The header `Host`.
        origin: The header `Origin`; None when there is none, as with clients that are not browsers.
        names: Host names of the server, besides any address and `localhost`. Behind a proxy,
            browsers may use another port than the server's, so a name stands for all ports, and
            `name:port` for one.
    """
    name = _hostname(host)
    if not name:
        return "The request has no valid Host header."
    if name != _LOCALHOST and name not in map(_hostname, names) and not _is_address(name):
        return (
            f"The host name {name!r} is not allowed for this console. "
            f"To allow it: `fraudwatch serve --allowed-host {name}`."
        )
    if origin is None:
        return ""
    site = _site(origin)
    if site is None:
        return f"A page of {origin} may not use this console."
    if site.netloc.lower() != host.lower() and _names_of(site).isdisjoint(names):
        return (
            f"A page of {origin} may not use this console. If that is your proxy: "
            f"`fraudwatch serve --allowed-host {site.netloc}`."
        )
    return ""


def guard(names: frozenset[str]) -> Middleware:
    """Return a middleware that refuses requests from pages of other sites.

    Args:
        names: Host names of the server, as in `refusal`.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        if why := refusal(headers.get("Host", ""), headers.get("Origin"), names):
            raise web.HTTPForbidden(text=f"{why}\n")
        return await handler(request)

    return check


def hardening(
    names: frozenset[str],
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return a hook that adds security headers: no foreign content, no framing by other pages.

    Args:
        names: Host names of the server, as in `refusal`.
    """
    called = [name if urlsplit(f"//{name}").port else f"{name}:*" for name in sorted(names)]

    async def harden(request: web.Request, response: web.StreamResponse) -> None:
        sockets = " ".join(f"ws://{host} wss://{host}" for host in (request.host, *called))
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = f"{_POLICY}; connect-src 'self' {sockets}"

    return harden


def _site(origin: str) -> SplitResult | None:
    try:
        site = urlsplit(origin)
        return site if site.hostname and site.port != 0 else None
    except ValueError:
        return None


def _names_of(site: SplitResult) -> set[str]:
    """Return the host name of a site, with and without its port."""
    return {f"{site.hostname}", f"{site.hostname}:{site.port or _PORTS.get(site.scheme)}"}


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
