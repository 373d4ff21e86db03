"""systemd, logind, coredump and the kernel in syslog and the journal: units that start, stop, reload and fail; processes killed.

::

    Stopped nginx.service - A high performance web server and a reverse proxy server.
    app.service: Main process exited, code=exited, status=1/FAILURE
    Out of memory: Killed process 4242 (mysqld) total-vm:1234567kB, …

The unit is the target, without ``.service``; before systemd 248 only its description is named, which is the target then. What
runs by the clock (timers, sessions, apt's and logrotate's services) stays a log message, as does all else.

Traps: a restart is a stop and a start; ``Scheduled restart job`` is systemd's own restart after a crash; a unit that was started again too
often is given up, which is the only line that tells so; descriptions hold anything.

https://github.com/systemd/systemd/blob/main/src/core/job.c
https://github.com/systemd/systemd/blob/main/src/core/unit.c
https://github.com/torvalds/linux/blob/master/mm/oom_kill.c
"""

from collections.abc import Mapping
from typing import Any, Final

from afterlog.parser import PLATFORM, Column, Kind, Layout, LineParser, Match, Sample, each_unique, platform_event


def _meaning(match: Match, outer: Mapping[str, Column]) -> dict[str, Any]:
    told = each_unique(match.text("message"), _told)
    return told | ({"run": None} if "run" in outer else {})


def _told(said: str) -> dict[str, str]:
    event = platform_event(said)
    if event is None:
        return {"kind": str(Kind.LOG)}
    return {"kind": str(Kind.CHANGE), "action": event[0], "target": event[1], "outcome": event[2]}


_RECORDING: Final = "sample outage dead-proxy, px/var/log/syslog"
_ISSUE: Final = "systemd/systemd issue {}"
_KERNEL: Final = "the kernel's source, mm/oom_kill.c, with a process's name"
_NGINX: Final = "nginx.service - A high performance web server and a reverse proxy server."


def _sample(said: str, action: str, target: str, outcome: str, origin: str, program: str = "systemd") -> Sample:
    told = {"kind": "change", "action": action, "target": target, "outcome": outcome, "message": said}
    return Sample(said.encode(), told, origin, program=program)


PARSER = LineParser(
    name="systemd",
    title="systemd and the kernel in syslog",
    url="https://github.com/systemd/systemd/blob/main/src/core/unit.c",
    layouts=(Layout("{message:rest}"),),
    inside=tuple(sorted(PLATFORM)),
    meaning=_meaning,
    samples=(
        _sample(f"Stopped {_NGINX}", "stop", "nginx", "changed", _RECORDING),
        _sample(f"Started {_NGINX}", "start", "nginx", "changed", _RECORDING),
        _sample("nginx.service: Failed with result 'exit-code'.", "crash", "nginx", "failed", _RECORDING),
        _sample(
            "test-slack-reporting.service: Main process exited, code=exited, status=1/FAILURE",
            "crash", "test-slack-reporting", "failed", _ISSUE.format(33710),
        ),
        _sample(
            "test-slack-reporting.service: Scheduled restart job, restart counter is at 4.",
            "restart", "test-slack-reporting", "started", _ISSUE.format(33710),
        ),
        _sample("Unit systemd-journald.service entered failed state.", "crash", "systemd-journald", "failed", _ISSUE.format(4449)),
        _sample(
            "systemd-journald.service has no holdoff time, scheduling restart.",
            "restart", "systemd-journald", "started", _ISSUE.format(4449),
        ),
        _sample(
            "start request repeated too quickly for r101-bablefish.1.web.1.service",
            "start", "r101-bablefish.1.web.1", "failed", "remind101/empire issue 160",
        ),
        _sample(
            "miniflux.service: Service hold-off time over, scheduling restart.",
            "restart", "miniflux", "started", "miniflux/v2 issue 339",
        ),
        _sample("Stopped Miniflux Feed Reader.", "stop", "Miniflux Feed Reader", "changed", "miniflux/v2 issue 339"),
        _sample("ebusd.service: Unit entered failed state.", "crash", "ebusd", "failed", "john30/ebusd issue 229"),
        _sample(
            "Out of memory: Killed process 4242 (apache2) total-vm:1234kB, anon-rss:1kB",
            "oom", "apache2", "failed", _KERNEL, "kernel",
        ),
        Sample(
            b"test-slack-reporting.service: Triggering OnFailure= dependencies.",
            {"kind": "log"},
            _ISSUE.format(33710),
            program="systemd",
        ),
        Sample(b"Started Session 12 of User ann.", {"kind": "log", "action": None}, "the journal of a Debian 12", program="systemd"),
        Sample(
            b"Started x\x00\xff\x1b[31m Stopped y.service: Failed with result 'z'.",
            {"kind": "change", "action": "start"},
            "hostile: NUL, bad UTF-8 and an escape in a description",
            program="systemd",
        ),
    ),
)  # fmt: skip
