r"""Any text with times in it: the form and the place of the time are learned from the first lines of each source.

Asked only where no declared format fits. The time may stand anywhere in the first part of a line: behind some words
(``host app [10.11.2022 10:29:58] …``) or at a fixed column. A line without one belongs to the record above (stack traces of any
language). A severity word near the beginning, before the time or behind it, is taken for the severity. Every event says in ``learned`` what was taken for
the time: such a source is understood less surely than one of a known format.

Traps: 10/11/2022 is a day in November or one in October: the reading with which more times exist, and then more times
follow each other, is taken; numbers are times since 1970 only where they fall into this century; behind a time of twelve
hours stands AM or PM; numbers may not be padded (``1/2/2022 3:04:05 PM``); a line that prints its time twice, as a local
time and since 1970, is exact; half of the lines of a log may be stack traces.

https://www.rfc-editor.org/rfc/rfc3339
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from afterlog.parser import (
    COMMON_FORMS,
    LOOSE_FORMS,
    OFFSET_UNKNOWN,
    Column,
    Form,
    Layout,
    LearningParser,
    LineParser,
    Lines,
    Loose,
    Match,
    Sample,
    Times,
    severity_in,
    times_in,
    zoned,
)

NEAR: Final = 120  # bytes of a line in which its time is looked for
SHARE: Final = 0.3  # of the lines must have their time in one place: the others may be continuations
MAX_WORDS: Final = 12

_FIRST_US: Final = 946_684_800_000_000  # 2000
_LAST_US: Final = 4_102_444_800_000_000  # 2100
_ZONED: Final = re.compile(rb" (?:UTC|GMT|[A-Z]{2,4}T|[-+]\d\d:?\d\d)(?![A-Za-z0-9])")
_HALF: Final = re.compile(rb"(?: |\xe2\x80\xaf)?[AaPp]\.?[Mm](?![A-Za-z0-9])")
_CONTINUED: Final = re.compile(rb"[ \t]|Caused by: |Traceback |During handling |[})\]]|[\w.$]+(?:Exception|Error)\b")
_HOUR_US: Final = 3_600_000_000
_FARTHEST_US: Final = 15 * _HOUR_US  # between a local time and UTC


_EVERY: Final[tuple[Form | Loose, ...]] = (*COMMON_FORMS, *LOOSE_FORMS)
_FORMS: Final = {form.template: form for form in _EVERY}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the time stands: behind so many words and this text, in this form; and what is behind it."""

    words: int
    opening: str
    template: str
    zone: bool
    half: bool  # AM or PM
    since_1970: int | None = None  # which of the words before it prints the same moment since 1970

    @property
    def layout(self) -> Layout:
        """The lines as a layout that leaves the reading of the time to the meaning."""
        words = "".join(f"{{word_{number}:word}}{{~}}" for number in range(self.words))
        opening = self.opening.replace("{", "{{").replace("}", "}}")
        return Layout(f"{words}{opening}{{message:rest}}", name="learned")


def _learn(head: list[bytes]) -> LineParser | None:
    lines = [line for line in head if line.strip()]
    votes: dict[tuple[int, str, str], list[int]] = {}
    for number, line in enumerate(lines):
        for words, opening, template in dict.fromkeys(
            spot for form in _FORMS.values() for spot in _spots(form, line[:NEAR])
        ):
            votes.setdefault((words, opening, template), []).append(number)
    heads = sum(_CONTINUED.match(line) is None for line in lines)
    enough = {spot: rows for spot, rows in votes.items() if len(rows) >= max(SHARE * heads, 1)}
    if not enough:
        return None
    best = max(enough, key=lambda spot: _merit(spot, [lines[row] for row in enough[spot]]))
    same = (spot for spot in enough if _says_the_same(spot, enough[spot], best, enough[best], lines))
    texts = [lines[row] for row in enough[best]]
    zones = sum(_behind(_ZONED, best, line) for line in texts)
    halves = sum(_behind(_HALF, best, line) for line in texts)
    place = Place(
        *best,
        zone=2 * zones > len(texts),
        half=2 * halves > len(texts),
        since_1970=next((spot[0] for spot in same), None),
    )
    if _merit(best, texts)[0] == 0:
        return None
    return LineParser(
        name=PARSER.name, title=PARSER.title, url=PARSER.url, samples=PARSER.samples,
        layouts=(place.layout,), continues=True, meaning=partial(_meaning, place),
    )  # fmt: skip


