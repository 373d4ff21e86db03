r"""Any text with times in it: the form and the place of the time are learned from the first lines of each source.

Asked only where no declared format fits. The time may stand anywhere in the first part of a line: behind some words
(``host app [10.11.2022 10:29:58] …``) or at a fixed column. A line without one belongs to the record above (stack traces of any
language). A severity word near the beginning is taken for the severity. Every event says in ``learned`` what was taken for
the time: such a source is understood less surely than one of a known format.

Traps: 10/11/2022 is a day in November or one in October: the reading with which more times exist, and then more times
follow each other, is taken; numbers are times since 1970 only where they fall into this century.

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
    OFFSET_UNKNOWN,
    Column,
    Form,
    Layout,
    LearningParser,
    LineParser,
    Lines,
    Match,
    Sample,
    Times,
    severity_of,
    times_in,
    zoned,
)

NEAR: Final = 120  # bytes of a line in which its time is looked for
SHARE: Final = 0.3  # of the lines must have their time in one place: the others may be continuations
MAX_WORDS: Final = 12

_FORMS: Final = tuple(
    Form(template, template)
    for template in (
        "YYYY-mm-ddtHH:MM:SSFZ",
        "YYYY/mm/dd HH:MM:SSF",
        "YYYY.mm.dd HH:MM:SSF",
        "YYYY-mm-dd-HH.MM.SSF",
        "YYYY-mm-dd_HH:MM:SSF",
        "YYYYmmddtHH:MM:SSF",
        "YYYYmmddtHHMMSS",
        "dd/bbb/YYYY:HH:MM:SS zzzzz",
        "dd/bbb/YYYY:HH:MM:SSF",
        "dd/bbb/YYYY HH:MM:SSF",
        "dd-bbb-YYYY HH:MM:SSF",
        "dd bbb YYYY HH:MM:SSF",
        "dd.mm.YYYY HH:MM:SSF",
        "dd/mm/YYYY HH:MM:SSF",
        "mm/dd/YYYY HH:MM:SSF",
        "dd-mm-YYYY HH:MM:SSF",
        "mm-dd-YYYY HH:MM:SSF",
        "aaa bbb ee HH:MM:SSF YYYY",
        "bbb ee YYYY HH:MM:SSF",
        "bbb ee, YYYY HH:MM:SSF",
        "bbb ee HH:MM:SSF",
        "mm-dd HH:MM:SS.fff",
        "sF",
        "n",
    )
)
_FIRST_US: Final = 946_684_800_000_000  # 2000
_LAST_US: Final = 4_102_444_800_000_000  # 2100
_LEVEL: Final = (
    r"^.{0,60}?(?:^|[^A-Za-z0-9_])(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRIT|CRITICAL|ALERT|EMERG|PANIC"
    r"|SEVERE|Warning|Error|Fatal|(?:level=|\[|severity=)(?i:trace|debug|info|notice|warn|warning|error|err|fatal|crit|critical|panic))"
    r"(?:$|[^A-Za-z0-9_])"
)
_ZONED: Final = re.compile(rb" (?:UTC|GMT|[A-Z]{3,4}T|[-+]\d\d:?\d\d)(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the time stands: behind so many words and this text, in this form; and whether a zone is behind it."""

    words: int
    opening: str
    template: str
    zone: bool

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
        for words, opening, template in {spot for form in _FORMS for spot in _spots(form, line[:NEAR])}:
            votes.setdefault((words, opening, template), []).append(number)
    enough = {spot: rows for spot, rows in votes.items() if len(rows) >= max(SHARE * len(lines), 1)}
    if not enough:
        return None
    best = max(enough, key=lambda spot: _merit(spot, [lines[row] for row in enough[spot]]))
    texts = [lines[row] for row in enough[best]]
    behind = sum(bool(_zone_behind(best, line)) for line in texts)
    place = Place(*best, zone=2 * behind > len(texts))
    if _merit(best, texts)[0] == 0:
        return None
    return LineParser(
        name=PARSER.name, title=PARSER.title, url=PARSER.url, samples=PARSER.samples,
        layouts=(place.layout,), continues=True, meaning=partial(_meaning, place),
    )  # fmt: skip


