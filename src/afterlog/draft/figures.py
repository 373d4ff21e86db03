"""The impact in figures: each with how it is counted, and the lines it can be counted from."""

from __future__ import annotations

import math
from typing import Final

from afterlog.availability import BUDGET_DAYS, Burn
from afterlog.draft.model import Figure, PhaseRow
from afterlog.draft.words import between, ends_of
from afterlog.impact import Impact
from afterlog.outages import Outage, percent
from afterlog.statement import Code, Part, Text, Time, codes, text
from afterlog.traffic.failing import DEFAULT

_ROUTES: Final = 5


def duration_of(outage: Outage) -> str:
    """Say how long it lasted; at least that where the logs begin or end within it."""
    length = between(outage.first_us, outage.last_us)
    return f"at least {length}" if outage.open_start or outage.open_end else length


def figures(outage: Outage, impact: Impact, cost: Burn | None, fail: str = DEFAULT) -> list[Figure]:
    """Give the rows of the impact table; what would be empty is left out. ``fail`` is the rule of what failed."""
    ends = ends_of(outage)
    rows = [
        Figure(
            "duration",
            text("Duration"),
            text(duration_of(outage)),
            text(_length(outage)),
            ends,
        ),
        Figure(
            "failed",
            text("Requests failed"),
            text(f"{impact.failed:,} of {impact.requests:,} ({percent(impact.rate)})"),
            text(*_counted(outage, fail), ", as the outermost server saw them", _without(outage)),
            ends,
        ),
        _usual(outage, impact),
        _missing(outage, impact),
        Figure(
            "peak",
            text("Worst minute"),
            text(f"{percent(impact.peak_rate)} failed, first at ", Time(impact.peak_us, "minutes")),
            text("failed / requests of that minute"),
            (impact.peak_place,) if impact.peak_place else ends[:1],
        ),
        Figure(
            "clients",
            text("Client addresses with failures"),
            text(f"{impact.clients:,} of {impact.clients_seen:,} seen"),
            text("distinct addresses; several people may share one"),
            ends,
        )
        if impact.clients
        else None,
        Figure(
            "user-minutes",
            text("User-minutes lost"),
            text(f"{impact.user_minutes:,.0f}"),
            text("per client, first failure to next success; a gap counts for 30 min at most"),
            ends,
        )
        if impact.user_minutes >= 1
        else None,
        *_burned(outage, cost),
        Figure(
            "answers",
            text("Answers"),
            text(", ".join(f"{count:,} × {status}" for status, count in impact.statuses)),
            text("status codes of the failed requests"),
            ends[:1],
        )
        if impact.statuses
        else None,
        _routes(outage, impact),
        *_beside(impact),
    ]
    mute = {"failed", "excess", "peak"} if outage.kind == "silence" else set()
    return [row for row in rows if row is not None and row.places and row.key not in mute]


def _length(outage: Outage) -> str:
    by_hand = [note for note in outage.notes if note.endswith("was set by a person")]
    if by_hand:
        return "; ".join(by_hand)
    return "the silence, from request to request" if outage.kind == "silence" else "first to last failed request"


def _counted(outage: Outage, fail: str) -> Text:
    if outage.given_up:
        return text("status 499 and the like: the client went away before an answer")
    if outage.kind == "client-errors":
        return text("status 400 to 499")
    return text("status 500 and above") if fail == DEFAULT else text("by the rule ", Code(fail))


def _without(outage: Outage) -> str:
    """Say what was left out: a reader who counts the lines finds these too."""
    asked, failed = outage.scanned
    return f"; without {asked:,} requests of scanners, {failed:,} of them failed" if asked else ""


def _usual(outage: Outage, impact: Impact) -> Figure | None:
    base = outage.baseline
    if not base.requests:
        return None
    rate = base.failures / base.requests
    words = f"about {impact.failed - rate * impact.requests:,.0f}" if base.failures else f"all {impact.failed:,}"
    counted = f"outside the outage {base.failures:,} of {base.requests:,} failed ({percent(rate)})"
    return Figure(
        "excess",
        text("More failures than usual"),
        text(words),
        text(f"failed − usual rate × requests; {counted}"),
        ends_of(outage),
    )


def _missing(outage: Outage, impact: Impact) -> Figure | None:
    if impact.expected is None or impact.expected - impact.requests < 3 * math.sqrt(impact.expected):
        return None
    missing = impact.expected - impact.requests
    return Figure(
        "missing",
        text("Requests that never came (estimate)"),
        text(f"about {missing:,.0f}"),
        text(f"expected − seen: about {impact.expected:,.0f} at the rate before the start − {impact.requests:,}"),
        ends_of(outage)[:1],
    )


def _burned(outage: Outage, cost: Burn | None) -> list[Figure]:
    if cost is None:
        return []
    ends = ends_of(outage)
    objective = f"{cost.objective * 100:.10g} %"
    return [
        Figure(
            "budget",
            text(f"Error budget burned (objective {objective})"),
            text(f"{cost.minutes:,.1f} of {cost.budget_minutes:,.1f} minutes ({cost.share * 100:,.0f} %)"),
            text(f"failure rate × duration, of (1 − objective) × {BUDGET_DAYS} days"),
            ends,
        ),
        Figure(
            "burn",
            text("Burn rate"),
            text(f"{cost.rate:,.0f} ×"),
            text("failure rate / (1 − objective); 1 × uses the budget up in exactly 30 days"),
            ends,
        ),
    ]


def _routes(outage: Outage, impact: Impact) -> Figure | None:
    failing = [route for route in impact.routes if route.failed]
    if not failing:
        return None
    words: list[Part] = []
    for route in failing[:_ROUTES]:
        words += ["; " if words else "", Code(route.route), f" {route.failed:,} of {route.requests:,}"]
    return Figure(
        "routes",
        text("Most affected routes"),
        tuple(words),
        text("numbers in a path are written *"),
        ends_of(outage)[:1],
    )


def _beside(impact: Impact) -> list[Figure]:
    return [
        Figure(
            "beside",
            text("Beside it: ", Code(other.service)),
            text(f"{other.failed:,} of {other.requests:,} failed"),
            text("another service in the same time"),
            (other.place,),
        )
        for other in impact.beside
    ]


def phases(outage: Outage, impact: Impact | None) -> list[PhaseRow]:
    """Give the parts of the outage at one level of failure each; nothing where there is but one."""
    if len(outage.phases) < 2 or impact is None:
        return []
    places = {host: place for host, _time, place in impact.first_on_host}
    return [
        PhaseRow(
            phase.start_us,
            phase.end_us,
            phase.requests,
            phase.failed,
            phase.rate,
            codes(phase.hosts),
            tuple(places[host] for host in phase.hosts[:1] if host in places) or ends_of(outage)[:1],
        )
        for phase in outage.phases
    ]
