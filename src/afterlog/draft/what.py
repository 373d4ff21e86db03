"""What happened: the summary in a few sentences, and the smaller things beside it."""

from __future__ import annotations

from collections.abc import Sequence

from afterlog.causes import Ranking
from afterlog.changes import Change
from afterlog.draft.reviewed import choice
from afterlog.draft.why import last_stage, taken_back
from afterlog.draft.words import capital, ends_of, from_to, listed, title_of
from afterlog.event import Outcome
from afterlog.findings import Findings
from afterlog.impact import Impact
from afterlog.outages import Outage, percent
from afterlog.resolution import SEEN, Ending
from afterlog.review.model import NOBODY
from afterlog.statement import Code, Statement, Text, Time, codes, text


def summary(
    outage: Outage, impact: Impact | None, ranking: Ranking | None, endings: Sequence[Ending], findings: Findings
) -> list[Statement]:
    """Say in a few sentences what failed, for whom, what else worked, why, what was tried, and what ended it."""
    said = [*_failed(outage, impact), *_trigger(outage, ranking), *_attempts(outage, findings), *_end(endings)]
    if not said or not _end(endings):
        said += _open(outage)
    return said


def _failed(outage: Outage, impact: Impact | None) -> list[Statement]:
    ends = ends_of(outage)
    if not impact or not ends:
        return []
    day = text("On ", Time(outage.first_us, "date"), ", ", *from_to(outage), ", ")
    verb = "were refused" if outage.kind == "client-errors" else "failed"
    what = text(
        f"{impact.failed:,} of {impact.requests:,} requests to ",
        Code(outage.service),
        f" {verb} ({percent(impact.rate)}).",
    )
    if outage.kind == "silence":
        what = text("no request to ", Code(outage.service), " was answered.")
    said = [Statement((*day, *what), ends)]
    if impact.clients and impact.clients == impact.clients_seen and impact.clients > 1:
        words = text(
            f"Every client address seen in that time, {impact.clients:,} of {impact.clients_seen:,}, met failures."
        )
        said.append(Statement(words, ends))
    elif impact.clients:
        words = text(f"{impact.clients:,} of {impact.clients_seen:,} client addresses seen in that time met failures.")
        said.append(Statement(words, ends))
    for other in impact.beside:
        kept = "kept working" if other.failed == 0 else "was affected too"
        words = text(
            Code(other.service),
            f" {kept}: {other.failed:,} of {other.requests:,} of its requests failed in the same time.",
        )
        said.append(Statement(words, (other.place,)))
    return said


def _trigger(outage: Outage, ranking: Ranking | None) -> list[Statement]:
    if not ranking or not ranking.suspects or ranking.chosen == NOBODY:
        return choice(ranking)
    if ranking.verdict == "no-change-explains-it":
        return []
    change = ranking.suspects[0].change
    sure = "The most likely trigger is" if ranking.verdict == "likely" else "A possible trigger is"
    brought = text(", which changed ", *codes(change.targets, 2)) if change.targets and change.tool == "ansible" else ()
    begun = ", begun at " if ranking.suspects[0].is_change else ", first told of at "
    if ranking.chosen:
        begun = begun.removeprefix(",").replace("begun", "began").replace("first told", "was first told")
        words = text(*capital(title_of(change, short=True)), begun, Time(change.start_us), *brought, ".")
    else:
        words = text(f"{sure} ", *title_of(change, short=True), begun, Time(change.start_us), *brought, ".")
    told = [*choice(ranking), Statement(words, change.places[:2]), *last_stage(outage, change)]
    return told + taken_back(ranking.suspects[0])


def failed_attempts(outage: Outage, findings: Findings) -> list[Change]:
    """Give what was tried during the outage and failed."""
    return [
        change
        for change in findings.history.changes
        if outage.start.high_us < change.start_us <= outage.end.high_us
        and change.outcome == str(Outcome.FAILED)
        and change.action not in SEEN
        and not change.routine
    ]


def _attempts(outage: Outage, findings: Findings) -> list[Statement]:
    said = []
    for change in failed_attempts(outage, findings)[:2]:
        told = text(": ", Code(change.failure)) if change.failure else ()
        words = text(*capital(title_of(change, short=True)), " at ", Time(change.start_us), " failed", *told, ".")
        said.append(Statement(words, change.places[:2]))
    return said


def _end(endings: Sequence[Ending]) -> list[Statement]:
    """Tell the recovery in one sentence, server by server where one kind of act healed them all."""
    healed = [ending for ending in endings if ending.change]
    if not healed:
        return []
    kinds = {(e.change.tool, e.change.action, e.change.targets[:1]) for e in healed if e.change}
    if len(kinds) == 1 and len(healed) > 1 and all(ending.recovered for ending in healed):
        change = healed[0].change
        act = (
            text("a ", change.action, " of ", Code(change.targets[0]))
            if change and change.targets
            else text("the same act")
        )
        parts = [text(*codes(ending.recovered), " at ", Time(ending.time_us)) for ending in healed]
        words = text("The servers answered again one by one, each after ", *act, ": ", *listed(parts), ".")
    else:
        parts = [_ended_by(ending.change, over=ending.over) for ending in healed if ending.change]
        words = text("It ended with ", *listed(parts), ".")
    return [Statement(words, tuple(ending.places[0] for ending in healed))]


def _ended_by(change: Change, *, over: bool) -> Text:
    if over:
        return text("the end of ", *title_of(change))
    return text(*title_of(change), " at ", Time(change.start_us))


def _open(outage: Outage) -> list[Statement]:
    """Say what is missing of the end."""
    ends = ends_of(outage)
    if not ends:
        return []
    last = text("the last request that ", "is answered" if outage.kind == "silence" else "fails", " in them is at ")
    if outage.open_end:
        words = text("It had not ended when the logs end; ", *last, Time(outage.last_us), ".")
    elif outage.kind == "silence":
        words = text("Requests are answered again from ", Time(outage.last_us), "; nothing in the logs explains why.")
    else:
        words = text("Nothing in the logs explains why it ended; the last failure is at ", Time(outage.last_us), ".")
    return [Statement(words, ends[-1:])]


def minor(outage: Outage) -> Statement | None:
    """Tell a blip or a single client's errors in one sentence."""
    ends = ends_of(outage)
    if not ends:
        return None
    why = {
        "client": "; all of it came from one client",
        "signature": "; all of it came from one kind of request",
    }.get(outage.single, "")
    label: Text = text("Errors of one client: " if outage.single else "Blip: ")
    words = text(*label, *from_to(outage), f", {outage.failed:,} of {outage.requests:,} requests to ")
    return Statement((*words, *text(Code(outage.service), f" failed{why}.")), ends)
