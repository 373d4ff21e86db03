"""Deciding: zone and year of every source, from what all sources together tell and what a person said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

import numpy as np

from afterlog.clock.naming import REJECTED, STATED, clock_id
from afterlog.clock.placing import named_moment
from afterlog.clock.resolve import Clock, SourceClock, in_year
from afterlog.clock.zones import offset_name, to_us, zone_of
from afterlog.errors import InputError
from afterlog.event import TimeBasis
from afterlog.layout import OFFSET_UNKNOWN, Times

_DAY_US: Final = 86_400_000_000
# Where one host prints two offsets, daylight saving began or ended: zones by their rules, the best known of each.
_SAVING: Final = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Halifax", "America/Sao_Paulo", "America/Santiago", "Australia/Sydney",
    "Australia/Adelaide", "Pacific/Auckland", "Asia/Jerusalem", "Asia/Beirut", "Africa/Cairo", "Africa/Casablanca",
)  # fmt: skip
_NAME_DATE: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d{3})")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a person said of clocks; it always wins.

    ``tz``: zone of lines that print none. ``zones``: the same by (glob over paths or hosts, zone), the first that
    fits. ``year``: year of the first line without one. ``clocks``: (glob over hosts, seconds the clock was ahead).
    """

    tz: str | None = None
    zones: tuple[tuple[str, str], ...] = ()
    year: int | None = None
    clocks: tuple[tuple[str, float], ...] = ()

    def zone(self, path: str, host: str | None) -> str | None:
        """Give the zone stated for a source."""
        return next((zone for glob, zone in self.zones if fits(glob, path, host)), self.tz)

    def ahead_s(self, path: str, host: str | None) -> float | None:
        """Give the seconds by which the clock of a source was said to be ahead."""
        return next((seconds for glob, seconds in self.clocks if fits(glob, path, host)), None)


def fits(glob: str, path: str, host: str | None) -> bool:
    """Tell whether a glob names a source: its host, its path, or a folder above it."""
    pattern = glob.removesuffix("/**")
    return (
        (host is not None and fnmatchcase(host, pattern))
        or fnmatchcase(path, pattern)
        or fnmatchcase(path, f"{pattern}/*")
    )


def stated(tz: str | None, zones: Sequence[str] = (), year: int | None = None, clocks: Sequence[str] = ()) -> Stated:
    """Read what a person typed: ``GLOB=ZONE`` and ``HOST=-90s`` (how far that clock was ahead; behind: negative).

    Raises:
        InputError: it cannot be read.

    """
    named = [_pair("--zone", entry, "app-*=Europe/Berlin") for entry in zones]
    for zone in [tz, *(zone for _glob, zone in named)]:
        if zone is not None:
            zone_of(zone)
    said = [(glob, _seconds(text)) for glob, text in (_pair("--clock", entry, "app-2=+90s") for entry in clocks)]
    return Stated(tz, tuple(named), year, tuple(said))


