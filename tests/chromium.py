"""A headless Chromium driven over a pipe (DevTools protocol): what a page logs, asks the network for, and looks like."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

BINARY = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(BINARY is None, reason="chromium is not installed; apt-get install chromium")

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe"
).split()

_MIDDLE = """async selector => {
  for (let before = "", tries = 0; tries < 100; tries++) {
    const node = document.querySelector(selector);
    node.scrollIntoView({ block: "nearest" });
    const box = node.getBoundingClientRect(), at = [box.x + box.width / 2, box.y + box.height / 2];
    if (box.width && String(at) === before) return at;
    before = String(at);
    await new Promise(done => setTimeout(done, 50));
  }
}"""


class RefusedError(Exception):
    """The browser did not do what it was asked for."""


class Page:
    """One tab; `messages` are console messages and page errors, `requests` the addresses asked for."""

    def __init__(self) -> None:
        self._home = tempfile.mkdtemp(prefix="chromium-")
        reads, self._write = os.pipe()
        self._read, writes = os.pipe()

        to_read, to_write = (fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 20) for pipe in (reads, writes))

        def into_place() -> None:  # the browser reads descriptor 3 and writes descriptor 4
            os.dup2(to_read, 3)
            os.dup2(to_write, 4)

        self._process = subprocess.Popen(
            [str(BINARY), *FLAGS, f"--user-data-dir={self._home}", "about:blank"],
            preexec_fn=into_place,  # noqa: PLW1509  no other way to give it these two numbers
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for descriptor in (reads, writes, to_read, to_write):
            os.close(descriptor)
        self._held = b""
        self._number = 0
        self.messages: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    _session: str | None = None

    def call(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for answer in self._receive(0.1):
                if answer.get("id") == self._number:
                    if "error" in answer:
                        raise RefusedError(answer["error"])
                    return answer["result"]
        raise TimeoutError(method)

    def _receive(self, wait_s: float) -> list[dict]:
        if select.select([self._read], [], [], wait_s)[0]:
            self._held += os.read(self._read, 1 << 20)
        *whole, self._held = self._held.split(b"\0")
        answers = [json.loads(part) for part in whole]
        for answer in answers:
            self._note(answer.get("method", ""), answer.get("params", {}))
        return answers

    def _note(self, method: str, told: dict) -> None:
        if method == "Runtime.consoleAPICalled":
            self.messages.append(f"console {told['type']}: {told['args']}")
        elif method == "Runtime.exceptionThrown":
            self.messages.append(f"error: {told['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.messages.append(f"log {told['entry']['level']}: {told['entry']['text']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.messages.append(f"dialog: {told['message']}")

    def open(self, file: Path) -> None:
        self.call("Page.navigate", url=file.as_uri())
        for _ in range(200):
            if self.run("document.readyState") == "complete" and self.run("location.protocol") == "file:":
                break
            self._receive(0.05)
        for _ in range(4):
            self._receive(0.05)

    def visit(self, address: str) -> None:
        """Go to an address of a server and wait until it has loaded."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState == 'complete' && location.protocol != 'about:'")

    def run(self, script: str) -> object:
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return told["result"].get("value")

    def wait(self, script: str, within_s: float = 60) -> object:
        """Wait until an expression is true; what it throws meanwhile counts as not yet."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            with contextlib.suppress(RefusedError):  # it asked a page that was just being left
                value = self.run(script)
                if value not in (None, False, 0, ""):  # an element comes as an empty dictionary
                    return value
            self._receive(0.03)
        raise TimeoutError(f"{script}; {self.messages[-5:]}")

    # --- hands ----------------------------------------------------------------------------------------------

    def middle(self, selector: str) -> tuple[float, float]:
        """Where an element is on the screen, once it stands still: nobody clicks on what is still moving."""
        at = self.run(f"({_MIDDLE})({json.dumps(selector)})")
        assert isinstance(at, list), f"{selector} is not there, or not to be seen"
        return at[0], at[1]

    def mouse(self, kind: str, at: tuple[float, float], *, held: bool = False, shift: bool = False) -> None:
        """Send one event of the mouse: mouseMoved, mousePressed or mouseReleased."""
        self.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=at[0],
            y=at[1],
            button="left" if held or kind != "mouseMoved" else "none",
            buttons=1 if held or kind == "mousePressed" else 0,
            clickCount=0 if kind == "mouseMoved" else 1,
            modifiers=8 if shift else 0,
        )

    def click(self, selector: str) -> None:
        at = self.middle(selector)
        self.mouse("mouseMoved", at)
        self.mouse("mousePressed", at)
        self.mouse("mouseReleased", at)

    def drag(
        self, begin: tuple[float, float], end: tuple[float, float], *, shift: bool = False, steps: int = 8
    ) -> None:
        """Press, move in steps, let go."""
        self.mouse("mouseMoved", begin)
        self.mouse("mousePressed", begin, shift=shift)
        for step in range(1, steps + 1):
            share = step / steps
            at = (begin[0] + (end[0] - begin[0]) * share, begin[1] + (end[1] - begin[1]) * share)
            self.mouse("mouseMoved", at, held=True, shift=shift)
            self._receive(0.02)
        self.mouse("mouseReleased", end, shift=shift)

    def wheel(self, at: tuple[float, float], down: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=at[0], y=at[1], deltaX=0, deltaY=down)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: a character, or a name such as Enter; ``Control+z`` with a modifier."""
        for key in keys:
            *held, name = key.split("+") if len(key) > 1 else [key]
            modifiers = sum({"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}[one] for one in held)
            text = "\r" if name == "Enter" else name if len(name) == 1 and not held else ""
            code = {
                "Enter": 13,
                "Escape": 27,
                "Tab": 9,
                "ArrowLeft": 37,
                "ArrowUp": 38,
                "ArrowRight": 39,
                "ArrowDown": 40,
            }
            number = code.get(name, ord(name[0].upper()) if len(name) == 1 else 0)
            common = {"key": name, "modifiers": modifiers, "windowsVirtualKeyCode": number}
            self.call("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def viewport(self, width: int, height: int, *, phone: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        # a phone shows a page that says nothing of its viewport as if it were 980 wide
        self.wait(f"innerWidth === {width} || !document.querySelector('meta[name=viewport]')")
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def scheme(self, name: str) -> None:
        """Ask for light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        with contextlib.suppress(OSError, BrokenPipeError):
            self._session = None
            os.write(self._write, json.dumps({"id": self._number + 1, "method": "Browser.close"}).encode() + b"\0")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for descriptor in (self._read, self._write):
            os.close(descriptor)
        shutil.rmtree(self._home, ignore_errors=True)
