"""Logs of an attacker: an outage whose lines hold HTML, Markdown, scripts, escapes, template syntax and secrets."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

PAYLOADS = (
    "/<script>document.title='pwned'</script>",
    '/"><img src=x onerror=alert(1)>',
    "/](javascript:alert(1))",
    "/{{ 7 * 7 }}{% raw %}{{ draft.__class__ }}",
    "/`` `code` ```",
    "/\x1b[31mred\x1b[0m\x07\x1b]8;;http://example.org\x07link",
    "/\u202egnp.exe\u2066\u200b",
    "/|a|b|</td></tr></table>",
    "/[^1]:%20forged[^2]",
    "/</script><script>alert(2)</script>",
    "/?password=hunter2&token=abcdef123456",
    "/" + "A" * 1_000_000,
)
SECRETS = ("hunter2", "abcdef123456", "AKIAIOSFODNN7EXAMPLE", "s3cr3t-pw", "c2VjcmV0OnNlY3JldA", "sessionvalue99")


def hostile_logs(folder: Path) -> Path:
    """Write an hour of requests, of which those of ten minutes fail, with hostile paths and agents."""
    host = folder / "web<b>1" / "var" / "log"
    (host / "nginx").mkdir(parents=True)
    start = datetime(2023, 3, 1, 9, 0, tzinfo=UTC)
    lines = []
    luck = random.Random(7)  # people do not come like clockwork; what does is taken for a probe
    for second in range(0, 3600, 2):
        now = start + timedelta(seconds=second + luck.randrange(2))
        failing = 1800 <= second < 2400
        path = (
            PAYLOADS[second // 2 % len(PAYLOADS)]
            if (failing and second % 20 == 0) or second in (1800, 2398)
            else "/index.html"
        )
        agent = "<svg/onload=alert(3)> {{ config }}" if failing else "Mozilla/5.0"
        path = path.replace('"', '\\"')
        lines.append(
            f'203.0.113.{luck.randrange(60)} - alice [{now:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" {500 if failing else 200} 12 "https://joe:s3cr3t-pw@example.org/" "{agent}"\n'
        )
    (host / "nginx" / "access.log").write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    commands = (
        (1500, "/usr/bin/vi /etc/<script>alert(4)</script>.conf"),
        (
            1620,
            "/usr/bin/curl -H 'Authorization: Basic c2VjcmV0OnNlY3JldA' --cookie 'Cookie: id=sessionvalue99' http://x/",
        ),
        (1700, "/usr/bin/systemctl restart [x](javascript:alert(5))"),
        (1790, "/usr/bin/env AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE PASSWORD=hunter2 /opt/deploy.sh {{ 7 * 7 }}"),
        (1900, "/usr/bin/tail /var/log/<img src=x onerror=alert(6)>.log"),
    )
    auth = [
        f"{start + timedelta(seconds=at):%b %e %H:%M:%S} web1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND={command}\n"
        for at, command in commands
    ]
    (host / "auth.log").write_text("".join(auth), encoding="utf-8")
    return folder
