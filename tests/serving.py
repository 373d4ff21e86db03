"""A review page served in a process of its own, as a person starts it, and requests to it by hand."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-c", "from afterlog.cli import main; main()")


class Served:
    """`afterlog review CASE` without a browser or a display."""

    def __init__(self, case: Path, *options: str, **more: str) -> None:
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")} | more
        self.process = subprocess.Popen(
            [*COMMAND, "review", str(case), *options], stdout=subprocess.PIPE, text=True, env=environment
        )
        self.told = ""
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", self.told)):
            line = self.process.stdout.readline()
            if not line:
                self.kill()
                raise AssertionError(self.told)
            self.told += line
        self.address, self.port, self.token = found[0], int(found[1]), found[2]

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, host: str | None = None, **headers: str
    ):
        """One request as any program on the machine could make it; gives status, headers, text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        for value in [host] if host is not None else [f"127.0.0.1:{self.port}"]:
            connection.putheader("Host", value)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        told = answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")
        connection.close()
        return told

    def enter(self) -> str:
        """Exchange the token for the session, and give its cookie."""
        status, headers, _ = self.ask(f"/?token={self.token}")
        assert status == 200
        return headers["set-cookie"].partition(";")[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> str:
        """Ctrl-C; gives what was printed since."""
        import signal

        self.process.send_signal(signal.SIGINT)
        told, _ = self.process.communicate(timeout=20)
        return told