def _says_the_same(
    spot: tuple[int, str, str], rows: list[int], best: tuple[int, str, str], of_best: list[int], lines: list[bytes]
) -> bool:
    """Tell whether a place prints since 1970 what the best prints as a local time without zone."""
    if spot[2] != "sF" or spot[1] or spot[0] >= best[0] or _FORMS[best[2]].is_epoch or not set(of_best) <= set(rows):
        return False
    exact, known = _times_at(spot, [lines[row] for row in of_best])
    local, there = _times_at(best, [lines[row] for row in of_best])
    if not (known.all() and there.all() and (local.offset_s == OFFSET_UNKNOWN).all()) or not np.all(local.has_year):
        return False
    return bool((np.abs(exact.wall_us - local.wall_us) <= _FARTHEST_US).all())


def _times_at(spot: tuple[int, str, str], lines: list[bytes]) -> tuple[Times, np.ndarray]:
    """Read the times at a place, one per line that has one."""
    found = [hit[0] for line in lines if (hit := _regex(spot[2]).search(line[:NEAR]))]
    return times_in(Lines.of(b"\n".join(found)), _FORMS[spot[2]])


def _spots(form: Form | Loose, line: bytes) -> list[tuple[int, str, str]]:
    """Where a form stands in a line: the first place, as words before it and what opens it."""
    found = _regex(form.template).search(line)
    if found is None:
        return []
    before = line[: found.start()]
    words = before.split()
    opening = words.pop() if words and not before.endswith((b" ", b"\t")) else b""
    if len(words) > MAX_WORDS or not opening.isascii() or len(opening) > 12 or re.search(rb"[0-9]", opening):
        return []
    if before[:1] in {b" ", b"\t"}:
        return []
    return [(len(words), opening.decode(), form.template)]


@lru_cache(maxsize=64)
def _regex(template: str) -> re.Pattern[bytes]:
    form = _FORMS[template]
    if template == "sF":
        return re.compile(rb"(?<![0-9A-Za-z.:/-])[1-3][0-9]{9}(?:\.[0-9]{1,9})?(?![0-9A-Za-z:.])")
    if template == "n":
        return re.compile(rb"(?<![0-9A-Za-z.:/-])[1-3][0-9]{12}(?![0-9A-Za-z:.])")
    return re.compile(rb"(?<![0-9])(?:" + form.regex + rb")(?![0-9])")


def _merit(spot: tuple[int, str, str], lines: list[bytes]) -> tuple[int, int, int, int, int, int]:
    """Prefer the place where more times exist, are padded, follow each other, have a year, are long, and stand early."""
    form = _FORMS[spot[2]]
    times, ok = _times_at(spot, lines)
    wall = times.wall_us[ok]
    good = int((ok & (~np.asarray(times.has_year) | (times.wall_us > _FIRST_US) & (times.wall_us < _LAST_US))).sum())
    rising = int((np.diff(wall) >= 0).sum())
    hit = next((hit for line in lines if (hit := _regex(spot[2]).search(line[:NEAR]))), None)
    return good, isinstance(form, Form) or form.sure, rising, int(form.has_year), len(hit[0]) if hit else 0, -spot[0]


def _behind(what: re.Pattern[bytes], spot: tuple[int, str, str], line: bytes) -> bool:
    found = _regex(spot[2]).search(line[:NEAR])
    return found is not None and what.match(line, found.end()) is not None


