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
                    assert "error" not in answer, answer
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

    def run(self, script: str) -> object:
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

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
