"""What a command line does: looks, checks, controls a service, changes something, or starts a tool."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import Final, NamedTuple

_QUOTING: Final = re.compile(r"[\"'\\]")


class Command(NamedTuple):
    """A command line, understood: ``what`` it does, to what, and the bare program."""

    what: str  # read, check, shell, restart, reload, stop, start, install, configure, edit, run
    target: str
    program: str


_READERS: Final = frozenset(
    (
        "tail less more cat head zcat zless zgrep bzcat xzcat vless view journalctl dmesg lnav multitail stat "
        "file wc md5sum sha256sum diff"
    ).split()
)
_CHECKS: Final = frozenset(
    (
        "grep egrep fgrep rg ack ls ll find ps top htop atop df du free uptime netstat ss lsof ip ifconfig "
        "ping dig host nslookup curl wget strace tcpdump vmstat iostat id whoami last who w mount php python "
        "python3 ruby node mysqladmin pgrep openssl nc telnet traceroute env date timedatectl varnishlog mtr "
        "getent sar"
    ).split()
)
_SHELLS: Final = frozenset(["bash", "sh", "zsh", "su", "dash", "ksh", "fish", "login", "screen", "tmux"])
_PACKAGES: Final = frozenset(("apt apt-get aptitude dpkg yum dnf rpm zypper apk pip pip3 npm gem snap").split())
_TOOLS: Final = {
    "puppet": "configure", "ansible-playbook": "configure", "ansible": "configure", "chef-client": "configure",
    "salt-call": "configure", "salt": "configure", "terraform": "configure", "kubectl": "configure",
    "helm": "configure",
}  # fmt: skip
_EDITS: Final = frozenset(
    (
        "vi vim nano emacs ed sed cp mv rm tee chmod chown ln touch install patch dd truncate rsync scp tar "
        "unzip git svn crontab sysctl iptables ufw sudoedit"
    ).split()
)
_EDITORS: Final = frozenset("vi vim nano emacs ed sudoedit".split())
_VERBS: Final = {
    "restart": "restart", "try-restart": "restart", "force-restart": "restart",
    "reload": "reload", "graceful": "reload",
    "force-reload": "reload", "reload-or-restart": "reload", "graceful-stop": "stop", "stop": "stop",
    "start": "start", "kill": "stop",
}  # fmt: skip
_CONTROL: Final = {
    "apachectl": "apache2",
    "apache2ctl": "apache2",
    "httpd": "apache2",
    "nginx": "nginx",
    "haproxy": "haproxy",
}
_KNOWN: Final = (
    _READERS | _CHECKS | _SHELLS | _PACKAGES | _EDITS | frozenset((*_TOOLS, *_CONTROL, "systemctl", "service"))
)
_NAMED_FOR_IT: Final = re.compile(
    r"(?:(?P<what>[a-z][\w.]*)[-_](?P<verb>restart|reload|start|stop)|(?P<first>restart|reload|start|stop)[-_](?P<of>[a-z]\w*))"
    r"(?:\.sh)?"
)
"""A script whose name says what it does: ``nginx-restart``, ``stop_shop.sh``."""


@lru_cache(maxsize=65_536)
def understand(line: str) -> Command:
    """Tell what a command line does; unknown programs "run" something."""
    words = _words(line)
    while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("sudo", "nohup", "time", "env", "nice", "exec")):
        words = words[1:]
    if not words:
        return Command("run", line[:200], "")
    program = words[0].rstrip("/").rpartition("/")[2]
    arguments = words[1:]
    if program in ("sh", "bash", "dash") and arguments[:1] == ["-c"] and len(arguments) > 1:
        return understand(arguments[1])
    return _control(program, arguments) or Command(
        _what(program, arguments), _target(program, arguments, line), program
    )


def _words(line: str) -> list[str]:
    if not _QUOTING.search(line):
        return line.split()  # what shlex would give, in a tenth of the time
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _control(program: str, arguments: list[str]) -> Command | None:
    plain = [word for word in arguments if not word.startswith("-")]
    if program == "systemctl" and len(plain) >= 2 and plain[0] in _VERBS:
        return Command(_VERBS[plain[0]], plain[1].removesuffix(".service"), program)
    if program == "service" and len(plain) >= 2 and plain[1] in _VERBS:
        return Command(_VERBS[plain[1]], plain[0], program)
    if program in _CONTROL and plain and plain[0] in _VERBS:
        return Command(_VERBS[plain[0]], _CONTROL[program], program)
    if program == "nginx" and "-s" in arguments and plain:
        return Command({"reload": "reload", "reopen": "reload"}.get(plain[0], "stop"), "nginx", program)
    if program in ("kill", "pkill", "killall"):
        return Command(
            "reload" if {"-HUP", "-1", "-USR1", "-USR2"} & set(arguments) else "stop",
            " ".join(plain),
            program,
        )
    if program in ("reboot", "shutdown", "poweroff", "halt"):
        return Command("restart" if program == "reboot" or "-r" in arguments else "stop", "the machine", program)
    return None if program in _KNOWN else _controlled_by_own(program, plain)


def _controlled_by_own(program: str, plain: list[str]) -> Command | None:
    """Understand what says by its words that it controls a service: init scripts, supervisors, a company's own."""
    named = _NAMED_FOR_IT.fullmatch(program)
    if named and not plain:
        return Command(_VERBS[named["verb"] or named["first"]], named["what"] or named["of"], program)
    at = next((i for i, word in enumerate(plain[:2]) if word in _VERBS and word != "kill"), None)
    if at is None:
        return None
    rest = plain[:at] + plain[at + 1 :]
    return Command(_VERBS[plain[at]], rest[-1] if rest else _bare_name(program), program)


def _bare_name(program: str) -> str:
    name = program.removesuffix(".sh")
    return name.removesuffix("ctl").rstrip("-_") or name


def _what(program: str, arguments: list[str]) -> str:
    plain = [word for word in arguments if not word.startswith("-")]
    if program in _CONTROL or program in ("systemctl", "service"):
        return "check"  # what changes something was recognised before: configtest, -t, status
    if program in _READERS:
        return "read"
    if program in _SHELLS:
        return "shell"
    if program in _PACKAGES:
        return "check" if set(plain[:1]) & {"list", "show", "search", "policy", "info", "check-update"} else "install"
    if program in _TOOLS:
        return "check" if set(plain[:1]) & {"get", "describe", "logs", "plan", "show"} else _TOOLS[program]
    if program == "sed" and not any(word.startswith("-i") or word == "--in-place" for word in arguments):
        return "check"
    if program == "git":
        return (
            "check"
            if set(plain[:1]) & {"log", "show", "diff", "status", "blame", "grep", "fetch", "branch"}
            else "edit"
        )
    if program in _EDITS:
        return "edit"
    if program in _CHECKS:
        return "check"
    return "run"


def _target(program: str, arguments: list[str], line: str) -> str:
    paths = [word for word in arguments if word.startswith(("/", "~", "./"))]
    if program in _READERS and paths:
        return paths[-1]
    if program == "journalctl":
        unit = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word in ("-u", "--unit", "-t")]
        return f"the journal of {unit[0]}" if unit else "the journal"
    if program in _EDITORS and arguments and not arguments[-1].startswith(("-", "+")):
        return arguments[-1][:300]
    return line[:300]
