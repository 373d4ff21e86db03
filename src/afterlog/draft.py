"""The draft: findings told as the sections of a postmortem, each fact with its evidence, each gap as a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from afterlog.causes import Cause, Ranking
from afterlog.changes import Change
from afterlog.changes.ansible import CHECKS
from afterlog.event import Outcome
from afterlog.evidence import Place
from afterlog.findings import Findings, alibi_of
from afterlog.impact import Impact
from afterlog.outages import Outage
from afterlog.resolution import Ending
from afterlog.statement import Code, Part, Statement, Text, Time, codes, text
from afterlog.timeline import Entry

SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the impact table: what it is, the value, and the lines it can be counted from."""

    name: str
    value: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """A suggested measure: its type, what to do, and what in the evidence suggests it."""

    type: str  # mitigate, prevent, detect, process
    text: Text
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A ranked cause as the draft shows it."""

    rank: int
    title: Text
    confidence: float
    arguments: tuple[tuple[float, Text, tuple[Place, ...]], ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything about one outage."""

    outage: Outage
    headline: Text
    summary: tuple[Statement, ...]
    figures: tuple[Figure, ...]
    phases: tuple[tuple[int, int, int, int, float, tuple[str, ...]], ...]
    detection: tuple[Statement, ...]
    cause: tuple[Statement, ...]
    verdict: str
    suspects: tuple[Suspect, ...]
    innocent: tuple[tuple[Text, str, tuple[Place, ...]], ...]
    resolution: tuple[Statement, ...]
    measures: tuple[Measure, ...]
    questions: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A postmortem, ready for a template."""

    title: Text
    zone: str
    chapters: tuple[Chapter, ...]
    minor: tuple[Statement, ...]
    timeline: tuple[Entry, ...]
    left_out: int
    picture: str | None
    findings: Findings


def make_draft(findings: Findings, zone: str, picture: str | None) -> Draft:
    """Tell the findings; times are printed in ``zone``."""
    real = [outage for outage in findings.outages if outage.level != "blip" and not outage.single]
    minor = [outage for outage in findings.outages if outage.level == "blip" or outage.single]
    chapters = tuple(_chapter(outage, findings) for outage in real)
    title = text("Postmortem: ", *chapters[0].headline) if chapters else text("No outage found")
    return Draft(
        title, zone, chapters, tuple(s for s in map(_minor, minor) if s), findings.timeline, findings.left_out, picture, findings
    )


def _chapter(outage: Outage, findings: Findings) -> Chapter:
    impact = findings.impacts.get(outage.id)
    ranking = findings.ranking(outage)
    endings = [ending for ending in findings.endings if ending.outage == outage.id]
    return Chapter(
        outage=outage,
        headline=text("requests to ", Code(outage.service), " failed") if outage.service else text("an outage stated by hand"),
        summary=tuple(_summary(outage, impact, ranking, endings)),
        figures=tuple(_figures(outage, impact)) if impact else (),
        phases=tuple((p.start_us, p.end_us, p.requests, p.failed, p.rate, p.hosts) for p in outage.phases),
        detection=tuple(_detection(outage, findings)),
        cause=tuple(_cause(ranking)),
        verdict=ranking.verdict if ranking else "no-change-explains-it",
        suspects=tuple(_suspect(cause, rank) for rank, cause in enumerate(ranking.suspects, 1)) if ranking else (),
        innocent=tuple((title_of(c.change), alibi_of(c), c.change.places[:1]) for c in ranking.innocent) if ranking else (),
        resolution=tuple(_resolution(outage, endings, findings)),
        measures=tuple(_measures(outage, ranking, findings)),
        questions=_questions(outage, findings),
    )


# --- what happened ------------------------------------------------------------------------------------------


def _summary(outage: Outage, impact: Impact | None, ranking: Ranking | None, endings: Sequence[Ending]) -> list[Statement]:
    ends = _ends(outage)
    if not ends:
        return []
    said: list[Statement] = []
    if impact:
        users = text(f", for {impact.clients:,} of {impact.clients_seen:,} client addresses seen")
        how = text(f"{impact.failed:,} of {impact.requests:,} requests to ", Code(outage.service), f" failed ({percent(impact.rate)})")
        said.append(Statement(text(*_from_to(outage), " ", *how, *users, "."), ends))
        for beside in impact.beside:
            kept = "kept working" if beside.failed == 0 else "was affected too"
            words = text("Requests to ", Code(beside.service), f" {kept}: {beside.failed:,} of {beside.requests:,} failed in the same time.")
            said.append(Statement(words, (beside.place,)))
    if ranking and ranking.suspects and ranking.verdict != "no-change-explains-it":
        cause = ranking.suspects[0]
        sure = "The most likely trigger is" if ranking.verdict == "likely" else "A possible trigger is"
        words = text(f"{sure} ", *title_of(cause.change), ", begun at ", Time(cause.change.start_us), ".")
        said.append(Statement(words, cause.change.places[:2]))
    healed = [ending for ending in endings if ending.change]
    if healed:
        parts: list[Part] = []
        for ending in healed:
            parts += [", " if parts else "", *title_of(ending.change), " at ", Time(ending.change.start_us)]  # type: ignore[union-attr,arg-type]
        said.append(Statement(text("It ended with ", *parts, "."), tuple(e.places[-1] for e in healed)))
    return said


def _ends(outage: Outage) -> tuple[Place, ...]:
    return tuple(place for place in (outage.first, outage.last) if place)


def _from_to(outage: Outage) -> Text:
    begin = text("From ", Time(outage.start.time_us)) if not outage.open_start else text("From before the logs begin")
    finish = text(" to ", Time(outage.end.time_us)) if not outage.open_end else text(" until after the logs end")
    return (*begin, *finish)


def percent(rate: float) -> str:
    """Write a rate as a percentage, never rounding to 0 or 100 what is neither."""
    if 0 < rate < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= rate < 1:
        return "over 99.9 %"
    return f"{rate * 100:.1f} %"


def span(seconds: float) -> str:
    """Write a length of time as people do: 3 h 07 min, 4 min 06 s, 12 s."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min {whole % 60:02d} s"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def between(start_us: int, end_us: int) -> str:
    """Give the length between two moments as printed, in whole seconds."""
    return span(end_us // SECOND - start_us // SECOND)


def _figures(outage: Outage, impact: Impact) -> list[Figure]:
    ends = _ends(outage)
    rows = [
        Figure("Duration", text(_duration(outage)), ends),
        Figure("Requests failed", text(f"{impact.failed:,} of {impact.requests:,} ({percent(impact.rate)})"), ends),
        Figure("Failure rate before", text(f"{percent(impact.baseline_rate)}"), ends[:1]),
        Figure("Highest failure rate in a minute", text(f"{percent(impact.peak_rate)}, first at ", Time(impact.peak_us, seconds=False)), ends[:1]),
        Figure("Client addresses with failures", text(f"{impact.clients:,} of {impact.clients_seen:,} seen"), ends),
        Figure("Answers", text(", ".join(f"{count:,} × {status}" for status, count in impact.statuses)), ends[:1]),
    ]
    if impact.expected is not None and impact.requests < 0.8 * impact.expected:
        missing = impact.expected - impact.requests
        rows.append(Figure("Requests that never came (estimate)", text(f"about {missing:,.0f}, from the rate before the start"), ends[:1]))
    failing = [route for route in impact.routes if route.failed]
    if failing:
        words: list[Part] = []
        for route in failing[:5]:
            words += ["; " if words else "", Code(route.route), f" {route.failed:,} of {route.requests:,}"]
        rows.append(Figure("Most affected routes", tuple(words), ends[:1]))
    for beside in impact.beside:
        words = [f"{beside.failed:,} of {beside.requests:,} failed"]
        rows.append(Figure(f"{beside.service}", tuple(words), (beside.place,)))
    return rows


def _duration(outage: Outage) -> str:
    length = between(outage.start.time_us, outage.end.time_us)
    return f"at least {length}" if outage.open_start or outage.open_end else length


def _detection(outage: Outage, findings: Findings) -> list[Statement]:
    looks = [look for look in findings.history.looks if outage.start.time_us <= look.start_us <= outage.end.time_us]
    if not looks:
        return []
    look = looks[0]
    gap = between(outage.start.time_us, look.start_us)
    verb = "read" if look.what == "read" else "ran"
    what = Code(look.target if look.what == "read" else look.commands[0])
    words = text(f"The first look that the logs show came {gap} after the start: an operator {verb} ", what, " on ", *codes(look.hosts), " at ", Time(look.start_us), ".")
    return [Statement(words, (*look.places[:1], *_ends(outage)[:1]))]


# --- why ----------------------------------------------------------------------------------------------------


def title_of(change: Change) -> Text:
    """Name a change in a sentence."""
    where = text(" on ", *codes(change.hosts)) if change.hosts else ()
    if change.tool == "ansible":
        return text("the Ansible run ", Code(change.parts[0].name if change.parts else change.title), *where)
    if change.tool == "puppet":
        return text("the Puppet run of ", Code(change.targets[0] if change.targets else "its catalog"), *where)
    if change.tool == "package":
        return text("the package change ", Code(change.title.partition(": ")[2]), *where)
    if change.tool == "service":
        return text("the ", change.action, " of ", Code(change.targets[0]), *where)
    if change.tool == "git":
        return text("the commit ", Code(change.subject))
    return text(Code(change.title), *where)


def _cause(ranking: Ranking | None) -> list[Statement]:
    if not ranking or not ranking.suspects or ranking.verdict == "no-change-explains-it":
        return []
    change = ranking.suspects[0].change
    said = []
    targets = text(" It changed ", *codes(change.targets), ".") if change.targets else ()
    words = text("At ", Time(change.start_us), " ", *title_of(change), " began.", *targets)
    said.append(Statement(words, change.places[:3] or change.places))
    if change.subject:
        said.append(Statement(text("Its content was described as ", Code(change.subject), "."), change.places[-1:]))
    for line, place in change.content[:6]:
        if not _told(line, ranking):
            continue
        said.append(Statement(text("It brought the line ", Code(line.strip()), "."), (place,)))
    for term in ranking.suspects[0].terms:
        if term.name in ("taken back", "words", "repair", "order") and term.places:
            said.append(Statement(text(*_capital(term.words), "."), term.places))
    return said


def _capital(words: str) -> Text:
    """Split a term's words at its quotes, so that what came from logs stays marked."""
    pieces = words[:1].upper() + words[1:]
    parts: list[Part] = []
    for index, piece in enumerate(pieces.replace("”", "“").split("“")):
        if piece:
            parts.append(Code(piece) if index % 2 else piece)
    return tuple(parts)


def _told(line: str, ranking: Ranking) -> bool:
    """Tell whether the terms of the first suspect rest on this line: then it is worth quoting."""
    words = " ".join(term.words.lower() for term in ranking.suspects[0].terms)
    return line.strip().lower() in words or any(len(token) > 3 and token in words for token in line.lower().replace(".", " ").replace("'", " ").split())


def _suspect(cause: Cause, rank: int) -> Suspect:
    arguments = tuple((term.value, _capital(term.words), term.places) for term in cause.terms if abs(term.value) >= 0.05)
    return Suspect(rank, title_of(cause.change), cause.confidence, arguments, cause.change.places[:2])


# --- how it ended -------------------------------------------------------------------------------------------


def _resolution(outage: Outage, endings: Sequence[Ending], findings: Findings) -> list[Statement]:
    said: list[tuple[int, Statement]] = []
    ending_changes = {ending.change.id for ending in endings if ending.change}
    for change in findings.history.changes:
        during = outage.start.high_us < change.start_us <= outage.end.high_us
        if not during or change.routine or change.tool == "git" or change.id in ending_changes:
            continue
        if change.outcome == str(Outcome.FAILED):
            told = text(": ", Code(change.failure)) if change.failure else ()
            words = text("At ", Time(change.start_us), " ", *title_of(change), " failed and changed nothing", *told, ".")
        elif change.outcome == str(Outcome.UNCHANGED):
            continue
        else:
            words = text("At ", Time(change.start_us), " ", *title_of(change), " was carried out; the failure rate did not fall at once.")
        said.append((change.start_us, Statement(words, change.places[:3])))
    for ending in endings:
        why = text(" after ", *title_of(ending.change), " at ", Time(ending.change.start_us)) if ending.change else text("; no change in the logs explains why")
        said.append((ending.time_us, Statement(text("At ", Time(ending.time_us), " ", *_lower(ending.text), *why, "."), ending.places)))
    return [statement for _time, statement in sorted(said, key=lambda pair: pair[0])]


def _lower(words: Text) -> Text:
    first = words[0]
    return (first[:1].lower() + first[1:], *words[1:]) if isinstance(first, str) else words


def _measures(outage: Outage, ranking: Ranking | None, findings: Findings) -> list[Measure]:
    rows: list[Measure] = []
    during = [c for c in findings.history.changes if outage.start.high_us < c.start_us <= outage.end.high_us]
    for change in during:
        if change.outcome == str(Outcome.FAILED) and change.failure:
            rows.append(Measure("mitigate", text("Make the way back work before it is needed, and rehearse it: ", *title_of(change), " failed with ", Code(change.failure)), change.places[:2]))
    trigger = ranking.suspects[0].change if ranking and ranking.suspects else None
    if trigger:
        passed = [step for step in trigger.steps if step.outcome == str(Outcome.UNCHANGED) and step.time_us > outage.start.time_us and CHECKS.search(step.text)]
        if passed:
            rows.append(Measure("prevent", text("Let the deployment's own check ask for a page that runs what was changed: ", Code(passed[-1].text), " passed while users' requests failed"), (passed[-1].place, *_ends(outage)[:1])))
        acts = [step.time_us for step in trigger.steps if step.outcome == str(Outcome.CHANGED)]
        if len(trigger.hosts) > 1 and acts:
            rows.append(Measure("prevent", text("Stop a rollout when the first host begins to fail: it went on to ", *codes(trigger.hosts)), trigger.places[:1]))
    looks = [look for look in findings.history.looks if outage.start.time_us <= look.start_us <= outage.end.time_us]
    if looks:
        rows.append(Measure("detect", text("Alert on the failure rate of ", Code(outage.service), f": the first look came {between(outage.start.time_us, looks[0].start_us)} after the start, and the logs show no alert"), looks[0].places[:1]))
    return rows


def _questions(outage: Outage, findings: Findings) -> dict[str, tuple[str, ...]]:
    quiet = _quiet(outage, findings.timeline)
    told = tuple(f"What happened between {{{a}}} and {{{b}}}? The logs show nothing that people did." for a, b in quiet)
    return {
        "header": ("Who owns this document, and who reviews it?", "How severe was it by your own scale?"),
        "summary": ("In one sentence: what could users not do?",),
        "impact": ("Was data lost or delayed?", "Who was told, and how? How many tickets, which contracts, how much money?"),
        "detection": ("What told people first? The logs show looks, not alerts.", "How would we have cut that time by half?"),
        "timeline": (*told, "What did you think was happening at each step?"),
        "cause": ("Why did the change look safe at the time?", "What else had to be true for it to do harm?"),
        "resolution": ("Is a temporary fix still in place?",),
        "measures": ("For each row: who owns it, by when, and how will we know that it worked?",),
        "lessons": ("What went well?", "What surprised you?", "Where did we get lucky?"),
        "evidence": ("Which evidence did we not have?",),
    }


def _quiet(outage: Outage, entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """Find the stretches of over 20 minutes within the outage for which the timeline holds nothing; the longest three."""
    times = sorted({outage.start.time_us, outage.end.time_us, *(t for e in entries for t in (e.time_us, e.until_us) if outage.start.time_us <= t <= outage.end.time_us)})
    gaps = [(a, b) for a, b in zip(times, times[1:], strict=False) if b - a > 1200 * SECOND]
    return sorted(sorted(gaps, key=lambda gap: gap[0] - gap[1])[:3])


def _minor(outage: Outage) -> Statement | None:
    ends = _ends(outage)
    if not ends:
        return None
    why = {"client": "; all of it came from one client", "signature": "; all of it came from one kind of request"}.get(outage.single, "")
    words = text(*_from_to(outage), f" {outage.failed:,} of {outage.requests:,} requests to ", Code(outage.service), f" failed{why}.")
    return Statement(words, ends)
