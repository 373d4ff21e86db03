"""The guard: who may speak to the page. It stands before every route and knows nothing of them.

Any program and any web page on this machine can reach a port on 127.0.0.1, so being there proves nothing:

- the ``Host`` header must name the address that was bound, else a name that was made to point here would do
  (DNS rebinding);
- the first request brings the token that was printed, once; it is exchanged for a session cookie that scripts cannot
  read and that other sites cannot send, and is dead from then on;
- an ``Origin``, and what the browser says of where a request comes from (``Sec-Fetch-Site``), must be the page itself;
- whatever writes must be a POST of JSON with a header that no form and no other site can set without a preflight, which
  is never granted.

Rules and reasons: OWASP, "Cross-Site Request Forgery Prevention" and "DNS rebinding"; Fetch Metadata,
https://www.w3.org/TR/fetch-metadata/.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OURS: Final = "x-afterlog"
_READING: Final = frozenset(("GET", "HEAD"))
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# Not a redirect: one that another program or site began would go on without the cookie, which is strict.
_GO_ON: Final = (
    '<!doctype html><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="/static/icon.svg">'
    "<title>afterlog review</title>"
)
_NO_SESSION: Final = (
    "This address is of no use any more: its token was used, or there was none.\n"
    "Each start of `afterlog review` prints an address that works once; start it again to get a new one.\n"
)


class Guard:
    """Lets through what comes from the page that was opened with the token, and nothing else."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._origins = tuple(f"http://{host}" for host in self._hosts)
        self._cookie = f"afterlog-{port}"
        self._session = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(32)

    @property
    def token(self) -> str:
        """Give the token that opens the page, empty once it was used."""
        return self._token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, with the session, or let the request through."""
        if scope["type"] != "http":  # there are no web sockets here, and nothing happens at start and end
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refusal(scope) or self._exchange(scope) or self._stranger(scope)
        await (answer or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """Refuse what cannot have come from the page, whatever it knows."""
        headers, method = Headers(scope=scope), scope["method"]
        if headers.getlist("host") not in ([self._hosts[0]], [self._hosts[1]]):
            return _no(421, f"This is {self._hosts[0]} and nobody else.\n")
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{headers['host']}":
            return _no(403, "Not from another origin.\n")
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") and not (method == "GET" and _opens_page(headers)):
            return _no(403, "Not from another site.\n")
        if method in _READING:
            return None
        if method != "POST":
            return _no(405, "GET and POST only.\n")
        json = headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        if origin is None or headers.get(OURS) != "1" or not json:
            return _no(403, "Only the page itself may write.\n")
        return None

    def _exchange(self, scope: Scope) -> Response | None:
        """Take the token for a session, once."""
        given = QueryParams(scope["query_string"]).get("token")
        if given is None or scope["method"] != "GET" or scope["path"] != "/" or not _same(given, self._token):
            return None
        self._token = ""
        answer = HTMLResponse(_GO_ON)
        answer.set_cookie(self._cookie, self._session, path="/", httponly=True, samesite="strict")
        return answer

    def _stranger(self, scope: Scope) -> Response | None:
        """Refuse who does not hold the session."""
        for line in Headers(scope=scope).getlist("cookie"):
            try:
                held = SimpleCookie(line).get(self._cookie)
            except CookieError:
                continue
            if held is not None and _same(held.value, self._session):
                return None
        return _no(403, _NO_SESSION)


def _opens_page(headers: Headers) -> bool:
    """Tell whether a person followed a link: the page opens, the other site learns nothing."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _same(given: str, kept: str) -> bool:
    return bool(kept) and hmac.compare_digest(given.encode(), kept.encode())


def _no(status: int, why: str) -> Response:
    return PlainTextResponse(why, status)