def _pair(option: str, entry: str, example: str) -> tuple[str, str]:
    left, equals, right = entry.rpartition("=")
    if not equals or not left or not right:
        raise InputError(f"{option} {entry!r}: write it like {option} '{example}'.")
    return left, right


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)(ms|s|m|min|h|d)?", text.strip())
    if not found:
        raise InputError(f"--clock …={text}: write seconds or a length such as -90s, +7m, 1h.")
    return float(found[1]) * {"ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}.get(found[2] or "s", 1.0)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first lines of a source tell about its clock; wall times in microseconds, [first, last]."""

    path: str
    host: str | None
    offsets: Mapping[int, int]  # seconds east of UTC → lines that print it; 0 only where it is printed as +00:00
    dated: tuple[int, int] | None  # wall times that carry a year
    yearless_first: int | None  # wall time of the first line without a year, in the year 2000
    zoneless: bool
    mtime_us: int
    packed_us: int | None = None  # when it was compressed, as its header says
    placed: bool = False  # whether some records print no time at all


def resolve_clocks(
    surveys: Iterable[Survey], said: Stated, default: str, rejected: frozenset[str] = frozenset()
) -> dict[str, SourceClock]:
    """Decide zone and year of every source.

    Args:
        surveys: what the sources tell.
        said: what a person stated.
        default: the zone assumed where nothing tells.
        rejected: ids (`afterlog.clock.naming.clock_id`) of inferences that a person rejected: the next rule that tells
            something else holds in their place.

    """
    every = sorted(surveys, key=lambda survey: survey.path)
    hosts: dict[str | None, list[Survey]] = {}
    for survey in every:
        hosts.setdefault(survey.host, []).append(survey)
    clocks: dict[str, SourceClock] = {}
    for survey in every:
        scopes = [("this source", [survey])]
        scopes += [(f"host {survey.host}", hosts[survey.host])] if survey.host else []
        scopes.append(("all sources of the case", every))
        owner = survey.host or survey.path
        clock = _zone_clock(survey, scopes, said, default, no_zone=clock_id(owner, "zone") in rejected)
        clock = _with_year(clock, survey, scopes, said, no_year=clock_id(owner, "year") in rejected)
        clocks[survey.path] = _set_right(_with_place(clock, survey), survey, said)
    return clocks


Scopes = Sequence[tuple[str, Sequence[Survey]]]


def _zone_clock(survey: Survey, scopes: Scopes, said: Stated, default: str, *, no_zone: bool) -> SourceClock:
    zone = said.zone(survey.path, survey.host)
    if zone is not None:
        return SourceClock(zone, TimeBasis.ZONE_STATED, STATED)
    rules = list(_zones(scopes, default))
    if not no_zone:
        return rules[0]
    first, *others = rules
    second = next((rule for rule in others if rule.zone != first.zone), others[-1] if others else first)
    instead = second.zone_why if second is not first else "nothing else tells it; state it with --tz or --zone"
    return replace(second, zone_why=f"{REJECTED}{first.zone} ({first.zone_why}); {instead}")


def _zones(scopes: Scopes, default: str) -> Iterator[SourceClock]:
    """Give what each rule tells of a zone, the first that holds first; the last one assumes the default."""
    for scope, others in scopes:
        printed = {offset: s.path for s in others for offset in s.offsets}
        found = {offset: path for offset, path in printed.items() if offset} or printed
        if len(found) == 1:
            offset, path = next(iter(found.items()))
            yield SourceClock(
                offset_name(offset), TimeBasis.ZONE_INFERRED, f"other lines of {scope} print it, e.g. {path}"
            )
        elif found:
            yield _of_several(found, scope, others, default)
    why = "nothing tells it (stamps in UTC, with Z, say nothing of local time); state it with --tz or --zone"
    yield SourceClock(default, TimeBasis.ZONE_ASSUMED, why)


def _of_several(found: Mapping[int, str], scope: str, others: Sequence[Survey], default: str) -> SourceClock:
    """Decide where several offsets are printed: one zone whose daylight saving gives just these, or none."""
    told = ", ".join(f"{offset_name(offset)} in {found[offset]}" for offset in sorted(found)[:3])
    dated = [survey for survey in others if survey.dated and any(survey.offsets)]
    for name in _SAVING if len(found) == 2 and max(found) - min(found) == 3600 else ():
        if dated and all(_offsets_in(name, survey) >= {o for o in survey.offsets if o} for survey in dated):
            return SourceClock(name, TimeBasis.ZONE_INFERRED, f"{scope}: {told}, as in {name} with its daylight saving")
    return SourceClock(
        default, TimeBasis.ZONE_ASSUMED, f"{scope}: several offsets, e.g. {told}; state it with --tz or --zone"
    )


def _offsets_in(name: str, survey: Survey) -> set[int]:
    """Give the offsets that a zone has at the beginning and the end of a survey's dated lines."""
    zone = zone_of(name)
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  wall times have no zone yet
    moments = [epoch + timedelta(microseconds=wall) for wall in survey.dated or ()]
    shifts = [moment.replace(tzinfo=zone, fold=fold).utcoffset() for moment in moments for fold in (0, 1)]
    return {int(shift.total_seconds()) for shift in shifts if shift is not None}


def _with_year(clock: SourceClock, survey: Survey, scopes: Scopes, said: Stated, *, no_year: bool) -> SourceClock:
    if survey.yearless_first is None:
        return clock
    if said.year is not None:
        return replace(clock, year=said.year, year_why=STATED)
    rules = list(_year_rules(survey, survey.yearless_first, scopes))
    year, why = rules[0]
    if no_year:
        second = next(((other, told) for other, told in rules[1:] if other != year), None)
        instead = second or (1970, "nothing else tells it; state it with --year")
        year, why = instead[0], f"{REJECTED}{year} ({why}); {instead[1]}"
    return replace(clock, year=year, year_why=why)


def _year_rules(survey: Survey, first: int, scopes: Scopes) -> Iterator[tuple[int, str]]:
    """Give what each rule tells of the year of the first line without one, the first that holds first."""
    for scope, others in scopes:
        spans = [(other.dated, other.path) for other in others if other.dated]
        if spans:
            year, path = _nearest_year(first, spans)
            yield year, f"dated lines of {scope}, e.g. {path}"
    for end_us, why in _ends(survey):
        fitting = [year for year in _years(end_us, end_us) if in_year(first, year) <= end_us + _DAY_US]
        if fitting:
            yield max(fitting), why
    yield 1970, "nothing tells it; state it with --year"


def _with_place(clock: SourceClock, survey: Survey) -> SourceClock:
    """Say where output without times lies: from the time in its name on, or until its file was written."""
    if not survey.placed:
        return clock
    named = named_moment(survey.path)
    if named is not None:
        offset = np.array([0 if named[1] else OFFSET_UNKNOWN], np.int32)
        start = Clock(clock).resolve(Times(np.array([named[0]], np.int64), offset, True, 1_000_000)).utc_us
        return replace(
            clock, placed_start_us=int(start[0]), placed_why="it prints no times; its name tells when it began"
        )
    if survey.packed_us:
        return replace(
            clock,
            placed_end_us=survey.packed_us,
            placed_why="it prints no times; it ends at the time in its gzip header",
        )
    why = "it prints no times; it ends when its file was last written (copying changes that)"
    return replace(clock, placed_end_us=survey.mtime_us, placed_why=why)


def _nearest_year(first: int, spans: Sequence[tuple[tuple[int, int], str]]) -> tuple[int, str]:
    """Give the year that brings the first line nearest to the dated lines of any source; of equal ones the latest."""
    choices = [
        (_distance(in_year(first, year), low, high), -year, path)
        for (low, high), path in spans
        for year in _years(low, high)
    ]
    _distance_us, minus_year, path = min(choices)
    return -minus_year, path


def _ends(survey: Survey) -> list[tuple[int, str]]:
    """Give the times at which a log can have ended at the latest, the most trustworthy first."""
    found: list[tuple[int, str]] = []
    named = _NAME_DATE.search(survey.path.rpartition("/")[2])
    if named:
        try:
            day = to_us(datetime(int(named[1]), int(named[2]), int(named[3]), tzinfo=UTC))
            found.append((day + _DAY_US, "the date in the file's name"))
        except ValueError:
            pass  # 31 February: no date
    if survey.packed_us:
        found.append((survey.packed_us, "the time in the gzip header"))
    found.append((survey.mtime_us, "the file's modification time (copying changes it)"))
    return found


def _years(low_us: int, high_us: int) -> range:
    first, last = ((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).year for us in (low_us, high_us))
    return range(first - 1, last + 2)


def _distance(wall_us: int, low: int, high: int) -> int:
    return max(low - wall_us, wall_us - high, 0)


def _set_right(clock: SourceClock, survey: Survey, said: Stated) -> SourceClock:
    """Apply what a person said about a wrong clock."""
    ahead = said.ahead_s(survey.path, survey.host)
    return clock if ahead is None else replace(clock, offset_at_us=(0,), offsets_s=(ahead,), offset_why=STATED)
