"""The steps of an incident: begun, noticed, mitigated, ended, stable; each with its time and its two lines.

A step without evidence is "not recorded", never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from afterlog.availability import ALERT_BURN, Alert
from afterlog.changes import Look
from afterlog.draft.model import Milestone
from afterlog.draft.names import who
from afterlog.draft.words import SECOND, between, ends_of, minutes
from afterlog.evidence import Place
from afterlog.findings import Findings
from afterlog.impact import Impact, bad_of
from afterlog.outages import Outage, percent
from afterlog.resolution import Ending
from afterlog.statement import Code, Statement, Text, Time, codes, text

_NOT: Final = "not recorded"
_BEGAN: Final = {
    "errors": "the first request fails",
    "client-errors": "the first request is refused",
    "given-up": "the first client gives up on a request",
    "silence": "the last request before the silence",
    "stated": "as a person stated it",
}
_ENDED: Final = {
    "errors": "the last request fails",
    "client-errors": "the last request is refused",
    "given-up": "the last client gives up on a request",
    "silence": "requests are answered again",
    "stated": "as a person stated it",
}


def first_look(outage: Outage, findings: Findings) -> Look | None:
    """Find the first look by a person within the outage."""
    looks = (look for look in findings.history.looks if outage.first_us <= look.start_us <= outage.last_us)
    return min(looks, key=lambda look: (look.start_us, look.id), default=None)


def mitigated(outage: Outage, endings: Sequence[Ending]) -> Ending | None:
    """Find the fall of the failure rate from which on it stayed at half of its highest level, or lower."""
    if len(outage.phases) < 2 or not endings:
        return None
    highest = max(phase.rate for phase in outage.phases)
    index = len(outage.phases)
    while index and outage.phases[index - 1].rate <= highest / 2:
        index -= 1
    if index in (0, len(outage.phases)):
        return None
    start = outage.phases[index].start_us
    ending = min(endings, key=lambda ending: abs(ending.time_us - start))
    return ending if abs(ending.time_us - start) <= 300 * SECOND else None


def milestones(outage: Outage, impact: Impact | None, endings: Sequence[Ending], findings: Findings) -> list[Milestone]:
    """Give the steps in their order."""
    ends = ends_of(outage)
    first = ends[:1]
    rows = [
        Milestone("Began", None, _NOT, text("the logs begin later"), ())
        if outage.open_start
        else Milestone("Began", outage.first_us, "", _edge(outage, findings, "first", _BEGAN), first)
    ]
    look = first_look(outage, findings)
    rows.append(
        Milestone(
            "Noticed",
            look.start_us,
            _after(outage, look.start_us),
            text("the first look by a person"),
            (look.places[0], *first),
        )
        if look
        else Milestone("Noticed", None, _NOT, text("the logs show no alert and no look by a person"), ())
    )
    eased = mitigated(outage, endings)
    if eased:
        words = text("from here on, at most half as many fail as at the worst")
        rows.append(
            Milestone("Mitigated", eased.time_us, _after(outage, eased.time_us), words, (eased.places[0], *first))
        )
    if outage.open_end or len(ends) < 2:
        rows += [Milestone(name, None, _NOT, text("the logs end before"), ()) for name in ("Ended", "Stable")]
        return rows
    if not eased:
        words = text("in one step, with the end")
        rows.append(Milestone("Mitigated", outage.last_us, _after(outage, outage.last_us), words, ends[::-1]))
    rows.append(
        Milestone(
            "Ended",
            outage.last_us,
            _after(outage, outage.last_us),
            _edge(outage, findings, "last", _ENDED),
            ends[::-1],
        )
    )
    return [*rows, _stable(outage, impact, ends)]


def _edge(outage: Outage, findings: Findings, which: str, words: dict[str, str]) -> Text:
    """Say what stands at an edge; where a person set it, also when the first or last request in it failed."""
    decision = findings.review.of(outage.id)
    if (decision.start_us if which == "first" else decision.end_us) is None:
        return text(words.get(outage.manner, words["errors"]))
    own = next((signal.requests for signal in findings.signals if signal.service == outage.service), None)
    if own is None or outage.kind == "silence":
        return text("set by a person")
    rows = own.within(outage.first_us, outage.last_us)
    failed = own.time[rows][bad_of(own, outage)[rows]]
    if not len(failed):
        return text("set by a person; no request in it failed")
    verb = "refused" if outage.kind == "client-errors" else "failed"
    seen = int(failed[0 if which == "first" else -1])
    return text(f"set by a person; the {which} {verb} request in it is at ", Time(seen))


def _stable(outage: Outage, impact: Impact | None, ends: tuple[Place, ...]) -> Milestone:
    if impact is None:
        return Milestone("Stable", None, _NOT, text("there are no requests to tell from"), ())
    after = impact.after
    if after.place is None:
        length = between(outage.last_us, after.logs_end_us)
        return Milestone("Stable", None, _NOT, text(f"the logs end {length} after the last failure"), ())
    told = f"{after.failed:,} of {after.requests:,} requests failed in the 30 minutes after the end"
    if not after.stable:
        return Milestone("Stable", None, _NOT, text(told), (ends[1], after.place))
    return Milestone("Stable", after.time_us, _after(outage, after.time_us), text(told), (after.place, *ends[:1]))


def _after(outage: Outage, time_us: int) -> str:
    return _NOT if outage.open_start else between(outage.first_us, time_us)


def detection(
    outage: Outage, findings: Findings, alert: Alert | None, objective: float, *, stated: bool, names: bool
) -> list[Statement]:
    """Tell when somebody first looked, and when an alert on the burn rate would have fired."""
    said = []
    first = ends_of(outage)[:1]
    look = first_look(outage, findings)
    if look:
        verb = "read" if look.what == "read" else "ran"
        what = Code(look.target if look.what == "read" else look.commands[0])
        late = "" if outage.open_start else f", {between(outage.first_us, look.start_us)} after the start"
        words = text("The first look in the logs is at ", Time(look.start_us), f"{late}: ", *who(look, names=names))
        words = (*words, *text(f" {verb} ", what, " on ", *codes(look.hosts[:1]), "."))
        said.append(Statement(words, (look.places[0], *first)))
    if alert and not outage.open_start:
        assumed = "" if stated else ", had this been the objective,"
        goal = f"{objective * 100:.10g} %"
        words = text(
            f"An alert on a burn rate of {ALERT_BURN:g} × over one hour (objective {goal}){assumed} ",
            "would have fired at ",
            Time(alert.time_us),
            f", {between(outage.first_us, alert.time_us)} after the start: ",
            f"by then {alert.failed:,} of {alert.requests:,} requests in the hour before had failed",
            f" ({percent(alert.failed / alert.requests)}).",
        )
        said.append(Statement(words, (alert.place, *first)))
    return said


def gap_words(outage: Outage, findings: Findings) -> Text:
    """Say how late the first look came."""
    look = first_look(outage, findings)
    return text(f"the first look came {minutes(outage.first_us, look.start_us)} after the start") if look else ()
