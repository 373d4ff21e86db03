"""Received: a log server's copy of a message against the line in the sender's own file.

Where the server stamps what it receives, the two times are those of two clocks, some milliseconds apart. Where it
keeps the sender's stamp (rsyslog's default), they are equal, and the copy has the sender's clock: a file that holds
the lines of one such host only is then set right with that host.

https://www.rsyslog.com/doc/configuration/properties.html (timereported, timegenerated)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from afterlog.anchors.numbers import numbers_of
from afterlog.anchors.rows import ends_of, source_of
from afterlog.clock.judging import Pair, moved
from afterlog.clock.skew import SECOND, Skew, Times, measure_matched, step_s
from afterlog.event import Kind

_MOST: Final = 100_000  # lines of a source that are compared: the last ones
_SHARED: Final = 0.5  # of the messages that occur once, in the time that both files cover
_MANY: Final = 20  # so many shared messages are no chance, however large the files
_BOOT: Final = pa.array(["kernel", "systemd"])  # they say the same at every boot
_SAME: Final = 0.95


class _Lines(NamedTuple):
    """Times (microseconds) and numbers of the messages of one source, shape (n,)."""

    source: str
    time: Times
    key: Times


class _Copy(NamedTuple):
    """How a log server's copy compares with a host's own file; ``skew`` is None where the stamps are the same."""

    host: str
    own: str
    server: str
    copy: str
    skew: Skew | None


def pairs_by_message(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> list[Pair]:
    """Measure hosts against the log servers that stamped copies of their messages."""
    files = _by_source(parts)
    return [
        Pair(one.host, one.server, one.own, one.copy, one.skew, "messages")
        for one in _copies(files, _relays(files, hosts), hosts)
        if one.skew is not None
    ]


def stamped_by_sender(parts: Sequence[Path], hosts: Mapping[str, str | None]) -> dict[str, str]:
    """Name the host whose clock stamped a log server's file, where that is not the server, by path."""
    files = _by_source(parts)
    relays = {path: others for path, others in _relays(files, hosts).items() if len(others) == 1}
    return {one.copy: one.host for one in _copies(files, relays, hosts) if one.skew is None}


_Files = Mapping[str, Sequence[Path]]


def _by_source(parts: Sequence[Path]) -> dict[str, list[Path]]:
    """Give the parts that hold messages by their source."""
    found: dict[str, list[Path]] = {}
    for part in parts:
        told = pq.ParquetFile(part).metadata
        kinds = [ends_of(told, index, "kind") for index in range(told.num_row_groups)]
        if any(kind is None or kind[0] != str(Kind.REQUEST) for kind in kinds):
            found.setdefault(source_of(part), []).append(part)
    return found


def _copies(files: _Files, relays: Mapping[str, set[str]], hosts: Mapping[str, str | None]) -> Iterator[_Copy]:
    """Compare each log server's file with the own files of the hosts whose lines it holds."""
    own_paths: dict[str, list[str]] = {}
    for path in sorted(files):
        own_paths.setdefault(hosts.get(path) or "", []).append(path)
    for path, others in sorted(relays.items()):
        copied = _lines(path, files[path], {host for host in others if host in own_paths})
        for host, copies in sorted(copied.items()):
            for own_path in own_paths[host]:
                own = _lines(own_path, files[own_path], {host}).get(host)
                compared = _compared(own, copies) if own is not None else None
                if compared is not None:
                    yield _Copy(host, own_path, hosts[path] or "", path, compared[0])


def _compared(own: _Lines, copied: _Lines) -> tuple[Skew | None] | None:
    """Measure the skew by messages that stand once in each; (None,) for equal stamps, None for unrelated files."""
    own, copied = _once(own), _once(copied)
    skew = measure_matched(own.time, own.key, copied.time, copied.key)
    common = np.intersect1d(own.key, copied.key)
    chance = len(common) < min(_MANY, _SHARED * min(len(own.key), len(copied.key)))
    if skew is None or chance or _shared(own, copied, round(skew.offset_s * SECOND)) < _SHARED:
        return None
    mine, theirs = (lines.time[np.isin(lines.key, common)] for lines in (own, copied))  # both in the order of keys
    later = mine - theirs
    if np.mean((later >= 0) & (later < SECOND)) >= _SAME:
        return (None,)
    return (moved(skew, (step_s(own.time) - step_s(copied.time)) / 2),)


def _shared(own: _Lines, copied: _Lines, ahead_us: int) -> float:
    """Give the share of messages that both files hold, of the time that both cover if one clock is so far ahead."""
    time = own.time - ahead_us
    covered = own.key[(time >= copied.time.min() - SECOND) & (time <= copied.time.max() + SECOND)]
    copies = copied.key[(copied.time >= time.min() - SECOND) & (copied.time <= time.max() + SECOND)]
    least = min(len(covered), len(copies))
    return len(np.intersect1d(covered, copies)) / least if least else 0.0


def _once(lines: _Lines) -> _Lines:
    """Keep the messages that occur once, in the order of their numbers."""
    keys, first, counts = np.unique(lines.key, return_index=True, return_counts=True)
    alone = counts == 1
    return _Lines(lines.source, lines.time[first[alone]], keys[alone])


def _relays(files: _Files, hosts: Mapping[str, str | None]) -> dict[str, set[str]]:
    """Name the sources that hold messages of other hosts than the one they were found on, and these hosts."""
    found: dict[str, set[str]] = {}
    for path, mine in files.items():
        for file in map(pq.ParquetFile, mine if hosts.get(path) else ()):
            for index in range(file.num_row_groups):
                names = pc.unique(file.read_row_group(index, columns=["host"]).column("host")).to_pylist()
                found.setdefault(path, set()).update(name for name in names if name and name != hosts[path])
    return {path: others for path, others in found.items() if others}


def _lines(path: str, files: Sequence[Path], wanted: set[str]) -> dict[str, _Lines]:
    """Give the last messages of some hosts in the parts of one source, by host."""
    tables: list[pa.Table] = []
    names = pa.array(sorted(wanted), pa.string())
    for file in map(pq.ParquetFile, reversed(files)):
        for index in reversed(range(file.num_row_groups)):
            if sum(len(table) for table in tables) >= _MOST:
                break
            table = file.read_row_group(index, columns=["time", "host", "service", "message"])
            said = pc.and_(pc.is_in(table.column("host"), names), pc.is_valid(table.column("message")))
            tables.append(table.filter(pc.and_(said, pc.invert(pc.is_in(table.column("service"), _BOOT)))))
    if not sum(len(table) for table in tables):
        return {}
    table = pa.concat_tables(tables)
    keys = numbers_of(table.column("message")) ^ (numbers_of(table.column("service")) >> np.int64(1))
    time, host = table.column("time").cast(pa.int64()).to_numpy(), np.asarray(table.column("host"), object)
    return {name: _Lines(path, time[host == name], keys[host == name]) for name in sorted(wanted & set(host))}
