"""What happened: the summary, the figures of the impact, and who noticed when."""

from __future__ import annotations

from collections.abc import Sequence

from afterlog.causes import Ranking
from afterlog.draft.model import Figure
from afterlog.draft.words import between, capital, ends_of, from_to, title_of
from afterlog.findings import Findings
from afterlog.impact import Impact
from afterlog.outages import Outage, percent
from afterlog.resolution import Ending
from afterlog.statement import Code, Part, Statement, Time, codes, text


def summary(
    outage: Outage, impact: Impact | None, ranking: Ranking | None, endings: Sequence[Ending]
) -> list[Statement]:
    """Say in a few sentences what failed, for whom, what else worked, why, and what ended it."""
    ends = ends_of(outage)
    if not ends:
        return []
    said: list[Statement] = []
    if impact:
        users = text(f", for {impact.clients:,} of {impact.clients_seen:,} client addresses seen")
        how = text(
            f"{impact.failed:,} of {impact.requests:,} requests to ",
            Code(outage.service),
            f" failed ({percent(impact.rate)})",
        )
        said.append(
            Statement(text("On ", Time(outage.first_us, "date"), ", ", *from_to(outage), ", ", *how, *users, "."), ends)
        )
        for beside in impact.beside:
            kept = "kept working" if beside.failed == 0 else "was affected too"
            words = text(
                "Requests to ",
                Code(beside.service),
                f" {kept}: {beside.failed:,} of {beside.requests:,} failed in the same time.",
            )
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


def figures(outage: Outage, impact: Impact) -> list[Figure]:
    """Give the rows of the impact table."""
    ends = ends_of(outage)
    rows = [
        Figure(text("Duration"), text(_duration(outage)), ends),
        Figure(
            text("Requests failed"),
            text(f"{impact.failed:,} of {impact.requests:,} ({percent(impact.rate)})"),
            ends,
        ),
        Figure(text("Failures outside the outage"), text(_outside(outage)), ends[:1]),
        Figure(
            text("Highest failure rate in a minute"),
            text(f"{percent(impact.peak_rate)}, first at ", Time(impact.peak_us, "minutes")),
            ends[:1],
        ),
        Figure(
            text("Client addresses with failures"),
            text(f"{impact.clients:,} of {impact.clients_seen:,} seen"),
            ends,
        ),
        Figure(
            text("Answers"),
            text(", ".join(f"{count:,} × {status}" for status, count in impact.statuses)),
            ends[:1],
        ),
    ]
    if impact.expected is not None and impact.requests < 0.8 * impact.expected:
        missing = impact.expected - impact.requests
        rows.append(
            Figure(
                text("Requests that never came (estimate)"),
                text(f"about {missing:,.0f}, from the rate before the start"),
                ends[:1],
            )
        )
    failing = [route for route in impact.routes if route.failed]
    if failing:
        words: list[Part] = []
        for route in failing[:5]:
            words += ["; " if words else "", Code(route.route), f" {route.failed:,} of {route.requests:,}"]
        rows.append(Figure(text("Most affected routes"), tuple(words), ends[:1]))
    for beside in impact.beside:
        words = [f"{beside.failed:,} of {beside.requests:,} failed"]
        rows.append(Figure(text("Beside it: ", Code(beside.service)), tuple(words), (beside.place,)))
    return rows


def _outside(outage: Outage) -> str:
    base = outage.baseline
    return (
        f"{base.failures:,} of {base.requests:,} ({percent(base.failures / base.requests)})"
        if base.requests
        else "not measured"
    )


def _duration(outage: Outage) -> str:
    length = between(outage.first_us, outage.last_us)
    return f"at least {length}" if outage.open_start or outage.open_end else length


def detection(outage: Outage, findings: Findings) -> list[Statement]:
    """Tell when somebody first looked."""
    looks = [look for look in findings.history.looks if outage.first_us <= look.start_us <= outage.last_us]
    if not looks:
        return []
    look = looks[0]
    gap = between(outage.first_us, look.start_us)
    verb = "read" if look.what == "read" else "ran"
    what = Code(look.target if look.what == "read" else look.commands[0])
    words = text(
        f"The first look that the logs show came {gap} after the start: an operator {verb} ",
        what,
        " on ",
        *codes(look.hosts[:1]),
        " at ",
        Time(look.start_us),
        ".",
    )
    return [Statement(words, (*look.places[:1], *ends_of(outage)[:1]))]


def minor(outage: Outage) -> Statement | None:
    """Tell a blip or a single client's errors in one sentence."""
    ends = ends_of(outage)
    if not ends:
        return None
    why = {
        "client": "; all of it came from one client",
        "signature": "; all of it came from one kind of request",
    }.get(outage.single, "")
    words = text(
        *capital(from_to(outage)),
        f" {outage.failed:,} of {outage.requests:,} requests to ",
        Code(outage.service),
        f" failed{why}.",
    )
    return Statement(words, ends)
