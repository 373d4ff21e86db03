"""Tables for people: plain aligned text that survives a copy into a chat; and the ledger as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from afterlog.case import Ledger
from afterlog.causes import Ranking
from afterlog.changes import Change
from afterlog.clock import rfc3339, zone_of
from afterlog.clock.naming import clock_ids
from afterlog.detect import Instant
from afterlog.draft.reviewed import chosen_words
from afterlog.findings import Findings, alibi_of
from afterlog.outages import Outage, percent
from afterlog.registry import Registry, reads
from afterlog.review.model import REJECTED
from afterlog.statement import plain, visible


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align columns; numbers to the right. What comes from logs is made visible and inert."""
    cells = [[visible(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row] for row in rows]
    numeric = [
        bool(cells) and all(row[i].replace(",", "").isdigit() or not row[i] for row in cells) for i in range(len(head))
    ]
    width = [max(len(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    lines = [
        [cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(line, width, numeric, strict=True)]
        for line in [list(head), *cells]
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def local(time_us: int, zone: str) -> str:
    """Write a moment in a zone: ``2022-11-10 11:15:00 +05:30``."""
    moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).astimezone(zone_of(zone))
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def sources_json(ledgers: Sequence[Ledger]) -> dict[str, Any]:
    """Give the document of ``sources --json``."""
    return {"sources": [_ledger_json(ledger) for ledger in ledgers]}


def _ledger_json(ledger: Ledger) -> dict[str, Any]:
    names = (
        "path", "parser", "inside", "host", "service", "zone", "zone_basis", "zone_why", "year", "year_why",
        "clock_offset_s", "clock_why", "status", "reason", "bytes", "lines", "events", "continuations", "rejects",
        "duplicates",
    )  # fmt: skip
    told = {name: getattr(ledger, name) for name in names}
    ids = clock_ids(ledger)
    told |= {"clock_id": ids.get("offset"), "zone_id": ids.get("zone"), "year_id": ids.get("year")}
    told["first"] = None if ledger.first is None else rfc3339(ledger.first)
    told["last"] = None if ledger.last is None else rfc3339(ledger.last)
    told["gaps"] = [{"start": rfc3339(start), "end": rfc3339(end)} for start, end in ledger.gaps]
    return told


def source_table(ledgers: Sequence[Ledger], *, every: bool) -> str:
    """Give the ledger of all sources, and how well they were understood together."""
    shown = [ledger for ledger in ledgers if every or ledger.status != "not-a-log"]
    rows = [
        (
            ledger.path,
            "›".join([ledger.parser or ledger.status, *(["/".join(sorted(ledger.inside))] if ledger.inside else [])]),
            ledger.host or "",
            f"{ledger.zone} ({ledger.zone_basis})" if ledger.zone else "",
            ledger.lines, ledger.events, ledger.continuations, ledger.rejects, ledger.duplicates,
        )
        for ledger in shown
    ]  # fmt: skip
    head = (
        "SOURCE",
        "READ BY",
        "HOST",
        "ZONE (HOW KNOWN)",
        "LINES",
        "EVENTS",
        "CONTINUED",
        "REJECTS",
        "COPIES",
    )
    return "\n".join([aligned(head, rows), "", understood(ledgers), *_clocks_told(ledgers)])


def _clocks_told(ledgers: Sequence[Ledger]) -> list[str]:
    """Say of each host whose clock is not simply right what is known of it, and the id by which to reject that."""
    told = {(x.host or x.path, x.clock_why): clock_ids(x).get("offset") for x in ledgers if x.clock_why}
    return [
        visible(f"Clock of {owner}: {why}") + (f" ({identity})" if identity else "")
        for (owner, why), identity in sorted(told.items())
    ]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


_NOT_WHOLE: Final = ("partly-read", "unreadable")


def understood(ledgers: Sequence[Ledger]) -> str:
    """Say in two sentences how well everything was understood."""
    read = [ledger for ledger in ledgers if ledger.status in ("read", "partly-read")]
    lines, rejects = sum(ledger.lines for ledger in read), sum(ledger.rejects for ledger in read)
    others = [ledger for ledger in ledgers if ledger.status in ("not-a-log", "unreadable")]
    bad = sum(ledger.status == "unreadable" for ledger in others)
    events = sum(ledger.events for ledger in read)
    told = f"{_many(len(read), 'source')}, {_many(lines, 'line')}, {_many(events, 'event')}; "
    told += f"{_many(rejects, 'line')} rejected"
    told += f" ({rejects / lines:.2%})." if lines and rejects else "."
    if others:
        told += (
            f" {_many(len(others), 'file')} {'is no log' if len(others) == 1 else 'are no logs'}"
            + (f", {bad:,} of them unreadable" if bad else "")
            + " (afterlog sources CASE --all)."
        )
    assumed = sum(ledger.zone_basis == "zone-assumed" for ledger in read)
    told += "".join(f"\n{x.path}: {x.status}: {x.reason}" for x in ledgers if x.status in _NOT_WHOLE)
    if assumed:
        zone = read_zone(read)
        told += (
            f"\n{_many(assumed, 'source')} print no zone and nothing tells it: {zone} was assumed; state it with --tz."
        )
    return told


def read_zone(ledgers: Sequence[Ledger]) -> str:
    """Name the assumed zone."""
    return next((ledger.zone or "UTC" for ledger in ledgers if ledger.zone_basis == "zone-assumed"), "UTC")


def outage_table(findings: Findings, zone: str) -> str:
    """Give the outages with their phases."""
    blocks = []
    rejected = _rejected(findings, zone)
    if not findings.outages and not rejected:
        told = "No outage found: no service left its usual failure rate."
        blocks = [f"{told} If you know when it was: --outage START..END"]
    for outage in findings.outages:
        lines = [
            f"{outage.id}  {outage.level} ({outage.kind})  {outage.service}",
            f"  from  {_boundary(outage.open_start, 'before the logs begin', outage.first_us, outage.start, zone)}",
            f"  to    {_boundary(outage.open_end, 'after the logs end', outage.last_us, outage.end, zone)}",
            f"  {_failures(outage)}" + (f", servers: {', '.join(outage.hosts)}" if outage.hosts else ""),
        ]
        if outage.single:
            lines.append(f"  all of it came from one {outage.single}; not counted as an outage of the service")
        if outage.routes:
            lines.append(f"  only these routes failed: {', '.join(outage.routes)}")
        lines += [f"  also seen as {view.kind} by {view.what}" for view in outage.views if view.kind != "healthy"]
        lines += [f"  {local(p.start_us, zone)}  {p.rate:7.1%}  {p.failed:,} of {p.requests:,}" for p in outage.phases]
        blocks.append("\n".join(lines))
    return visible_lines("\n\n".join([*blocks, *rejected, *_weaker(findings, zone)]))


def _rejected(findings: Findings, zone: str) -> list[str]:
    """Say which outages a person rejected, and why."""
    lines = []
    for outage in findings.rejected:
        decision = findings.review.of(outage.id)
        if decision.verdict == REJECTED:
            when = f"{local(outage.first_us, zone)} to {local(outage.last_us, zone)}"
            why = f" ({decision.because})" if decision.because else ""
            lines.append(f"A person rejected the outage of {outage.service or '?'}, {when}{why}: {outage.id}")
    return lines


def _boundary(is_open: bool, words: str, seen_us: int, told: Instant, zone: str) -> str:
    """Give the first or last failure, and the interval in which the boundary lies."""
    if is_open:
        return words
    if told.low_us == told.high_us:
        return f"{local(seen_us, zone)}   set by a person"
    return f"{local(seen_us, zone)}   it lies between {local(told.low_us, zone)} and {local(told.high_us, zone)}"


def _failures(outage: Outage) -> str:
    """Say what failed and how often."""
    if outage.kind == "stated" and not outage.requests:
        return "stated by a person; no requests in these logs"
    if outage.kind == "silence":
        return "no request came" + "".join(f"; {note}" for note in outage.notes[:1])
    if not outage.requests:
        return f"{outage.failed:,} lines of level error" + "".join(f"; {note}" for note in outage.notes[1:2])
    base = outage.baseline
    usual = f"{base.failures:,} of {base.requests:,} outside of it" if base.requests else "usual rate not measured"
    rates = f"{percent(outage.failure_rate)}; {usual}"
    return f"{outage.failed:,} of {outage.requests:,} requests failed ({rates}), {outage.clients:,} clients"


def _weaker(findings: Findings, zone: str) -> list[str]:
    """Give the weaker signs, one line each."""
    rows = [
        (one.kind, one.service, local(one.start_us, zone), local(one.end_us, zone), one.note) for one in findings.weaker
    ]
    return [aligned(("WEAKER SIGNS", "SERVICE", "FROM", "TO", "WHAT"), rows)] if rows else []


def cause_table(findings: Findings, zone: str, *, explain: bool = False) -> str:
    """Give the ranked causes with every term, then the alibis and what ended it; explained: also the arithmetic."""
    blocks = []
    for ranking in findings.rankings:
        lines = [f"{ranking.outage}: {'chosen by a person' if ranking.chosen else ranking.verdict}"]
        lines += [f"  {plain(words)}"] if (words := chosen_words(ranking)) else []
        for rank, cause in enumerate(ranking.suspects, 1):
            when = local(cause.change.start_us, zone)
            sure = f"confidence {percent(cause.confidence)}, score {cause.score:.1f}"
            lines.append(f"  {rank}. {cause.change.title}   {when}   {sure}   {cause.change.id}")
            for term in cause.terms:
                name = f"{term.name:12}" if explain else ""
                lines.append(f"       {term.value:+5.1f}  {name}{plain(term.words)}")
                lines += [f"                     {p.source}:{p.line}" for p in term.places[:2]] if explain else []
        if not ranking.suspects:
            lines.append("  no change in these logs explains it")
        lines += _arithmetic(ranking) if explain else []
        if ranking.missing:
            lines.append("  what would tell more:")
            lines += [f"     -  {missing}" for missing in ranking.missing]
        if ranking.innocent:
            lines.append("  not suspected:")
            lines += [f"     -  {_named(cause.change)}: {plain(alibi_of(cause))}" for cause in ranking.innocent]
        lines += _resolutions(findings, ranking.outage, zone)
        blocks.append("\n".join(lines))
    return visible_lines("\n\n".join(blocks)) if blocks else "No outage, so no cause to rank."


def _named(change: Change) -> str:
    return f"{change.title} ({change.id})"


def _arithmetic(ranking: Ranking) -> list[str]:
    """Show how scores become confidence."""
    lines = [
        "  how sure: a score is the logarithm of a likelihood ratio; confidence is e^score over the sum of all",
        f"     e^{ranking.nothing:.2f}  none of these: {ranking.unexplained:.1%}",
    ]
    lines += [f"     e^{c.score:.2f}  {c.change.title[:70]}: {c.confidence:.1%}" for c in ranking.suspects]
    return lines


def _resolutions(findings: Findings, outage: str, zone: str) -> list[str]:
    """Give what was tried and what ended the phases."""
    tried = [attempt for attempt in findings.attempts() if attempt.outage == outage]
    ended = [ending for ending in findings.endings if ending.outage == outage]
    lines = ["  tried:"] if tried else []
    lines += [f"     -  {local(a.change.start_us, zone)}  {_named(a.change)}: {a.why}" for a in tried]
    lines += ["  ended by:"] if ended else []
    for ending in ended:
        change = ending.change
        end = "the end of " if ending.over else ""
        by = f"{end}{change.title} ({ending.sure}; {change.id})" if change else "nothing that the logs show"
        put = f", which put into effect {'; '.join(c.title for c in ending.prepared)}" if ending.prepared else ""
        lines.append(f"     -  {local(ending.time_us, zone)}  {plain(ending.text)}: {by}{put}")
    return lines


def message_table(findings: Findings, zone: str, most: int) -> str:
    """Give, for each outage, what was new, what grew, what stopped, and what was said as often before."""
    blocks = []
    for outage, messages in findings.messages.items():
        lines = [outage]
        for trend in ("new", "grew", "stopped", "constant"):
            chosen = [message for message in messages if message.trend == trend]
            lines.append(f"  {trend}: {len(chosen)}")
            for message in chosen[:most]:
                rates = f"{message.rate_before:.1f} → {message.rate_during:.1f} → {message.rate_after:.1f} an hour"
                first = f"first {local(message.first_us, zone)}"
                lines.append(f"     {message.during:>6,}  {message.template[:120]}")
                lines.append(f"             {first}; {rates}; with the failures {message.correlation:+.2f}")
        blocks.append("\n".join(lines))
    return visible_lines("\n\n".join(blocks)) if blocks else "No outage, so nothing to compare the messages with."


def visible_lines(told: str) -> str:
    """Make text with log content inert, line by line."""
    return "\n".join(visible(line) for line in told.split("\n"))


def parser_rows(parsers: Registry) -> list[tuple[str, str, str, int, str]]:
    """Give name, title, what it reads, number of samples, and documentation of every parser."""
    return [(parser.name, parser.title, reads(parser), len(parser.samples), parser.url) for parser in parsers]


def review_table(findings: Findings, zone: str) -> str:
    """Lay out the findings that a person can decide about, and what was decided."""
    suspects = {cause.change.id for ranking in findings.rankings for cause in ranking.suspects}
    tried = {attempt.change.id for attempt in findings.attempts()}
    rows = [
        *((o.id, local(o.first_us, zone), f"{o.level} of {o.service or '?'}") for o in findings.outages),
        *((o.id, local(o.first_us, zone), f"{o.level} of {o.service or '?'}") for o in findings.rejected),
        *(
            (c.change.id, local(c.change.start_us, zone), f"suspect {rank}, {percent(c.confidence)}: {c.change.title}")
            for ranking in findings.rankings
            for rank, c in enumerate(ranking.suspects, 1)
        ),
        *(
            (a.change.id, local(a.change.start_us, zone), f"tried, {a.why}: {a.change.title}")
            for a in findings.attempts()
            if a.change.id not in suspects
        ),
        *(
            (c.change.id, local(c.change.start_us, zone), f"not suspected: {c.change.title}")
            for ranking in findings.rankings
            for c in ranking.innocent
            if c.change.id not in suspects | tried
        ),
        *((change.id, local(change.start_us, zone), change.title) for change in findings.set_aside),
        *((entry.id, local(entry.time_us, zone), plain(entry.text)) for entry in findings.timeline),
        *((entry.id, local(entry.time_us, zone), plain(entry.text)) for entry in findings.hidden),
    ]
    return aligned(
        ("ID", "TIME", "REVIEW", "WHAT"),
        [(identity, time, _decided(findings, identity), what[:160]) for identity, time, what in dict.fromkeys(rows)],
    )


def _decided(findings: Findings, identity: str) -> str:
    decision = findings.review.of(identity)
    marks = [
        decision.verdict,
        "pinned" if decision.pinned else "",
        "hidden" if decision.hidden else "",
        "edited" if decision.text or decision.start_us is not None or decision.end_us is not None else "",
        "merged" if decision.into else "",
        "cause chosen" if decision.cause else "",
        "note" if decision.note else "",
        "added" if identity.startswith("added-") else "",
    ]
    return ", ".join(mark for mark in marks if mark)
