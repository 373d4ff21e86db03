"""What was found, in tables for people."""

from __future__ import annotations

from afterlog.causes import Ranking
from afterlog.changes import Change
from afterlog.detect import Instant
from afterlog.draft.reviewed import chosen_words
from afterlog.findings import Findings, alibi_of
from afterlog.outages import Outage, percent
from afterlog.printed import aligned, local, visible_lines
from afterlog.registry import Registry, reads
from afterlog.review.model import REJECTED
from afterlog.statement import plain


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
