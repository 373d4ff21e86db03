r"""The Linux audit log (``/var/log/audit/audit.log``): what was run, edited, started, stopped and denied, and by whom.

::

    type=SYSCALL msg=audit(1492037291.036:59): arch=c000003e syscall=59 success=yes … auid=1000 … comm="grep" exe="/usr/bin/grep" …
    type=EXECVE msg=audit(1492037291.036:59): argc=3 a0="grep" a1="--color=auto" a2="mapping"
    type=EOE msg=audit(1492037291.036:59)

The records of one event have one stamp and one serial; they are joined, on the line of the first. ``auid`` is the account that
logged in, which stays the same through sudo and su.

Traps: events are interleaved; a text that holds blanks or worse is printed as hexadecimal digits; ``UNKNOWN[1327]`` is a type the
collecting machine had no name for; the enriched format puts names (``AUID="devops"``) behind a group separator; one command
of a person starts many programs: only those that a shell at a terminal started are a person's.

https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment
https://access.redhat.com/articles/4409591 (audit record types)
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp

_RECORD: Final = re.compile(
    rb"(?:node=(?P<node>\S{1,255}) )?type=(?P<type>[A-Z0-9_]{2,40}(?:\[\d{1,6}\])?) "
    rb"(?:msg=)?audit\((?P<seconds>\d{9,11})\.(?P<millis>\d{3}):(?P<serial>\d{1,12})\)(?P<body>.*)",
    re.DOTALL,
)
_PAIR: Final = re.compile(r"""(?<![^\s'(,])([A-Za-z][\w-]*(?:\[\d+\])?)=("[^"]*"|[^\s'"]*)""")
_NAME: Final = re.compile(r'(?<!\S)name=("[^"]*"|\S*)')
_NAME_TYPE: Final = re.compile(r"(?<!\S)nametype=(\w+)")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ARGUMENT: Final = re.compile(r"a(\d{1,4})(?:\[(\d{1,4})\])?")
_OPEN: Final = 64  # events that may be open at once; more are not interleaved in practice
_BODY: Final = 8_000  # characters of one record that are read
_RECORDS: Final = 60  # records of one event that are read
_PIDS: Final = 20_000  # processes remembered
_NOBODY: Final = frozenset({"", "4294967295", "-1", "unset", "?"})
_UNKNOWN: Final = {"UNKNOWN[1327]": "PROCTITLE", "UNKNOWN[1326]": "SECCOMP", "UNKNOWN[1329]": "FEATURE_CHANGE"}
_SHELLS: Final = frozenset({"bash", "sh", "zsh", "dash", "ksh", "fish", "tcsh", "csh"})
_ACCOUNT: Final = frozenset(
    ["ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_MGMT", "GRP_MGMT", "USER_CHAUTHTOK", "ACCT_LOCK", "ACCT_UNLOCK"]
)  # fmt: skip
_DENIED: Final = frozenset({"AVC", "USER_AVC", "SELINUX_ERR", "SECCOMP"})
_POLICY: Final = frozenset({"MAC_STATUS", "MAC_POLICY_LOAD", "MAC_CONFIG_CHANGE"})
_MACHINE: Final = {"SYSTEM_BOOT": "boot", "SYSTEM_SHUTDOWN": "stop"}
# System calls that change a file, by name (enriched logs), and by number on x86-64 and AArch64.
_OPENS: Final = {"open": "a1", "openat": "a2"}
_NUMBERS: Final = {
    "c000003e": {
        2: "open", 257: "openat", 85: "creat", 82: "rename", 264: "renameat", 316: "renameat2", 87: "unlink", 263: "unlinkat",
        90: "chmod", 91: "fchmod", 268: "fchmodat", 92: "chown", 93: "fchown", 94: "lchown", 260: "fchownat", 76: "truncate",
        77: "ftruncate", 86: "link", 265: "linkat", 88: "symlink", 266: "symlinkat", 83: "mkdir", 258: "mkdirat", 84: "rmdir",
        188: "setxattr", 59: "execve", 322: "execveat",
    },
    "c00000b7": {
        56: "openat", 38: "renameat", 276: "renameat2", 35: "unlinkat", 52: "fchmod", 53: "fchmodat", 54: "fchownat",
        55: "fchown", 45: "truncate", 46: "ftruncate", 37: "linkat", 36: "symlinkat", 34: "mkdirat", 5: "setxattr",
        221: "execve", 281: "execveat",
    },
}  # fmt: skip
_WRITES: Final = frozenset(name for table in _NUMBERS.values() for name in table.values()) - {"execve", "execveat"}
_WRITING: Final = 0o3 | 0o100 | 0o1000  # O_WRONLY or O_RDWR, O_CREAT, O_TRUNC


def _claims(_path: str, head: list[bytes]) -> float:
    lines = [line for line in head if line.strip()]
    return sum(bool(_RECORD.match(line)) for line in lines) / len(lines) if lines else 0.0


class _Event:
    """The records of one event, gathered."""

    def __init__(self, line: Line, found: Mapping[str, bytes]) -> None:
        self.line = line
        self.stamp = Stamp((int(found["seconds"]) * 1000 + int(found["millis"])) * 1000, 0, resolution_us=1000)
        self.node = (found["node"] or b"").decode("ascii", "replace")
        self.types: list[str] = []
        self.bodies: list[str] = []
        self.pairs: dict[str, str] = {}
        self.arguments: dict[tuple[int, int], str] = {}
        self.paths: list[tuple[str, str]] = []
        self.ended = False

    def add(self, kind: str, body: bytes) -> None:
        if kind == "EOE":
            self.ended = True
        if len(self.types) >= _RECORDS or kind == "EOE":
            return
        text = body[:_BODY].decode("utf-8", "backslashreplace").lstrip(": ").rstrip()
        self.types.append(kind)
        self.bodies.append(text)
        if kind == "PATH":
            name, what = _NAME.search(text), _NAME_TYPE.search(text)
            self.paths.append((_plain(_text(name[1])) if name else "", what[1] if what else ""))
            return
        pairs = {name: _text(value) for name, value in _PAIR.findall(text.replace("\x1d", " ").replace("msg='", " "))}
        if kind == "EXECVE":
            self._add_arguments(pairs)
        else:
            for name, value in pairs.items():
                self.pairs.setdefault(name, value)

    def _add_arguments(self, pairs: Mapping[str, str]) -> None:
        for name, value in pairs.items():
            if found := _ARGUMENT.fullmatch(name):
                self.arguments[int(found[1]), int(found[2] or 0)] = _plain(value)

    def command(self) -> str:
        """Give the command line: of EXECVE, else of PROCTITLE, which may be cut short."""
        if not self.arguments:
            return _plain(self.pairs.get("proctitle", "")).replace("\0", " ").strip()
        words: dict[int, str] = {}
        for (number, _part), text in sorted(self.arguments.items()):
            words[number] = words.get(number, "") + text
        return " ".join(words.values())

    def syscall(self) -> str:
        number = self.pairs.get("syscall", "")
        known = _NUMBERS.get(self.pairs.get("arch", ""), {})
        return self.pairs.get("SYSCALL") or (known.get(int(number), number) if number.isdecimal() else number)


def _text(value: str) -> str:
    """Give a value without its quotation marks; a quoted one keeps a mark that it is no hexadecimal text."""
    return f"\x01{value[1:-1]}" if value.startswith('"') else "" if value in ("(null)", "(none)", "?") else value


def _plain(value: str) -> str:
    """Decode a text that the kernel was given by a program: quoted, or as hexadecimal digits."""
    if value.startswith("\x01"):
        return value[1:]
    if len(value) >= 2 and _HEX.fullmatch(value):
        return bytes.fromhex(value).decode("utf-8", "backslashreplace")
    return value


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    events: OrderedDict[tuple[bytes, ...], _Event] = OrderedDict()
    people = _People()
    for line in lines:
        found = _RECORD.match(line.text)
        if found is None:
            if line.text.strip():
                yield Reject(line, "no audit record: type=… msg=audit(seconds:serial) was expected")
            continue
        told = found.groupdict()
        key = told["node"] or b"", told["seconds"], told["millis"], told["serial"]
        event = events.get(key)
        if event is None:
            event = events[key] = _Event(line, told)
        kind = told["type"].decode()
        event.add(_UNKNOWN.get(kind, kind), told["body"])
        while events and (next(iter(events.values())).ended or len(events) > _OPEN):
            yield _record(events.popitem(last=False)[1], people)
    for event in events.values():
        yield _record(event, people)


class _People:
    """Tells commands that a person typed from the programs that these start, by the processes seen so far."""

    def __init__(self) -> None:
        # of each process: its parent, and whether a person types there
        self._shell: OrderedDict[str, tuple[str, bool]] = OrderedDict()

    def typed(self, pairs: Mapping[str, str], words: list[str]) -> bool:
        """Tell whether a shell at a terminal started this program; also of shells that began before the log."""
        pid, parent = pairs.get("pid", ""), pairs.get("ppid", "")
        before = self._shell.get(pid)
        interactive = words[0].lstrip("-").rpartition("/")[2] in _SHELLS and all(w.startswith("-") for w in words[1:])
        interactive = interactive and not any(re.fullmatch(r"-[a-z]*c", word) for word in words[1:])
        self._shell[pid] = parent, interactive
        if len(self._shell) > _PIDS:
            self._shell.popitem(last=False)
        if before is not None and before[0] == parent and not before[1]:
            return False  # the same process goes on as another program
        above = self._shell.get(parent)
        return not interactive and (above is None or above[1])


def _record(event: _Event, people: _People) -> Record:
    pairs = {name: _plain(value) if name in _TEXTS else value.lstrip("\x01") for name, value in event.pairs.items()}
    kind = event.types[0] if event.types else "EOE"
    auid = pairs.get("auid", "")
    by_person = auid not in _NOBODY
    actor = pairs.get("AUID", "").replace("unset", "") or (f"uid {auid}" if by_person else "")
    service = pairs.get("unit") or (pairs.get("exe") or pairs.get("comm") or "").rpartition("/")[2]
    columns: dict[str, Any] = {
        "message": f"{kind} {event.bodies[0]}".replace("\x1d", " ")[:2000] if event.bodies else kind,
        "type": kind,
        "service": service,
        "host": event.node,
        "client": pairs.get("addr", ""),
        "session": "" if pairs.get("ses", "") in _NOBODY else pairs["ses"],
        "paths": ", ".join(dict.fromkeys(name for name, _kind in event.paths if name))[:1000],
        "syscall": event.syscall() if "SYSCALL" in event.types else "",
        **{name: pairs.get(name, "").replace("\x01", ",") for name in _KEPT},
    }
    columns |= _meaning(event, pairs, people, by_person=by_person)
    if columns.get("kind") == Kind.CHANGE:
        columns["actor"] = actor
    return Record(event.line, event.stamp, {name: value for name, value in columns.items() if value != ""})


_TEXTS: Final = frozenset({"exe", "comm", "cwd", "cmd", "key", "acct", "proctitle", "name", "data", "sw"})
_KEPT: Final = tuple("key exe comm cwd pid ppid auid uid terminal tty acct success res op".split())


def _meaning(event: _Event, pairs: Mapping[str, str], people: _People, *, by_person: bool) -> dict[str, Any]:
    failed = pairs.get("res") in ("failed", "0", "no") or pairs.get("success") == "no"
    done = Outcome.FAILED if failed else Outcome.CHANGED
    if "USER_CMD" in event.types:
        started = Outcome.FAILED if failed else Outcome.STARTED
        return _change("command", pairs.get("cmd", ""), started) | {"message": pairs.get("cmd", "")}
    if "EXECVE" in event.types:
        return _executed(event, pairs, people, by_person=by_person)
    if "ANOM_ABEND" in event.types:
        return _change("crash", pairs.get("comm", ""), Outcome.FAILED) | {"severity": 17}
    done_to = _done_to(set(event.types), pairs, by_person=by_person)
    if done_to is not None:
        return _change(*done_to, done)
    edited = _edited(event, pairs) if by_person and not failed else ""
    if edited:
        return _change("edit", edited, done)
    begin = event.bodies[0] if event.bodies else ""
    denied = bool(_DENIED & set(event.types)) and not re.search(r'apparmor="(?:STATUS|ALLOWED)"', begin)
    worse = denied or (failed and any(kind.startswith("USER_") for kind in event.types))
    return {"kind": Kind.LOG, **({"severity": 13} if worse else {})}


def _done_to(kinds: set[str], pairs: Mapping[str, str], *, by_person: bool) -> tuple[str, str] | None:
    """Name what was done, and to what, by events of one record each; None where that says no change."""
    if started := kinds & {"SERVICE_START", "SERVICE_STOP"}:
        return started.pop().removeprefix("SERVICE_").lower(), pairs.get("unit", "")
    if machine := kinds & set(_MACHINE):
        return _MACHINE[machine.pop()], "the machine"
    if kinds & _ACCOUNT:
        return "account", pairs.get("acct") or f"id {pairs.get('id', '?')}"
    if "SOFTWARE_UPDATE" in kinds:
        return pairs.get("op") or "package", pairs.get("sw", "")
    if kinds & _POLICY:
        return "configure", "SELinux"
    if by_person and kinds & {"NETFILTER_CFG", "CONFIG_CHANGE"}:
        return "configure", "the firewall" if "NETFILTER_CFG" in kinds else "the audit rules"
    return None


def _change(action: str, target: str, outcome: Outcome) -> dict[str, Any]:
    return {"kind": Kind.CHANGE, "action": action, "target": target, "outcome": outcome}


def _executed(event: _Event, pairs: Mapping[str, str], people: _People, *, by_person: bool) -> dict[str, Any]:
    """Take a person's command at a terminal as a change or a look; what programs start stays a log message."""
    line = event.command()
    words = line.split() or [""]
    typed = people.typed(pairs, words)
    if not (typed and by_person and pairs.get("tty") and pairs.get("success") != "no"):
        return {"kind": Kind.LOG, "message": line}
    return _change("command", line, Outcome.STARTED) | {"message": line}


def _edited(event: _Event, pairs: Mapping[str, str]) -> str:
    """Name the file that a watched system call changed: the rule has a key, and the call writes."""
    call = event.syscall()
    if not pairs.get("key") or call not in _WRITES:
        return ""
    if call in _OPENS and not any(kind == "CREATE" for _name, kind in event.paths):
        flags = pairs.get(_OPENS[call], "")
        if not re.fullmatch(r"[0-9a-f]{1,16}", flags) or not int(flags, 16) & _WRITING:
            return ""
    names = [name for name, kind in event.paths if kind != "PARENT" and name]
    if not names:
        return ""
    name, cwd = names[-1], pairs.get("cwd", "")
    return name if name.startswith("/") or not cwd else str(PurePosixPath(cwd) / name)


_LIBAUDIT: Final = "elastic/go-libaudit, "

SAMPLES: Final = (
    Sample(
        b'type=SYSCALL msg=audit(1492037291.036:59): arch=c000003e syscall=59 success=yes exit=0 a0=1522170 a1=1506120 a2=14faeb0 a3=7ffcc4582df0 items=2 ppid=12041 pid=13393 auid=1000 uid=1000 gid=1001 euid=1000 suid=1000 fsuid=1000 egid=1001 sgid=1001 fsgid=1001 tty=pts1 ses=802 comm="grep" exe="/usr/bin/grep" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key="user_commands"\n'
        b'type=EXECVE msg=audit(1492037291.036:59): argc=3 a0="grep" a1="--color=auto" a2="mapping"\n'
        b'type=CWD msg=audit(1492037291.036:59):  cwd="/home/andrew_kroh"\n'
        b'type=PATH msg=audit(1492037291.036:59): item=0 name="/usr/bin/grep" inode=2512 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 obj=system_u:object_r:bin_t:s0 objtype=NORMAL\n'
        b"type=EOE msg=audit(1492037291.036:59)\n",
        {
            "time": "2017-04-12T22:48:11.036+00:00", "kind": "change", "action": "command", "target": "grep --color=auto mapping",
            "actor": "uid 1000", "outcome": "started", "cwd": "/home/andrew_kroh", "session": "802", "key": "user_commands",
            "service": "grep",
        },
        _LIBAUDIT + "aucoalesce/testdata/execve.log, without one PATH record",
    ),
    Sample(
        b'node=test type=SYSCALL msg=audit(1521757638.392:262332): arch=c000003e syscall=59 success=yes exit=0 a0=55d782c96198 a1=55d782c96120 a2=55d782c96158 a3=1 items=2 ppid=26595 pid=26918 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=842 comm="logger" exe="/usr/bin/logger" key=61756F6D7301657865637665\n'
        b'node=test type=EXECVE msg=audit(1521757638.392:262332): argc=6 a0="logger" a1="-t" a2="zfs-backup" a3="-p" a4="daemon.err" a5=7A667320696E6372656D656E74616C206261636B7570206F662072706F6F6C2F6C7864206661696C65643A20\n'
        b"node=test type=EOE msg=audit(1521757638.392:262332):\n",
        {
            "kind": "log", "host": "test", "key": "auoms,execve", "action": None,
            "message": "logger -t zfs-backup -p daemon.err zfs incremental backup of rpool/lxd failed: ",
        },
        "microsoft/OMS-Auditd-Plugin, TestEventData.cpp, without four records: a program that no terminal started",
    ),
    Sample(
        b"type=USER_CMD msg=audit(1481077231.363:475): pid=1382 uid=1000 auid=1000 ses=3 subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 msg='cwd=\"/home/andrew_kroh\" cmd=2E2F6D657472696362656174202D63206D622E6465762E796D6C terminal=pts/0 res=success'",
        {"kind": "change", "action": "command", "target": "./metricbeat -c mb.dev.yml", "actor": "uid 1000", "outcome": "started", "cwd": "/home/andrew_kroh"},
        _LIBAUDIT + "auparse/testdata/audit-rhel7.log: what sudo says to the audit log",
    ),
    Sample(
        b"type=SERVICE_STOP msg=audit(1481076984.534:16): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 msg='unit=irqbalance comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'",
        {"time": "2016-12-07T02:16:24.534+00:00", "kind": "change", "action": "stop", "target": "irqbalance", "service": "irqbalance", "outcome": "changed", "actor": None, "client": None},
        _LIBAUDIT + "auparse/testdata/audit-rhel7.log",
    ),
    Sample(
        b"type=SYSTEM_BOOT msg=audit(1481076983.876:7): pid=273 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 msg=' comm=\"systemd-update-utmp\" exe=\"/usr/lib/systemd/systemd-update-utmp\" hostname=? addr=? terminal=? res=success'",
        {"kind": "change", "action": "boot", "target": "the machine"},
        _LIBAUDIT + "auparse/testdata/audit-rhel7.log",
    ),
    Sample(
        b'type=SYSCALL msg=audit(1519924845.499:257): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=56374e1cef30 a2=241 a3=1b6 items=2 ppid=606 pid=635 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="bash" exe="/usr/bin/bash" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key="tmpcontainerid"\n'
        b'type=CWD msg=audit(1519924845.499:257): cwd="/root"\n'
        b'type=PATH msg=audit(1519924845.499:257): item=0 name="/tmp/" inode=13863 dev=00:27 mode=041777 ouid=0 ogid=0 rdev=00:00 obj=system_u:object_r:tmp_t:s0 nametype=PARENT cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0\n'
        b'type=PATH msg=audit(1519924845.499:257): item=1 name="/tmp/tmpcontainerid" inode=17729 dev=00:27 mode=0100644 ouid=0 ogid=0 rdev=00:00 obj=unconfined_u:object_r:user_tmp_t:s0 nametype=CREATE cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0\n'
        b"type=PROCTITLE msg=audit(1519924845.499:257): proctitle=62617368002D6300736C65657020313B206563686F2074657374203E202F746D702F746D70636F6E7461696E65726964\n",
        {"kind": "change", "action": "edit", "actor": "uid 0", "syscall": "openat", "outcome": "changed", "paths": "/tmp/, /tmp/tmpcontainerid"},  # noqa: S108  a true line
        "linux-audit mailing list, R. G. Briggs, patch 'audit: log container info of syscalls', without its CONTAINER_ID record",
    ),
    Sample(
        b'type=SYSCALL msg=audit(1588597740.979:2298): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7fff82657442 a2=0 a3=0 items=1 ppid=3384 pid=17800 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="cat" exe="/usr/bin/cat" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key="foo"\x1dARCH=x86_64 SYSCALL=openat AUID="root" UID="root" GID="root" EUID="root" SUID="root" FSUID="root" EGID="root" SGID="root" FSGID="root"\n'
        b'type=PATH msg=audit(1588597740.979:2298): item=0 name="/root/foo" inode=16949133 dev=08:02 mode=0100644 ouid=0 ogid=0 rdev=00:00 obj=unconfined_u:object_r:admin_home_t:s0 nametype=NORMAL cap_fp=0000000000000000 cap_fi=0000000000000000 cap_fe=0 cap_fver=0\x1dOUID="root" OGID="root"\n',
        {"kind": "log", "action": None, "paths": "/root/foo", "service": "cat"},
        "a RHEL 8 audit.log in a public article on auditctl; the group separator, which the page leaves out, put back: a read",
    ),
    Sample(
        b"type=SOFTWARE_UPDATE msg=audit(1742112542.614:625): pid=2847 uid=0 auid=1000 ses=3 subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 msg='op=install sw=\"nginx-filesystem-2:1.20.1-20.el9.alma.1.noarch\" sw_type=rpm key_enforce=0 gpg_res=1 root_dir=\"/\" comm=\"yum\" exe=\"/usr/bin/python3.9\" hostname=? addr=? terminal=? res=success'\x1dUID=\"root\" AUID=\"vagrant\"",
        {"kind": "change", "action": "install", "target": "nginx-filesystem-2:1.20.1-20.el9.alma.1.noarch", "actor": "vagrant", "outcome": "changed"},
        "an AlmaLinux 9 audit.log in a public course repository; the group separator, which the page leaves out, put back",
    ),
    Sample(
        b"type=MAC_STATUS msg=audit(1336836093.835:406): enforcing=1 old_enforcing=0 auid=0 ses=2\n"
        b'type=SYSCALL msg=audit(1336836093.835:406): arch=c000003e syscall=1 success=yes exit=1 a0=3 a1=7fffe743f9e0 a2=1 a3=0 items=0 ppid=2047 pid=5591 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=2 comm="setenforce" exe="/usr/sbin/setenforce" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key=(null)\n',
        {"kind": "change", "action": "configure", "target": "SELinux", "actor": "uid 0", "outcome": "changed", "key": None},
        "Gentoo's SELinux documentation, audit events",
    ),
    Sample(
        b'type=AVC msg=audit(1226270358.848:238): avc:  denied  { write } for  pid=13349 comm="certwatch" name="cache" dev=dm-0 ino=218171 scontext=system_u:system_r:certwatch_t:s0 tcontext=system_u:object_r:var_t:s0 tclass=dir',
        {"kind": "log", "severity": 13, "service": "certwatch"},
        "Red Hat Enterprise Linux documentation, SELinux: raw audit messages",
    ),
    Sample(
        b'type=ANOM_ABEND msg=audit(1222174623.498:608): auid=4294967295 uid=0 gid=7 ses=4294967295 subj=system_u:system_r:cupsd_t:s0-s0:c0.c1023 pid=7192 comm="ipp" sig=11',
        {"kind": "change", "action": "crash", "target": "ipp", "outcome": "failed", "severity": 17, "actor": None},
        "wazuh/wazuh, ruleset/testing, auditd",
    ),
    Sample(
        b"type=USER_ERR msg=audit(1489641207.587:518): pid=1560 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:sshd_t:s0-s0:c0.c1023 msg='op=PAM:bad_ident grantors=? acct=\"?\" exe=\"/usr/sbin/sshd\" hostname=190.48.233.76 addr=190.48.233.76 terminal=ssh res=failed'",
        {"kind": "log", "severity": 13, "client": "190.48.233.76", "service": "sshd"},
        _LIBAUDIT + "auparse/testdata/audit-rhel7.log",
    ),
    Sample(
        b"type=USER_CMD msg=audit(1623701789.269:1): pid=1 uid=0 auid=1000 ses=1 msg='cwd=\"/\" cmd=1B5B33316D00FF terminal=pts/2 res=failed' \x00\xff\x1b[31m msg=audit(1.000:2)",
        {"target": "\x1b[31m\x00\\xff", "outcome": "failed", "time": "2021-06-14T20:16:29.269+00:00"},
        "hostile: an escape, NUL and bad UTF-8, also as digits; another stamp behind",
    ),
    Sample(b"type=SYSCALL msg=audit(1623701789.269:7): a=" + b"x" * 1_000_000, {"kind": "log"}, "hostile: a line of 1 MB"),
    Sample(b"type=UNKNOWN[1329] msg=?", None, _LIBAUDIT + "auparse/testdata/audit-rhel7.log: a record without a time"),
)  # fmt: skip

PARSER = RecordParser(
    name="auditd",
    title="Linux audit log (auditd)",
    url="https://github.com/linux-audit/audit-documentation/wiki",
    claims=_claims,
    marks=(b"audit(",),
    records=_records,
    samples=SAMPLES,
)
