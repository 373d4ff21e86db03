"""How an outage was found: what was counted, what is usual, the evidence, and what would move its start and end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from afterlog.clock import rfc3339
from afterlog.detect import Excursion, Stream, detect
from afterlog.detect.levels import levels_above, switch_cost
from afterlog.detect.stream import Flags
from afterlog.errors import InputError
from afterlog.findings import Findings
from afterlog.outage import Outage, percent
from afterlog.printed import aligned, local, visible_lines
from afterlog.sketch import sketch
from afterlog.traffic.requests import Requests
from afterlog.traffic.signals import SECOND_US, Signal

_GATEWAY = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Variant:
    """The same outage under another rule: its boundaries in UTC microseconds, None where it is not found then."""

    rule: str
    start_us: int | None
    end_us: int | None
    level: str
    requests: int
    failed: int

    def as_json(self) -> dict[str, Any]:
        """Give it in the shape of ``outages --explain --json``."""
        edges = (("start", self.start_us), ("end", self.end_us))
        times = {name: None if at is None else rfc3339(at) for name, at in edges}
        return {"rule": self.rule, **times, "class": self.level, "requests": self.requests, "failed": self.failed}


def chosen(findings: Findings, identity: str) -> tuple[Outage, Signal | None]:
    """Give the outage whose id begins so, and its service's signal.

    Raises:
        InputError: none or several begin so.

    """
    parts = [(one, (one.id, one.id.partition("-")[2])) for one in findings.outages]
    fitting = [one for one, names in parts if identity and any(name.startswith(identity) for name in names)]
    if len(fitting) != 1:
        known = ", ".join(one.id for one in findings.outages) or "none"
        why = "several outages have" if fitting else "no outage has"
        raise InputError(f"--explain {identity}: {why} this id; there are: {known}")
    return fitting[0], next((one for one in findings.signals if one.service == fitting[0].service), None)


def variants(outage: Outage, signal: Signal) -> list[Variant]:
    """Detect again with other rules: what counts as a failure, how much evidence is asked for, who is left out."""
    return [_found(rule, stream, outage) for rule, stream in _streams(outage, signal)]


def _streams(outage: Outage, signal: Signal) -> Iterator[tuple[str, Stream]]:
    stream, requests = signal.stream, signal.requests
    yield "as it was found", stream
    yield "half the evidence is enough", replace(stream, strictness=0.5)
    yield "twice the evidence is asked for", replace(stream, strictness=2.0)
    status = requests.status
    rules: list[tuple[str, Flags]] = [
        ("status>=500", status >= 500),
        ("status>=500 or status==499", (status >= 500) | (status == 499)),
        ("status>=400", status >= 400),
        ("status is 502, 503 or 504", np.isin(status, _GATEWAY)),
    ]
    for rule, failed in rules:
        if not np.array_equal(failed, requests.failed):
            refused = stream.client_error & ~failed
            yield rule, replace(stream, failed=failed, client_error=refused)
    for what, mask in _parts(outage, requests):
        if 0 < np.count_nonzero(mask) < mask.size:
            yield what, stream.take(~mask)


def _parts(outage: Outage, requests: Requests) -> Iterator[tuple[str, Flags]]:
    """Give what may be left out: the client and the server with the most failures."""
    rows = requests.within(outage.first_us, outage.last_us)
    failed = np.flatnonzero(requests.failed[rows]) + rows.start
    for what, codes, names in (
        ("client", requests.client, requests.names.client),
        ("server", requests.server, requests.names.server),
    ):
        known = codes[failed][codes[failed] >= 0]
        if len(known):
            most = int(np.bincount(known).argmax())
            yield f"without {what} {names[most]}", codes == most


def _found(rule: str, stream: Stream, outage: Outage) -> Variant:
    found = [(_common(one, outage), one) for one in detect(stream).excursions if one.kind == outage.kind]
    shared = max((pair for pair in found if pair[0] > 0), key=lambda pair: pair[0], default=None)
    if shared is None:
        return Variant(rule, None, None, "not found", 0, 0)
    one = shared[1]
    level = f"{one.level}, one {one.single}'s" if one.single else one.level
    return Variant(rule, one.start.time_us, one.end.time_us, level, one.requests, one.failed)


def _common(one: Excursion, outage: Outage) -> int:
    return min(one.end.time_us, outage.end.time_us) - max(one.start.time_us, outage.start.time_us)


def explain_json(findings: Findings, identity: str) -> dict[str, Any]:
    """Give the document of ``outages --explain ID --json``."""
    outage, signal = chosen(findings, identity)
    base = outage.baseline
    places = (outage.first, outage.last, outage.recovered)
    return {
        "outage": outage.as_json(findings.of([place for place in places if place])),
        "settings": findings.outages_json()["settings"],
        "baseline": {
            "rate": base.rate, "drift_sd": base.drift_sd, "zone": base.zone, "clumping": base.clumping,
            "requests": base.requests, "failures": base.failures,
        },
        "detectability_nats": outage.detectability,
        "sensitivity": [one.as_json() for one in variants(outage, signal)] if signal else [],
    }  # fmt: skip


def write_picture(findings: Findings, identity: str, zone: str, file: Path) -> None:
    """Draw an outage into an SVG file.

    Raises:
        InputError: it has no requests to draw, or the file cannot be written.

    """
    outage, signal = chosen(findings, identity)
    if signal is None:
        raise InputError(f"--picture: {outage.id} was told by no requests, so there is no rate to draw.")
    try:
        file.write_text(sketch(outage, signal, zone), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror or error}); choose another --picture.") from None


def explain(findings: Findings, identity: str, zone: str) -> str:
    """Say in plain words how an outage was found."""
    outage, signal = chosen(findings, identity)
    lines = [f"{outage.id}  {outage.level} ({outage.kind}) of {outage.service or '(stated)'}", ""]
    rows = [*_counted(findings, signal), *_usual(outage), *_evidence(outage, signal), *_edges(outage, zone)]
    lines += [f"{name:<11} {words}" for name, words in rows]
    if outage.phases:
        lines += ["", aligned(("PHASE FROM", "RATE", "FAILED", "REQUESTS", "SERVERS"), [
            (local(p.start_us, zone), percent(p.rate), p.failed, p.requests, ", ".join(p.hosts)) for p in outage.phases
        ])]  # fmt: skip
    if outage.views:
        lines += ["", aligned(("SEEN FURTHER IN BY", "AS", "FAILED", "REQUESTS"), [
            (view.what, view.kind, view.failed, view.requests) for view in outage.views
        ])]  # fmt: skip
    if signal:
        rows_of = [_variant_row(one, outage, zone) for one in variants(outage, signal)]
        lines += ["", "What would move it:", aligned(("RULE", "START", "END", "CLASS", "FAILED"), rows_of)]
    return visible_lines("\n".join(lines))


def _counted(findings: Findings, signal: Signal | None) -> Iterator[tuple[str, str]]:
    if signal is None:
        yield "counted", "no requests: told by lines of level error, or by a person"
        return
    sources = sorted({signal.requests.names.source[code] for code in np.unique(signal.requests.source)})
    named = ", ".join(sources[:4]) + (" …" if len(sources) > 4 else "")
    yield "counted", f"{len(signal.requests):,} requests from {named}"
    yield "failure is", findings.rules.fail
    if signal.checks:
        yield "left out", f"{signal.checks:,} health checks"


def _usual(outage: Outage) -> Iterator[tuple[str, str]]:
    base = outage.baseline
    if base.requests:
        yield "baseline", f"{percent(base.rate)} fail when healthy ({base.failures:,} of {base.requests:,} requests)"
        yield "drift", f"up to {base.zone:.1f} times that still counts as healthy (slow drift, sd {base.drift_sd:.2f})"
        clumps = f"failures come in clumps: evidence is divided by {base.clumping:.1f}"
        yield "clumping", clumps if base.clumping >= 1.05 else "failures come one by one"


def _evidence(outage: Outage, signal: Signal | None) -> Iterator[tuple[str, str]]:
    if outage.kind in ("errors", "client-errors") and outage.requests:
        failed = f"{outage.failed:,} of {outage.requests:,} failed ({percent(outage.failure_rate)})"
        nats = f"{outage.detectability:,.0f} nats"
        yield "evidence", f"{failed}: {nats} (with 10 to 20 about half are found, from 40 on all)"
        if signal:
            span = (signal.stream.end_us - signal.stream.start_us) // SECOND_US + 1
            cost = switch_cost(min(len(signal.requests), span))
            lowest = percent(float(levels_above(outage.baseline)[0]))
            yield "threshold", f"a change of level must be worth {cost:.1f} nats; the lowest level tried is {lowest}"
    for note in outage.notes:
        yield "note", note


def _edges(outage: Outage, zone: str) -> Iterator[tuple[str, str]]:
    for name, edge, is_open, words in (
        ("start", outage.start, outage.open_start, "it was under way when the logs begin"),
        ("end", outage.end, outage.open_end, "it was not over when the logs end"),
    ):
        sure = f"between {_clock(edge.low_us, zone)} and {_clock(edge.high_us, zone)} with 90 %"
        yield name, words if is_open else f"{local(edge.time_us, zone)}, {sure}"


def _clock(time_us: int, zone: str) -> str:
    return local(time_us, zone).split(" ")[1]


def _variant_row(one: Variant, outage: Outage, zone: str) -> tuple[object, ...]:
    if one.start_us is None or one.end_us is None:
        return one.rule, "", "", one.level, ""
    return (
        one.rule,
        f"{_clock(one.start_us, zone)} ({_shift(one.start_us - outage.start.time_us)})",
        f"{_clock(one.end_us, zone)} ({_shift(one.end_us - outage.end.time_us)})",
        one.level,
        f"{one.failed:,} of {one.requests:,}",
    )


def _shift(us: int) -> str:
    seconds = us / SECOND_US
    return "same" if math.isclose(seconds, 0, abs_tol=0.05) else f"{seconds:+,.1f} s"
