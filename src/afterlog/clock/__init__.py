"""Clocks: from the wall time a line prints to UTC, with a mark of how sure that is.

A printed offset always wins. A time without a zone takes what a person said, else an offset found in other sources
of its host, else one on which all sources of the case agree, else the given default, marked as assumed. A Z or an
epoch is no evidence: programs print UTC wherever they run. A time without a year takes it from dated lines near it:
of its source, its host, the case; then from the date in the file's name, the gzip header, and only then the file's
modification time. New Year inside a file moves the year on. Hosts whose clocks disagree are found by `alignment`.
"""

from afterlog.clock.decide import Stated, Survey, resolve_clocks
from afterlog.clock.resolve import Clock, Resolved, SourceClock, bases, in_year
from afterlog.clock.zones import machine_zone, offset_name, parse_moment, rfc3339, to_us, zone_of

__all__ = [
    "Clock",
    "Resolved",
    "SourceClock",
    "Stated",
    "Survey",
    "bases",
    "in_year",
    "machine_zone",
    "offset_name",
    "parse_moment",
    "resolve_clocks",
    "rfc3339",
    "to_us",
    "zone_of",
]
