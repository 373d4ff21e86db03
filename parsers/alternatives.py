"""update-alternatives' log, /var/log/alternatives.log: which program a generic name such as ``editor`` stands for.

Traps: "run with" tells only that the tool was called, nearly always by a package's script; the link changed where
"link group … updated" says so. No zone. Since dpkg 1.15.

https://manpages.debian.org/bookworm/dpkg/update-alternatives.1.en.html
https://salsa.debian.org/dpkg-team/dpkg/-/blob/main/utils/update-alternatives.c
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import Column, Kind, Layout, LineParser, Match, Outcome, Sample

_NAMED: Final = r"--(?:install \S+|remove|remove-all|set|auto|config|slave \S+) (?P<name>[^\s-]\S*)"  # the generic name


def _meaning(match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    if "message" in match:
        return {}
    count = len(match)
    columns: dict[str, Any] = {
        "kind": pa.array([str(Kind.CHANGE)] * count, pa.string()),
        "action": pa.array(["alternatives"] * count, pa.string()),
    }
    if "command" in match:
        command = match.text("command")
        target = pc.struct_field(pc.extract_regex(command, _NAMED), "name")
        outcome, message = Outcome.UNKNOWN, pc.binary_join_element_wise("run with", command, " ")
    else:
        target = match.text("target")
        outcome = Outcome.CHANGED
        end = match.text("to") if "to" in match else "removed"
        message = pc.binary_join_element_wise(target, *(["->"] if "to" in match else []), end, " ")
    columns["outcome"] = pa.array([str(outcome)] * count, pa.string())
    return columns | {"target": target, "message": message}


_RUN: Final = "update-alternatives 1.21.22, run for the purpose"
_HERE: Final = "/var/log/alternatives.log of a Debian 12 machine"

PARSER = LineParser(
    name="alternatives",
    title="update-alternatives log (alternatives.log)",
    url="https://manpages.debian.org/bookworm/dpkg/update-alternatives.1.en.html",
    layouts=(
        Layout("update-alternatives {time:iso}: link group {target} updated to point to {to:rest}", name="link"),
        Layout("update-alternatives {time:iso}: status of link group {target} set to {to:rest}", name="status"),
        Layout("update-alternatives {time:iso}: link group {target} fully removed", name="removed"),
        Layout("update-alternatives {time:iso}: run with {command:rest}", name="run"),
        Layout("update-alternatives {time:iso}: {message:rest}", name="said"),
    ),
    meaning=_meaning,
    samples=(
        Sample(
            b"update-alternatives 2025-06-24 14:36:53: link group pager updated to point to /usr/bin/less",
            {
                "time": "2025-06-24T14:36:53",
                "kind": "change",
                "action": "alternatives",
                "target": "pager",
                "to": "/usr/bin/less",
                "outcome": "changed",
                "message": "pager -> /usr/bin/less",
            },
            _HERE,
        ),
        Sample(
            b"update-alternatives 2022-11-10 10:42:16: run with --quiet --install /usr/bin/pager pager /usr/bin/less 77 --slave /usr/share/man/man1/pager.1.gz pager.1.gz /usr/share/man/man1/less.1.gz",
            {
                "time": "2022-11-10T10:42:16",
                "kind": "change",
                "action": "alternatives",
                "target": "pager",
                "outcome": "unknown",
            },
            "recording misspelt-file-name, web-02/var/log/alternatives.log",
        ),
        Sample(
            b"update-alternatives 2026-11-22 11:28:05: status of link group /srv/alt/php set to manual",
            {
                "kind": "change",
                "action": "alternatives",
                "target": "/srv/alt/php",
                "to": "manual",
                "outcome": "changed",
            },
            _RUN,
        ),
        Sample(
            b"update-alternatives 2026-11-22 11:28:05: link group php fully removed",
            {
                "kind": "change",
                "action": "alternatives",
                "target": "php",
                "outcome": "changed",
                "message": "php removed",
            },
            _RUN,
        ),
        Sample(
            b"update-alternatives 2026-11-22 11:35:28: auto-repair link group php",
            {"kind": "log", "message": "auto-repair link group php"},
            _RUN,
        ),
    ),
)
