"""The picture: requests and failures per minute, outages shaded, changes marked; a deterministic SVG."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from afterlog.clock import zone_of
from afterlog.findings import Findings
from afterlog.outages import Outage
from afterlog.traffic.signals import Signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS_S: Final = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400)
_BARS: Final = 400
_INK, _GOOD, _BAD, _MARK = "#333333", "#9db8d2", "#c0392b", "#7d5fa0"


def draw(findings: Findings, zone: str) -> str | None:
    """Draw the service with the worst outage (else the busiest); None where there are no requests."""
    signal = _chosen(findings)
    if signal is None:
        return None
    import matplotlib as mpl  # noqa: PLC0415  half a second that only this needs

    mpl.use("svg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(
        {"svg.hashsalt": "afterlog", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
    ):
        figure = Figure(figsize=(9.6, 3.2), layout="constrained")
        _plot(figure.subplots(), signal, findings, zone)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _chosen(findings: Findings) -> Signal | None:
    worst = max(findings.outages, key=lambda outage: (outage.level != "blip", outage.failed), default=None)
    named = [signal for signal in findings.signals if worst and signal.service == worst.service]
    busiest = sorted(findings.signals, key=lambda signal: -len(signal.requests))
    return next(iter([*named, *busiest]), None)


def _plot(axes: Axes, signal: Signal, findings: Findings, zone: str) -> None:
    time = signal.requests.time
    begin, end = _window(time, [o for o in findings.outages if o.service == signal.service and o.level != "blip"])
    step_s = next((step for step in _STEPS_S if (end - begin) / 1e6 / step <= _BARS), _STEPS_S[-1])
    edges = np.arange(begin // (step_s * 1_000_000), end // (step_s * 1_000_000) + 2) * step_s * 1_000_000
    every, _ = np.histogram(time, edges)
    failed, _ = np.histogram(time[signal.requests.failed], edges)
    local = zone_of(zone)
    when = [(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(edge))).astimezone(local) for edge in edges]
    naive: list[Any] = [moment.replace(tzinfo=None) for moment in when]
    axes.stairs(every, naive, fill=True, color=_GOOD, label="all requests")
    axes.stairs(failed, naive, fill=True, color=_BAD, label="failed")
    for outage in findings.outages:
        if outage.service == signal.service and outage.level != "blip":
            axes.axvspan(_at(outage.start.time_us, zone), _at(outage.end.time_us, zone), color=_BAD, alpha=0.08, lw=0)
    _mark_changes(axes, findings, zone, begin, end)
    unit = {1: "second", 60: "minute", 3600: "hour"}.get(
        step_s, f"{step_s} s" if step_s < 60 else f"{step_s // 60} min"
    )
    axes.set_ylabel(f"requests per {unit}", color=_INK)
    axes.set_xlim(naive[0], naive[-1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.16), ncols=4, frameon=False)
    axes.set_title(f"{signal.service}, {zone}", loc="right", fontsize=9, color=_INK, parse_math=False)
    from matplotlib import dates  # noqa: PLC0415

    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))  # type: ignore[no-untyped-call]


def _window(time: np.ndarray, outages: list[Outage]) -> tuple[int, int]:
    """Show the outages with their surroundings; all of it where that is short or nothing happened."""
    if not outages:
        return int(time[0]), int(time[-1])
    first, last = min(o.start.time_us for o in outages), max(o.end.time_us for o in outages)
    room = max(last - first, 1800 * 1_000_000)
    return max(int(time[0]), first - room), min(int(time[-1]), last + room)


def _mark_changes(axes: Axes, findings: Findings, zone: str, begin: int, end: int) -> None:
    numbers = [
        entry for entry in findings.timeline if entry.kind in ("change", "attempt") and begin <= entry.time_us <= end
    ]
    for kind, style, label in (("change", "-", "change"), ("attempt", ":", "failed attempt")):
        for index, entry in enumerate(entry for entry in numbers if entry.kind == kind):
            told = label if index == 0 else None
            axes.axvline(_at(entry.time_us, zone), color=_MARK, lw=0.9, ls=style, alpha=0.7, label=told)


def _at(time_us: int, zone: str) -> Any:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None)
