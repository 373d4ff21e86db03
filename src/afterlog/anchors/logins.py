"""Logins: who runs ``ssh web-01`` on one host is let in by the sshd of the other a moment later.

The client's side is a command that somebody ran: in a shell history with times, told by sudo, or by auditd. The
server's line names the client by an address, which the logs need not explain: all addresses are tried, and only the
true one gives a difference of times that stands out.

https://man.openbsd.org/ssh  https://man.openbsd.org/sshd_config#LogLevel
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow.compute as pc

from afterlog.anchors.rows import changes_with, short
from afterlog.clock.judging import Pair
from afterlog.clock.skew import Skew, measure_skew, step_s

_MOST: Final = 60  # moments of one side that are compared: the last ones
_DELAY_S: Final = 1.0  # from the command to the login; where a password is typed it is longer, and tells nothing
_CLIENT: Final = r"(^|[\s/;|&])(ssh|scp|sftp|rsync|mosh)\s"
_NAME: Final = re.compile(r"(?:^|[\s@'\"])(?:[\w.-]+@)?([A-Za-z][\w.-]*)(?=[\s:'\"]|$)")


class _Moment(NamedTuple):
    time: int
    source: str


_Moments = dict[tuple[str, str], list[_Moment]]


def pairs_by_login(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> list[Pair]:
    """Measure servers against the hosts from which somebody logged into them."""
    logins = _logins(parts, hosts)
    if not logins:
        return []
    pairs = []
    for (client, server), commands in sorted(_commands(parts, hosts, {host for host, _ in logins}).items()):
        tried = [
            (skew, came)
            for (host, _address), came in sorted(logins.items())
            if host == server != client and (skew := _measured(came, commands)) is not None
        ]
        if tried:
            skew, came = max(tried, key=lambda one: one[0].anchors)
            pairs.append(Pair(server, client, _most(came), _most(commands), skew, "logins"))
    return pairs


def _measured(logins: Sequence[_Moment], commands: Sequence[_Moment]) -> Skew | None:
    own, other = (np.unique([one.time for one in side])[-_MOST:].astype(np.int64) for side in (logins, commands))
    skew = measure_skew(own, np.zeros(len(own), np.int64), other, np.zeros(len(other), np.int64))
    if skew is None or len(skew.offsets_s) > 1:
        return None
    ahead_s = skew.offset_s + (step_s(own) - step_s(other)) / 2 - _DELAY_S / 2
    return replace(skew, offset_s=ahead_s, offsets_s=(ahead_s,), slack_s=_DELAY_S)


def _most(moments: Sequence[_Moment]) -> str:
    return Counter(sorted(one.source for one in moments)).most_common(1)[0][0]


def _logins(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> _Moments:
    """Give the logins by server and address of the client."""
    found: _Moments = {}
    for table in changes_with(parts, ("login",), ("time", "source", "host", "client")):
        for row in table.to_pylist():
            if row["client"] and row["host"] and row["host"] == hosts.get(row["source"]):
                found.setdefault((row["host"], row["client"]), []).append(_Moment(row["time"], row["source"]))
    return found


def _commands(parts: Sequence[Path], hosts: Mapping[str, str | None], servers: set[str]) -> _Moments:
    """Give the ssh commands by the host they were run on and the server they name."""
    by_name = {short(server): server for server in servers}
    found: _Moments = {}
    for table in changes_with(parts, ("command",), ("time", "source", "host", "target")):
        outgoing = table.filter(pc.match_substring_regex(table.column("target"), _CLIENT))
        for row in outgoing.to_pylist():
            named = {by_name[short(name)] for name in _NAME.findall(row["target"]) if short(name) in by_name}
            if len(named) == 1 and row["host"] and row["host"] == hosts.get(row["source"]):
                found.setdefault((row["host"], named.pop()), []).append(_Moment(row["time"], row["source"]))
    return found
