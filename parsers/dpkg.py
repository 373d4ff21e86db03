"""dpkg's own log, /var/log/dpkg.log: what was done to each package, and every state it went through.

Traps: an upgrade to the same version is a reinstallation; a downgrade is an upgrade too; the version that is not
there is printed ``<none>``; dpkg before 1.15.5 names no architecture; no zone; a package whose script failed stays
half-configured, which only the missing ``status installed`` tells.

https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html#status
https://salsa.debian.org/dpkg-team/dpkg/-/blob/main/lib/dpkg/log.c
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample

_ACTIONS: Final = ("install", "upgrade", "remove", "purge", "configure", "trigproc", "disappear")
_NOTHING: Final = pa.scalar(None, pa.string())


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "state" in match:
        return {"message": _sentence(match, "status", "state", "package", "version")} | _package(match)
    if "conffile" in match:
        return {"message": _sentence(match, "conffile", "conffile", "decision")}
    if "phase" in match:
        return {"message": _sentence(match, "startup", "phase")}
    action = _action(match)
    return _package(match) | {
        "kind": pa.array([str(Kind.CHANGE)] * len(match), pa.string()),
        "action": pa.array([action] * len(match), pa.string()),
        "outcome": pa.array([str(Outcome.CHANGED)] * len(match), pa.string()),
        "from": _version(match.text("from")),
        "to": _version(match.text("to")),
        "message": _sentence(match, action, "package", "from", "to"),
    }


def _action(match: Match) -> str:
    """Return the word before the package: one layout holds one, so the first line tells it for all."""
    if not len(match):
        return ""
    end, start = match.span("time")[1][0], match.span("package")[0][0]
    return bytes(match.lines.data[end:start]).decode("ascii", "replace").strip()


def _package(match: Match) -> dict[str, Column]:
    package = match.text("package")
    named = pc.extract_regex(package, r"^(?P<name>[^:]+):(?P<arch>[a-z0-9-]+)$")
    return {
        "target": pc.coalesce(pc.struct_field(named, "name"), package),
        "arch": pc.struct_field(named, "arch"),
    }


def _version(column: Column) -> Column:
    return pc.if_else(pc.equal(column, "<none>"), _NOTHING, column)


def _sentence(match: Match, word: str, *names: str) -> Column:
    return pc.binary_join_element_wise(word, *(match.text(name) for name in names), " ")


_RECORDING: Final = "recording misspelt-file-name, web-02/var/log/dpkg.log"
_RUN: Final = "dpkg 1.21.22 on Debian 12, packages made for the purpose"

PARSER = LineParser(
    name="dpkg",
    title="dpkg log (dpkg.log)",
    url="https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html",
    layouts=(
        *(Layout(f"{{time:iso}} {action} {{package}} {{from}} {{to}}", name=action) for action in _ACTIONS),
        Layout("{time:iso} status {state} {package} {version}", name="status"),
        Layout("{time:iso} conffile {conffile} {decision}", name="conffile"),
        Layout("{time:iso} startup archives {phase}", name="startup-archives"),
        Layout("{time:iso} startup packages {phase}", name="startup-packages"),
    ),
    meaning=_meaning,
    samples=(
        Sample(
            b"2022-11-10 10:42:16 upgrade less:amd64 590-2.1~deb12u2 590-2.1~deb12u2",
            {
                "time": "2022-11-10T10:42:16",
                "kind": "change",
                "action": "upgrade",
                "target": "less",
                "arch": "amd64",
                "outcome": "changed",
                "from": "590-2.1~deb12u2",
                "to": "590-2.1~deb12u2",
                "message": "upgrade less:amd64 590-2.1~deb12u2 590-2.1~deb12u2",
            },
            _RECORDING,
        ),
        Sample(
            b"2026-11-22 11:01:10 install blog-cache:all <none> 2.0",
            {
                "time": "2026-11-22T11:01:10",
                "kind": "change",
                "action": "install",
                "target": "blog-cache",
                "from": None,
                "to": "2.0",
            },
            _RUN,
        ),
        Sample(
            b"2026-11-22 11:01:10 remove blog-cache:all 2.0 <none>",
            {"kind": "change", "action": "remove", "target": "blog-cache", "from": "2.0", "to": None},
            _RUN,
        ),
        Sample(
            b"2026-11-22 11:01:10 purge blog-theme:all 1.0 <none>",
            {"kind": "change", "action": "purge", "target": "blog-theme"},
            _RUN,
        ),
        Sample(
            b"2022-11-10 10:42:16 configure less:amd64 590-2.1~deb12u2 <none>",
            {"kind": "change", "action": "configure", "target": "less"},
            _RECORDING,
        ),
        Sample(
            b"2022-11-10 10:42:16 trigproc man-db:amd64 2.11.2-2 <none>",
            {"kind": "change", "action": "trigproc", "target": "man-db"},
            _RECORDING,
        ),
        Sample(
            b"2026-11-22 11:35:28 disappear old-theme:all 1.0 <none>",
            {"kind": "change", "action": "disappear", "target": "old-theme"},
            _RUN,
        ),
        Sample(
            b"2022-11-10 10:42:16 status half-configured less:amd64 590-2.1~deb12u2",
            {
                "kind": "log",
                "state": "half-configured",
                "message": "status half-configured less:amd64 590-2.1~deb12u2",
            },
            _RECORDING,
        ),
        Sample(
            b"2022-11-10 10:42:15 startup archives unpack",
            {"kind": "log", "phase": "unpack", "message": "startup unpack"},
            _RECORDING,
        ),
        Sample(
            b"2022-11-10 10:42:16 startup packages configure",
            {"kind": "log", "phase": "configure"},
            _RECORDING,
        ),
        Sample(
            b"2026-11-22 11:01:10 conffile /etc/blog-theme.conf keep",
            {"kind": "log", "conffile": "/etc/blog-theme.conf", "decision": "keep"},
            _RUN,
        ),
    ),
)