def _meaning(place: Place, match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    form = _FORMS[place.template]
    lines = match.lines
    starts, limits = match.span("message")
    ends, fits = form.ends(lines.block, starts, limits)
    times, known = _read(form, lines, starts, ends, fits)
    if form.is_epoch:
        known &= (times.wall_us > _FIRST_US) & (times.wall_us < _LAST_US)
    if place.half:
        times, ends = _with_half(times, lines, ends, limits)
    if place.since_1970 is not None:
        times = _since_1970(times, match.text(f"word_{place.since_1970}"))
    if place.zone:
        times, ends = _with_zone(times, lines, ends, limits)
    message = pc.utf8_ltrim(lines.texts(np.where(known, ends, starts), limits), " \t]):|,>-\"'")
    before = [match.text(f"word_{number}") for number in range(place.words)]
    where = f"{place.template} behind {place.words} words" if place.words else f"{place.template} at the beginning"
    return {
        "time": times,
        "refused": ~known,
        "message": message,
        "severity": severity_in(message, before),
        "learned": pa.repeat(where, len(match)),
    }


def _since_1970(times: Times, seconds: Column) -> Times:
    """Give the moments that stand beside local times, with the fractions that the local times print.

    They differ by an offset in quarters of an hour; a line where they do not stays a local time.
    """
    digits = pc.if_else(pc.match_substring_regex(seconds, r"^[0-9]{1,11}(?:\.[0-9]{1,9})?$"), seconds, None)
    since_us = np.asarray(pc.fill_null(digits.cast(pa.float64()), 0.0)) * 1e6
    offset_s = np.rint((times.wall_us - since_us) / 9e8) * 900
    known = np.asarray(digits.is_valid()) & (np.abs(offset_s) <= _FARTHEST_US / 1e6)
    utc_us = times.wall_us - np.where(known, offset_s, 0.0).astype(np.int64) * 1_000_000
    return Times(utc_us, np.where(known, 0, times.offset_s).astype(np.int32), times.has_year, times.resolution_us)


def _with_half(times: Times, lines: Lines, ends: np.ndarray, limits: np.ndarray) -> tuple[Times, np.ndarray]:
    """Read AM or PM behind the times: 12 AM is midnight, 12 PM noon."""
    near = lines.texts(ends, np.minimum(ends + 7, limits))
    told = pc.extract_regex(near, r"^(?P<all>[ \x{202f}]?(?P<half>[AaPp])\.?[Mm])(?:[^A-Za-z0-9]|$)")
    half = pc.fill_null(pc.utf8_upper(pc.struct_field(told, "half")), "")
    hour = times.wall_us // _HOUR_US % 24
    later = np.asarray(pc.equal(half, "P")) & (hour < 12)
    earlier = np.asarray(pc.equal(half, "A")) & (hour == 12)
    wall = times.wall_us + 12 * _HOUR_US * (later.astype(np.int64) - earlier.astype(np.int64))
    width = np.asarray(pc.fill_null(pc.binary_length(pc.struct_field(told, "all")), 0)).astype(np.int64)
    return Times(wall, times.offset_s, times.has_year, times.resolution_us), ends + width


def _read(
    form: Form | Loose, lines: Lines, starts: np.ndarray, ends: np.ndarray, fits: np.ndarray
) -> tuple[Times, np.ndarray]:
    """Read the times where the form fits, and tell where one exists."""
    rows = np.flatnonzero(fits)
    times, exists = form.read(lines.block, starts[rows], ends[rows])
    wall, offset = np.zeros(len(starts), np.int64), np.full(len(starts), OFFSET_UNKNOWN, np.int32)
    known = np.zeros(len(starts), bool)
    wall[rows], offset[rows], known[rows] = times.wall_us, times.offset_s, exists
    return Times(wall, offset, times.has_year, times.resolution_us), known


def _with_zone(times: Times, lines: Lines, ends: np.ndarray, limits: np.ndarray) -> tuple[Times, np.ndarray]:
    """Read the zone behind the times: a word of up to six bytes."""
    begin = np.minimum(ends + 1, limits)
    near = lines.texts(begin, np.minimum(begin + 6, limits))
    zone = pc.struct_field(
        pc.extract_regex(near, r"^(?P<zone>UTC|GMT|[A-Z]{2,4}T|[-+][0-9]{2}:?[0-9]{2})(?:[^A-Za-z0-9]|$)"), "zone"
    )
    width = np.asarray(pc.fill_null(pc.binary_length(zone), -1)).astype(np.int64)
    return zoned(times, zone), np.where(width >= 0, begin + width, ends)


_LOGHUB: Final = "public log of the LogHub collection, "

SAMPLES: Final = (
    Sample(
        b"10.11.2022 10:29:58 Backup ERROR could not write\n    at Writer.write\n10.11.2022 10:29:59 Backup INFO done",
        {"time": "2022-11-10T10:29:58", "severity": 17, "message": "Backup ERROR could not write\n    at Writer.write", "kind": "log"},
        "German date, made for this test",
    ),
    Sample(
        b"web-01 app [2022-11-10 10:29:58 +0530] started",
        {"time": "2022-11-10T10:29:58+05:30", "message": "started", "learned": "YYYY-mm-ddtHH:MM:SSFZ behind 2 words"},
        "made for this test: two words and a bracket before the time",
    ),
    Sample(
        b"244815 node-205 unix.hw net.niff.up 1118546462 1 NIFF: node node-205 has detected an available network connection on network 5.5.224.0 via interface alt0",
        {"time": "2005-06-12T03:21:02+00:00", "kind": "log"},
        _LOGHUB + "HPC",
    ),
    Sample(
        b"11/22/2026 02:01:07 PM DEBUG cart 7\n11/22/2026 02:01:08 PM INFO ready",
        {"time": "2026-11-22T14:01:07", "severity": 5, "message": "DEBUG cart 7"},
        "Python 3.11, logging with the date format of its HOWTO, '%m/%d/%Y %I:%M:%S %p'",
    ),
    Sample(
        b"20171224-0:49:29:380|Step_LSC|30002312|processHandleBroadcastAction action:android.intent.action.TIME_TICK\n"
        b"20171224-0:55:32:22|Step_LSC|30002312|processHandleBroadcastAction action:android.intent.action.TIME_TICK",
        {"time": "2017-12-24T00:49:29.38"},
        _LOGHUB + "HealthApp",
    ),
    Sample(
        b"[07.27 10:23:30] chrome.exe *64 - wn.pos.baidu.com:443 close, 330 bytes sent, 4169 bytes (4.07 KB) received, lifetime 00:22",
        {"time": "2000-07-27T10:23:30"},
        _LOGHUB + "Proxifier",
    ),
    Sample(
        b"- 1134748483 2005.12.16 R60-M1-N7-C:J17-U01 2005-12-16-07.54.43.245870 R60-M1-N7-C:J17-U01 RAS KERNEL INFO total of 20 ddr error(s) detected and corrected over 22070 seconds",
        {"time": "2005-12-16T15:54:43.24587+00:00", "severity": 9},
        _LOGHUB + "BGL",
    ),
    Sample(
        b"2016-09-29 02:04:39, Info                  CBS    Session: 30546354_3352763948 initialized by client WindowsUpdateAgent.",
        {"time": "2016-09-29T02:04:39", "severity": 9},
        _LOGHUB + "Windows",
    ),
    Sample(
        b"03-17 16:16:09.141  1702  1820 D DisplayPowerController: Animating brightness: target=38, rate=200",
        {"time": "2000-03-17T16:16:09.141", "severity": 5},
        _LOGHUB + "Android",
    ),
    Sample(
        b"2019-11-26 01:04:49.008 +08:00 [WRN] Failed login attempt. 192.168.0.16",
        {"time": "2019-11-26T01:04:49.008+08:00", "severity": 13},
        "repository fail2ban/fail2ban, fail2ban/tests/files/logs/bitwarden: Serilog's console and file output",
    ),
    Sample(
        b"Wed May 19 08:00:01 EST 2021 line 1\n/abc/def\nWed May 19 08:00:03 EST 2021 line 3",
        {"time": "2021-05-19T08:00:01-05:00", "message": "line 1\n/abc/def"},
        "repository tstack/lnav, test/logfile_block.1: what date(1) prints",
    ),
    Sample(
        b"13/11/2022 10:29:58 a\n01/12/2022 10:29:58 b",
        {"time": "2022-11-13T10:29:58", "message": "a"},
        "made for this test: only one reading of the days exists",
    ),
    Sample(
        b"|10-11 10:29:58.123| warn \x00\xff\x1b[31m 10-12 10:29:58.123 FATAL",
        {"time": "2000-10-11T10:29:58.123"},
        "hostile: NUL, bad UTF-8, an escape and another time inside a message; no year",
    ),
    Sample(
        b"@400000006b0eb4f018f536ac starting service",
        {"time": "2026-12-01T11:52:06.418723+00:00", "message": "starting service"},
        "tai64n of daemontools 0.76 (Debian) on this machine",
    ),
    Sample(
        b"[2/22/24 5:13:33:486 UTC] 00000001 WsServerImpl  A   WSVR0001I: Server server1 open for e-business",
        {"time": "2024-02-22T05:13:33.486+00:00"},
        "log of WebSphere quoted in a public repository",
    ),
    Sample(
        b"ERROR 2023-01-05 10:00:00 boom\n[info] 2023-01-05 10:00:01 fine",
        {"time": "2023-01-05T10:00:00", "severity": 17, "message": "boom"},
        "made for this test: the severity before the time",
    ),
    Sample(b"no time anywhere\nnor here", None, "text without times"),
)  # fmt: skip

PARSER = LearningParser(
    name="generic",
    title="Generic text with times (learned from the source)",
    url="https://www.rfc-editor.org/rfc/rfc3339",
    samples=SAMPLES,
    learn=_learn,
)
