"""Which requests the server answers: there is no password, so a browser's word has to do.

A page of another site can make the user's browser send requests here. It cannot choose the headers
`Host` and `Origin` of them: the first tells by which name the browser came (another one than ours
when somebody's name was made to point here), the second which page asks.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_LOCALHOST: Final = "localhost"


def refusal(host: str, origin: str | None, names: frozenset[str]) -> str:
    """Why a request is refused, in a sentence; empty when it is answered.

    Args:
        host: The header `Host`.
        origin: The header `Origin`; None when there is none, as in everything but a browser.
        names: By which the server may be called, besides any address and `localhost`.
    """
    name = _hostname(host)
    if not name:
        return "The request does not say which host it is for."
    if name != _LOCALHOST and name not in names and not _is_address(name):
        return (
            f"This console does not answer to the name {name!r}. "
            f"If it should: `fraudwatch serve --allowed-host {name}`."
        )
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return f"A page of {origin} may not use this console."
    return ""


def guard(names: frozenset[str]) -> Middleware:
    """A middleware that refuses what comes from the pages of other sites.

    Args:
        names: By which the server may be called, besides any address and `localhost`.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        if why := refusal(headers.get("Host", ""), headers.get("Origin"), names):
            raise web.HTTPForbidden(text=f"{why}\n")
        return await handler(request)

    return check


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer: nothing from elsewhere is loaded, and nobody puts us in a frame."""
    sockets = f"ws://{request.host} wss://{request.host}"
    response.headers.update(
        {
            "Content-Security-Policy": "; ".join(
                (
                    "default-src 'none'",
                    "script-src 'self'",
                    # The terminal makes style elements of its own.
                    "style-src 'self' 'unsafe-inline'",
                    "font-src 'self'",
                    "img-src 'self' data:",
                    f"connect-src 'self' {sockets}",
                    "base-uri 'none'",
                    "form-action 'none'",
                    "frame-ancestors 'none'",
                )
            ),
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )


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
