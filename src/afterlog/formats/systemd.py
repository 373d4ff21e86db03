"""What systemd, logind and the kernel say of units, processes and the machine: which of it is a change.

https://github.com/systemd/systemd/blob/main/src/core/job.c (job_done_message_format), src/core/unit.c,
src/core/service.c, src/login/logind-dbus.c, src/coredump/coredump.c
https://github.com/torvalds/linux/blob/master/mm/oom_kill.c
"""

from __future__ import annotations

import re
from typing import Final

from afterlog.event import Outcome

__all__ = ["PLATFORM", "platform_event"]

_CHANGED, _FAILED, _STARTED = str(Outcome.CHANGED), str(Outcome.FAILED), str(Outcome.STARTED)
PLATFORM: Final = frozenset(
    {"systemd", "kernel", "init", "systemd-oomd", "systemd-logind", "systemd-coredump", "systemd-shutdown"}
)
"""Programs whose messages these are."""
_UNIT: Final = r"(?P<unit>[\w@.:\\-]+\.(?:service|socket|mount))"
_SAYINGS: Final = (
    (re.compile(rf"Started (?:{_UNIT} - )?(?P<what>.+?)\.?"), "start", _CHANGED),
    (re.compile(rf"Stopped (?:{_UNIT} - )?(?P<what>.+?)\.?"), "stop", _CHANGED),
    (re.compile(rf"Stopping (?:{_UNIT} - )?(?P<what>.+?)\.{{3}}"), "stop", _STARTED),
    (re.compile(rf"Reloaded (?:{_UNIT} - )?(?P<what>.+?)\.?"), "reload", _CHANGED),
    (re.compile(rf"Failed to start (?:{_UNIT} - )?(?P<what>.+?)\.?"), "start", _FAILED),
    (re.compile(rf"{_UNIT}: [Mm]ain process exited, code=(?:killed|dumped), .*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: [Mm]ain process exited, code=exited, status=[1-9].*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: Failed with result 'oom-kill'\.?"), "oom", _FAILED),
    (re.compile(rf"{_UNIT}: Failed with result .*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: A process of this unit has been killed by the OOM killer\.?"), "oom", _FAILED),
    (re.compile(rf"Unit {_UNIT} entered failed state\.?"), "crash", _FAILED),  # before systemd 230
    (re.compile(rf"{_UNIT}: Unit entered failed state\.?"), "crash", _FAILED),  # before systemd 235
    (re.compile(rf"{_UNIT}:? (?:Scheduled restart job, .*|(?:Service hold-off|holdoff|has no holdoff) time(?: over)?,"
                r" scheduling restart\.)"), "restart", _STARTED),
    (re.compile(rf"{_UNIT}: Start request repeated too quickly\.?"), "start", _FAILED),  # systemd gives up
    (re.compile(rf"start request repeated too quickly for {_UNIT}\.?"), "start", _FAILED),  # before systemd 230
    (re.compile(rf"{_UNIT}: Watchdog timeout \(limit [^)]*\)!.*"), "crash", _FAILED),
    (re.compile(rf"{_UNIT}: (?i:start|start-pre|start-post) operation timed out\. .*"), "start", _FAILED),
    (re.compile(rf"{_UNIT}: (?:State '(?:stop|final)-[\w-]+'|Stopping) timed out\. .*"), "stop", _FAILED),
    (re.compile(rf"Dependency failed for (?:{_UNIT} - )?(?P<what>.+?)\.?"), "start", _FAILED),
    (re.compile(rf"Reload failed for (?:{_UNIT} - )?(?P<what>.+?)\.?"), "reload", _FAILED),
    (re.compile(r"Killed /\S*?(?P<unit>[\w@.:\\-]+\.service) due to memory (?:pressure|used) .*"), "oom", _FAILED),
    (re.compile(r"(?:The )?(?P<what>[Ss]ystem) (?:is rebooting|will reboot now).*"), "restart", _STARTED),
    (re.compile(r"(?:The )?(?P<what>[Ss]ystem) (?:is (?:powering (?:down|off)|halting)|will power off now).*"),
     "stop", _STARTED),
    (re.compile(r"(?:\[ *[\d.]+\] )?(?:traps: )?(?P<what>[^\s\[:]+)\[\d+\]:? (?:segfault at|general protection) .*"),
     "crash", _FAILED),
    (re.compile(r"Process \d+ \((?P<what>[^)]+)\) of user \d+ (?:dumped core|terminated abnormally).*", re.DOTALL),
     "crash", _FAILED),
    (re.compile(r"(?:\[ *[\d.]+\] )?(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \d+ \((?P<what>[^)]+)\).*"),
     "oom", _FAILED),
    (re.compile(r"(?:\[ *0\.0+\] )?(?:Linux version \d.*|Booting Linux on physical CPU.*)"), "boot", _CHANGED),
    (re.compile(r"systemd \d\S* running in system mode.*|Startup finished in .*\(kernel\).*"), "boot", _CHANGED),
)  # fmt: skip
_HOUSEKEEPING: Final = re.compile(
    r"Session \S+ of |User (?:Manager|Runtime|Slice)|user-\d|\.(?:scope|slice|timer|target|path|device)\b|apt|logrotate"
    r"|Rotate|man-db|fstrim|motd|tmpfiles|[Cc]lean|[Dd]aily|[Ww]eekly|[Hh]ourly|e2scrub|dpkg|fwupd|Getty"
    r"|Message of the Day"
)
_COARSE: Final = re.compile(
    r"(?:\[ *[\d.]+\] )?(?:[Ss]tart|Stopp|Reload|Failed to start|Dependency failed|Killed /|Process \d"
    r"|Unit |(?:The )?[Ss]ystem"
    r"|Linux version|Booting|Out of memory|Memory cgroup out|traps: )"
    r"|[^ ]+\.(?:service|socket|mount):? |(?:\[ *[\d.]+\] )?[^ ]+\[\d+\]:? (?:segfault|general)"
)


def platform_event(said: str) -> tuple[str, str, str] | None:
    """Tell the action, the target and the outcome of a message; None where it tells of no change worth telling."""
    if not _COARSE.match(said):
        return None
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(said):
            if action in ("start", "stop", "reload") and _HOUSEKEEPING.search(said):
                return None
            names = found.groupdict()
            return action, (names.get("unit") or names.get("what") or "").removesuffix(".service"), outcome
    return None