def _spots(form: Form, line: bytes) -> list[tuple[int, str, str]]:
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
    form = next(form for form in _FORMS if form.template == template)
    if template == "sF":
        return re.compile(rb"(?<![0-9A-Za-z.:/-])[1-3][0-9]{9}(?:\.[0-9]{1,9})?(?![0-9A-Za-z:.])")
    if template == "n":
        return re.compile(rb"(?<![0-9A-Za-z.:/-])[1-3][0-9]{12}(?![0-9A-Za-z:.])")
    return re.compile(rb"(?<![0-9])(?:" + form.regex + rb")(?![0-9])")


def _merit(spot: tuple[int, str, str], lines: list[bytes]) -> tuple[int, int, int, int, int]:
    """Prefer the place where more times exist, follow each other, have a year, are long, and stand early."""
    form = next(form for form in _FORMS if form.template == spot[2])
    found = [hit[0] for line in lines if (hit := _regex(spot[2]).search(line[:NEAR]))]
    times, ok = times_in(Lines.of(b"\n".join(found)), form)
    wall = times.wall_us[ok]
    good = int((ok & (~np.asarray(times.has_year) | (times.wall_us > _FIRST_US) & (times.wall_us < _LAST_US))).sum())
    rising = int((np.diff(wall) >= 0).sum())
    return good, rising, int(form.has_year), len(found[0]) if found else 0, -spot[0]


def _zone_behind(spot: tuple[int, str, str], line: bytes) -> bool:
    found = _regex(spot[2]).search(line[:NEAR])
    return found is not None and _ZONED.match(line, found.end()) is not None


def _meaning(place: Place, match: Match, _outer: Mapping[str, Column]) -> dict[str, Any]:
    form = next(form for form in _FORMS if form.template == place.template)
    lines = match.lines
    starts, limits = match.span("message")
    ends, fits = form.ends(lines.block, starts, limits)
    times, known = _read(form, lines, starts, ends, fits)
    if form.is_epoch:
        known &= (times.wall_us > _FIRST_US) & (times.wall_us < _LAST_US)
    if place.zone:
        times, ends = _with_zone(times, lines, ends, limits)
    message = pc.utf8_ltrim(lines.texts(np.where(known, ends, starts), limits), " \t]):|,>-\"'")
    level = pc.struct_field(pc.extract_regex(message, _LEVEL), "level")
    words = pc.utf8_ltrim(pc.replace_substring_regex(level, r"^(?:level=|severity=)", ""), "[")
    where = f"{place.template} behind {place.words} words" if place.words else f"{place.template} at the beginning"
    return {
        "time": times,
        "refused": ~known,
        "message": message,
        "severity": severity_of(words),
        "learned": pa.repeat(where, len(match)),
    }


def _read(form: Form, lines: Lines, starts: np.ndarray, ends: np.ndarray, fits: np.ndarray) -> tuple[Times, np.ndarray]:
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


_MADE: Final = "a program's own format, as in its documentation: "

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
        b"1286536309.586     18 192.0.2.7 TCP_MISS/200 504 GET http://example.com/ - DIRECT/192.0.2.9 text/html",
        {"time": "2010-10-08T11:11:49.586+00:00", "kind": "log"},
        "Squid's documentation, native access log",
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
    Sample(b"no time anywhere\nnor here", None, "text without times"),
)  # fmt: skip

PARSER = LearningParser(
    name="generic",
    title="Generic text with times (learned from the source)",
    url="https://www.rfc-editor.org/rfc/rfc3339",
    samples=SAMPLES,
    learn=_learn,
)
