"""The review page: `afterlog review case` in a browser, on this machine only.

`guard` decides who may speak to it, `desk` holds the case and its review, `counts`, `searching` and `around` answer
from Parquet and the logs, and `static` is the page itself: plain modules, no build step, nothing from elsewhere.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path

from afterlog.case import Case
from afterlog.errors import InputError


def serve(case_folder: Path, *, port: int = 0, open_browser: bool = True, template: str | None = None) -> None:
    """Serve the review page of a case until Ctrl-C.

    Args:
        case_folder: the case.
        port: the port on 127.0.0.1; 0 for a free one.
        open_browser: open the page, where there is a display.
        template: the template of the draft; None for that of the last time.

    Raises:
        CaseError: there is no case.
        InputError: the port is taken.

    """
    case = Case.open(case_folder)
    taken = _bound(port)
    import uvicorn  # noqa: PLC0415  only this command serves

    from afterlog.server.app import make_app  # noqa: PLC0415
    from afterlog.server.desk import Desk  # noqa: PLC0415
    from afterlog.server.guard import Guard  # noqa: PLC0415

    here = taken.getsockname()[1]
    guard = Guard(make_app(Desk(case, template)), here)
    config = uvicorn.Config(
        guard, log_level="warning", access_log=False, server_header=False, lifespan="off", proxy_headers=False,
        timeout_graceful_shutdown=1, ws="none", h11_max_incomplete_event_size=64 << 10,
    )  # fmt: skip
    address = f"http://127.0.0.1:{here}/?token={guard.token}"
    if hasattr(signal, "SIGPIPE"):  # the command line dies of a closed pipe; a server must not of a closed connection
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    door = None
    try:
        with suppress(KeyboardInterrupt):  # from the first word on: who reads it may press Ctrl-C at once
            print(_told(address, here, display=_has_display()), file=sys.stdout, flush=True)
            door = _door(case, address) if open_browser and _has_display() else None
            if door:
                webbrowser.open(door.resolve().as_uri())
            uvicorn.Server(config).run(sockets=[taken])
    finally:
        if door:
            door.unlink(missing_ok=True)
    print(f"The review is in {case.folder / 'review.toml'}.", file=sys.stdout, flush=True)


def _bound(port: int) -> socket.socket:
    # named as TCP, so that asyncio turns off the delay of small packets (it looks at the protocol)
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let another program take the port as well
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
        taken.listen()  # whoever comes before the server is up waits, and is not turned away
    except (OSError, OverflowError) as error:
        taken.close()
        raise InputError(f"--port {port}: {getattr(error, 'strerror', None) or error}; take another, or 0.") from None
    return taken


def _door(case: Case, address: str) -> Path | None:
    """Write a file that leads to the page; its name, not the token, stands in the process list that others can read.

    None where it cannot be written: the address is printed.
    """
    door = case.folder / "open-review.html"
    page = f'<!doctype html><meta http-equiv="refresh" content="0;url={address}"><title>afterlog review</title>'
    try:
        door.unlink(missing_ok=True)
        with os.fdopen(os.open(door, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(page)
    except OSError:
        return None
    return door


def _has_display() -> bool:
    """Tell whether a browser could be shown here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _told(address: str, port: int, *, display: bool) -> str:
    """Say where the page is, and without a display how to get at it from another machine."""
    lines = ["The review page (this address works once; Ctrl-C ends it):", "", f"  {address}", ""]
    if not display:
        lines += [
            "There is no display here. From the machine in front of you, forward the same port, then open the address:",
            "",
            f"  ssh -N -L {port}:127.0.0.1:{port} {_here()}",
            "",
            "Or decide in the terminal: afterlog review --help",
        ]
    return "\n".join(lines)


def _here() -> str:
    return f"{os.environ.get('USER') or 'user'}@{socket.gethostname()}"
