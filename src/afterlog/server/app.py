"""The routes of the page: what each address reads from a request, and what it answers."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final

import anyio
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from afterlog.clock import rfc3339
from afterlog.errors import AfterlogError, InputError
from afterlog.evidence import Place
from afterlog.server.counts import MOST_BINS
from afterlog.server.desk import Desk
from afterlog.server.query import Query
from afterlog.server.searching import Found, Wanted
from afterlog.server.telling import shown

_MOST_BODY: Final = 64 << 10
_WATCH_S: Final = 20.0  # a question for news is answered after so long, news or not
_LOOK_S: Final = 0.15
_SNAP_S: Final = 1

Answer = Callable[[Desk, Query], dict[str, Any]]


def make_app(desk: Desk) -> Starlette:
    """Make the application over a desk; the guard stands before it."""
    reading: dict[str, Answer] = {
        "state": lambda desk, _: desk.state(),
        "services": _services,
        "rates": _rates,
        "lanes": _lanes,
        "failing": _failing,
        "snap": _snap,
        "events": _events,
        "context": _context,
        "draft": lambda desk, _: desk.draft(),
    }
    writing: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "act": lambda body: desk.act(_action(body), str(body.get("words", ""))[:200]),
        "undo": lambda _: desk.undo(),
        "redo": lambda _: desk.redo(),
        "write": lambda _: desk.write(),
    }
    routes = [Route("/", _page), Route("/static/{name:path}", _static), Route("/api/watch", _watch(desk))]
    routes += [Route(f"/api/{name}", _reader(desk, answer)) for name, answer in reading.items()]
    routes += [Route(f"/api/{name}", _writer(do), methods=["POST"]) for name, do in writing.items()]
    return Starlette(routes=routes)


# --- doors --------------------------------------------------------------------------------------------------


def _json(value: Any, status: int = 200) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "backslashreplace"), status, media_type="application/json")


def _reader(desk: Desk, answer: Answer) -> Callable[[Request], Any]:
    async def read(request: Request) -> Response:
        try:
            return _json(await run_in_threadpool(answer, desk, Query(request)))
        except AfterlogError as error:
            return _json({"error": str(error)}, 400)

    return read


def _writer(do: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Request], Any]:
    async def write(request: Request) -> Response:
        data = b""
        async for piece in request.stream():
            data += piece
            if len(data) > _MOST_BODY:
                return _json({"error": "too long"}, 413)
        try:
            body = json.loads(data or b"{}")
            if not isinstance(body, dict):
                raise InputError("an object is needed.")
            return _json(await run_in_threadpool(do, body))
        except (AfterlogError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        except RecursionError:
            return _json({"error": "it is nested too deeply."}, 400)
        except OverflowError:
            return _json({"error": "a time or number is out of range."}, 400)

    return write


def _watch(desk: Desk) -> Callable[[Request], Any]:
    async def watch(request: Request) -> Response:
        """Answer when there is something newer than what the page has, or after a while."""
        seen = request.query_params.get("seen", "")
        told: dict[str, Any] = {}
        with anyio.move_on_after(_WATCH_S):
            while True:
                told = await run_in_threadpool(desk.look)
                if f"{told['version']}.{told['concluded']}.{bool(told['problem'])}" != seen:
                    break
                if await request.is_disconnected():
                    break
                await anyio.sleep(_LOOK_S)
        return _json(told)

    return watch


async def _page(_request: Request) -> Response:
    return Response(_file("index.html"), media_type="text/html; charset=utf-8")


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    known = {f"{folder}{item.name}" for folder, item in _static_files()}
    if name not in known:
        return PlainTextResponse("There is no such file.\n", 404)
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    kind = "text/javascript" if name.endswith(".js") else kind  # some machines know it by another name
    return Response(_file(name), media_type=kind)


def _static_files() -> list[tuple[str, Any]]:
    root = files("afterlog.server") / "static"
    return [("", item) for item in root.iterdir() if item.is_file()] + [
        ("vendor/", item) for item in (root / "vendor").iterdir() if item.is_file()
    ]


def _file(name: str) -> bytes:
    return (files("afterlog.server") / "static").joinpath(*name.split("/")).read_bytes()


# --- answers ------------------------------------------------------------------------------------------------


def _services(desk: Desk, _query: Query) -> dict[str, Any]:
    counts = desk.counts
    told = [{"name": one.service, "requests": one.total, "failed": int(one.sums[1, -1])} for one in counts.services]
    return {"span": counts.span(), "services": told}


def _rates(desk: Desk, query: Query) -> dict[str, Any]:
    begin, end = query.span()
    return desk.counts.window(query.text("service"), begin, end, int(query.number("bins", MOST_BINS)))


def _lanes(desk: Desk, query: Query) -> dict[str, Any]:
    begin, end = query.span()
    return desk.counts.lanes(query.text("service"), begin, end, int(query.number("bins", 400)))


def _failing(desk: Desk, query: Query) -> dict[str, Any]:
    begin, end = query.span()
    return {"seconds": desk.counts.failing_seconds(query.text("service"), begin, end)}


def _snap(desk: Desk, query: Query) -> dict[str, Any]:
    """Give the first (for a start) or last (for an end) failed event of a second: where an edge belongs."""
    second = int(query.number("at"))
    begin = second * 1_000_000
    service, edge = query.text("service"), query.text("edge")
    for wanted in (
        Wanted("", begin, begin + _SNAP_S * 1_000_000, services=(service,) if service else (), failed=True),
        Wanted("", begin, begin + _SNAP_S * 1_000_000, failed=True),
    ):
        rows = desk.events.search(wanted, most=1_000).rows
        if rows:
            return {"event": _row(rows[-1] if edge == "end" else rows[0])}
    return {"event": None}


def _events(desk: Desk, query: Query) -> dict[str, Any]:
    wanted = Wanted(
        words=query.text("q"),
        since_us=query.moment("since"),
        until_us=query.moment("until"),
        hosts=query.texts("host"),
        services=query.texts("service"),
        kinds=query.texts("kind"),
        source=query.text("source"),
        failed=query.text("failed") == "1",
    )
    return _page_of(desk.events.search(wanted, query.key("after")))


def _page_of(found: Found) -> dict[str, Any]:
    return {
        "events": [_row(row) for row in found.rows],
        "after": json.dumps(found.after) if found.after else None,
        "reached": rfc3339(found.reached_us) if found.reached_us is not None else None,
        "looked_at": found.looked_at,
    }


_TEXTS: Final[tuple[str, ...]] = (
    "message",
    "client",
    "method",
    "path",
    "action",
    "target",
    "actor",
    "upstream",
    "request_id",
)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """Give an event as the page shows it: its time as RFC 3339, its texts fit to be shown."""
    told = {name: value for name, value in row.items() if value is not None}
    texts = {name: shown(str(told[name])[:2_000], "text") for name in _TEXTS if name in told}
    return {**told, **texts, "time": rfc3339(row["time"]), "us": row["time"]}


def _context(desk: Desk, query: Query) -> dict[str, Any]:
    place = Place(query.text("source"), int(query.number("line")), int(query.number("offset")))
    before, after = int(query.number("before", 6)), int(query.number("after", 6))
    return desk.around.lines(place, max(before, 0), max(after, 0), query.text("hash") or None)


_WORDS: Final = (
    "action",
    "id",
    "because",
    "note",
    "text",
    "start",
    "end",
    "cause",
    "into",
    "at",
    "until",
    "host",
    "service",
)


def _action(body: dict[str, Any]) -> dict[str, Any]:
    """Take what an action is made of, texts only."""
    action = {name: body[name] for name in _WORDS if body.get(name) is not None}
    if not all(isinstance(value, str) for value in action.values()):
        raise InputError("an action is made of texts.")
    return action
