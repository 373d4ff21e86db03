"""Looking at a source: who reads it, and what its first lines tell about its clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from afterlog.case import Ledger
from afterlog.clock import Survey
from afterlog.errors import AfterlogError
from afterlog.intake.options import Formats
from afterlog.intake.parsing import parse
from afterlog.layout import OFFSET_PLACED, OFFSET_UNKNOWN
from afterlog.parsed import Parsed
from afterlog.parser import Batch, Lines, Parser
from afterlog.registry import ENOUGH, Registry
from afterlog.source import HEAD_BYTES, Block, Source, open_chunks, read_head, read_spots, why_no_log
from afterlog.sources.blocks import newlines
from afterlog.sources.cleaning import cleaned, cleaning_of
from afterlog.sources.compression import codec_of, packed_us
from afterlog.table import batch_hosts

_CLAIM_BYTES = 64 << 10  # parsers are asked about no more than this of a source's beginning


@dataclass(frozen=True, slots=True)
class Known:
    """A source that some parser reads, with what its beginning told.

    ``all_of_it`` holds what parsing gave, where the beginning was all there is: it need not be read again.
    """

    source: Source
    parser: Parser
    survey: Survey
    cleaning: frozenset[str] = frozenset()
    all_of_it: tuple[Parsed, ...] | None = None


def look(source: Source, parsers: Registry, formats: Formats) -> Known | Ledger:
    """Decide from its first bytes who reads a source, and survey its clock; or say why nobody does."""
    try:
        head = read_head(source)
    except AfterlogError as error:
        return _ledger(source, "unreadable", str(error))
    reason = why_no_log(head)
    if reason is not None:
        return _ledger(source, "not-a-log", reason)
    try:
        return _seen(source, head, parsers, formats)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        # a parser's mistake on lines nobody foresaw: this source is left, the others go on
        return _unknown(source, None, f"a parser failed on its first lines ({error}); please report it")


def _seen(source: Source, head: bytes, parsers: Registry, formats: Formats) -> Known | Ledger:
    cleaning = cleaning_of(head)
    whole = len(head) < HEAD_BYTES
    parser = formats.named(source.path) or _choose(source, head, cleaning, parsers, formats)
    if parser is None:
        return _unknown(source, head if whole else None)
    parsed = tuple(
        parse(parser, iter([Block(head.lstrip(b"\x00"), 1, len(head) - len(head.lstrip(b"\x00")), cleaning)]), parsers)
    )
    small = whole and not source.repository and not source.pieces and source.size < HEAD_BYTES
    # what is compressed is read again: damage at its end shows only there
    keep = parsed if small and not codec_of(_begin(source)) else None
    return Known(source, parser, _survey(source, parsed, head), cleaning, keep)


def asked_lines(source: Source, head: bytes, cleaning: frozenset[str]) -> Lines:
    """Give the lines that parsers are asked about: the first ones, and spot checks further in."""
    first = head[:_CLAIM_BYTES].lstrip(b"\x00")
    whole = first.rfind(b"\n") + 1
    first = first[:whole] if whole else first
    return Lines.of(cleaned(first + read_spots(source, head, _CLAIM_BYTES), cleaning))


def _choose(
    source: Source, head: bytes, cleaning: frozenset[str], parsers: Registry, formats: Formats
) -> Parser | None:
    lines = asked_lines(source, head, cleaning)
    for parser in formats.general:
        first = lines.select(np.arange(min(len(lines), 200)))
        if len(first) and len(parser.layouts[0].match(first).rows) >= ENOUGH * len(first):
            return parser
    return parsers.choose(source.path, lines)


def _ledger(source: Source, status: str, reason: str, lines: int = 0) -> Ledger:
    return Ledger(
        source.path,
        status,
        reason,
        host=source.host,
        service=source.service,
        bytes=source.size,
        lines=lines,
        rejects=lines,
    )


_NOBODY: Final = "text in a format that no parser knows (see: afterlog parsers list)"


def _unknown(source: Source, whole: bytes | None, reason: str = _NOBODY) -> Ledger:
    """Count the lines of a text that no parser knows: they are rejects, not lost."""
    count = 0
    ending = b"\n"
    try:
        for chunk in open_chunks(source) if whole is None else iter((whole,)):
            count += newlines(chunk)
            ending = chunk[-1:]
    except AfterlogError:
        pass  # what was read is counted; the status says the rest
    return _ledger(source, "not-a-log", reason, count + (ending != b"\n"))


def _survey(source: Source, parsed: tuple[Parsed, ...], head: bytes) -> Survey:
    offsets: Counter[int] = Counter()
    dated: list[int] = []
    yearless: list[int] = []
    zoneless = placed = False
    host = source.host
    for batch in [one.batch for one in parsed if one.batch is not None]:
        times = batch.times
        printed = times.offset_s != OFFSET_PLACED
        placed |= not printed.all()
        has_year = np.broadcast_to(np.asarray(times.has_year), times.wall_us.shape)[printed]
        wall_us = times.wall_us[printed]
        offsets.update(_printed(batch))
        zoneless |= bool((times.offset_s == OFFSET_UNKNOWN).any())
        dated += [int(wall_us[has_year].min()), int(wall_us[has_year].max())] if has_year.any() else []
        yearless += [int(wall_us[~has_year][0])] if not has_year.all() else []
        hosts = batch_hosts(batch)
        host = host or (hosts[0] if hosts else None)
    span = (min(dated), max(dated)) if dated else None
    if b"+0000" not in head and b"+00:00" not in head:
        del offsets[0]  # a Z or an epoch: it says nothing of the host's own zone
    first = yearless[0] if yearless else None
    packed = packed_us(_begin(source))
    return Survey(source.path, host, dict(offsets), span, first, zoneless, source.mtime_us, packed, placed)


def _printed(batch: Batch) -> dict[int, int]:
    printed, counts = np.unique(batch.times.offset_s, return_counts=True)
    return {int(o): int(n) for o, n in zip(printed, counts, strict=True) if o not in (OFFSET_UNKNOWN, OFFSET_PLACED)}


def _begin(source: Source) -> bytes:
    """Give the first bytes of a plain file of the file system as they lie there, still compressed."""
    if source.members or source.repository or source.address:
        return b""
    try:
        with source.file.open("rb") as raw:
            return raw.read(8)
    except OSError:
        return b""
