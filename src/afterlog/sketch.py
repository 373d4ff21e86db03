"""The picture of ``outages --explain``: the failure rate with its levels, and how sure start and end are."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from afterlog.clock import zone_of
from afterlog.detect import Instant
from afterlog.detect.boundary import JEFFREYS, Prior, healthy_prior, posterior
from afterlog.detect.special import divergence
from afterlog.detect.stream import Floats, spread
from afterlog.outage import Outage
from afterlog.traffic.signals import SECOND_US, Signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BARS: Final = 300
_REACH: Final = 2_000  # healthy requests beside a boundary
_INK, _GOOD, _BAD = "#333333", "#9db8d2", "#c0392b"


def sketch(outage: Outage, signal: Signal, zone: str) -> str:
    """Draw an outage as SVG: deterministic, the same bytes in every run."""
    import matplotlib as mpl  # noqa: PLC0415  half a second that only this needs

    mpl.use("svg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(
        {"svg.hashsalt": "afterlog", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
    ):
        figure = Figure(figsize=(9.6, 5.2), layout="constrained")
        axes = figure.subplot_mosaic([["rate", "rate"], ["start", "end"]])
        _rates(axes["rate"], outage, signal, zone)
        healthy = healthy_prior(outage.baseline.rate)
        _density(axes["start"], outage, signal, zone, (outage.start, (healthy, JEFFREYS), "start"))
        _density(axes["end"], outage, signal, zone, (outage.end, (JEFFREYS, healthy), "end"))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _bad(outage: Outage, signal: Signal) -> np.ndarray:
    return signal.requests.client_error if outage.kind == "client-errors" else signal.requests.failed


def _rates(axes: Axes, outage: Outage, signal: Signal, zone: str) -> None:
    time = signal.requests.time
    room = max(outage.end.time_us - outage.start.time_us, 600 * SECOND_US)
    begin = max(int(time[0]), outage.start.time_us - room)
    end = min(int(time[-1]), outage.end.time_us + room)
    edges = np.linspace(begin, max(end, begin + SECOND_US), _BARS + 1)
    every, _ = np.histogram(time, edges)
    failed, _ = np.histogram(time[_bad(outage, signal)], edges)
    when = [_at(int(edge), zone) for edge in edges]
    share: Floats = failed / np.maximum(every, 1)
    most = max(int(every.max()), 1)
    axes.stairs(every / most, when, fill=True, color=_GOOD, label=f"requests (highest: {most})")
    axes.stairs(share, when, fill=True, color=_BAD, alpha=0.8, label="failed, share")
    for phase in outage.phases:
        span = [_at(phase.start_us, zone), _at(phase.end_us, zone)]
        axes.plot(span, [phase.rate] * 2, color=_INK, lw=1.5)
    base = outage.baseline
    axes.axhline(base.rate, color=_INK, lw=0.8, ls=":", label="baseline")
    axes.set_ylim(0, 1.05)
    axes.set_xlim(when[0], when[-1])
    axes.set_title(f"{outage.service}, {zone}", loc="right", fontsize=9, color=_INK, parse_math=False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.2), ncols=3, frameon=False)
    _finish(axes)


def _density(
    axes: Axes, outage: Outage, signal: Signal, zone: str, edge: tuple[Instant, tuple[Prior, Prior], str]
) -> None:
    instant, priors, name = edge
    stream = signal.stream
    at = int(np.searchsorted(stream.time_us, instant.time_us))
    near = _failing(outage, name)
    rows = slice(max(at - _REACH, 0), at + near) if name == "start" else slice(max(at - near, 0), at + _REACH)
    time = spread(stream.time_us[rows], stream.resolution_us)
    if len(time) > 2 and outage.kind != "silence":
        bad = _bad(outage, signal)[rows]
        clumping = outage.baseline.clumping
        stops, share, _tilt = posterior(time[1:-1], bad[1:-1], (int(time[0]), int(time[-1])), priors, clumping=clumping)
        gaps = np.maximum(np.diff(stops), 1)
        axes.stairs(share / gaps / (share / gaps).max(), [_at(int(stop), zone) for stop in stops], color=_INK)
    width = max(instant.high_us - instant.low_us, SECOND_US)
    axes.axvspan(_at(instant.low_us, zone), _at(instant.high_us, zone), color=_BAD, alpha=0.12, lw=0)
    axes.axvline(_at(instant.time_us, zone), color=_BAD, lw=1)
    axes.set_xlim(_at(instant.low_us - width, zone), _at(instant.high_us + width, zone))
    axes.set_yticks([])
    axes.set_title(f"{name}: shaded 90 %", loc="left", fontsize=9, color=_INK)
    _finish(axes)


def _failing(outage: Outage, name: str) -> int:
    """Give how many failing requests settle a boundary, as for the detector: 60 over the nats of each, at least 25."""
    rates = [phase.rate for phase in outage.phases] or [outage.failure_rate]
    rate, base = rates[0 if name == "start" else -1], outage.baseline
    nats = min(divergence(rate, base.rate), divergence(base.rate, rate)) / base.clumping
    return int(min(max(60 / max(nats, 1e-6), 25), 20 * _REACH))


def _finish(axes: Axes) -> None:
    from matplotlib import dates  # noqa: PLC0415

    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))  # type: ignore[no-untyped-call]


def _at(time_us: int, zone: str) -> Any:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return moment.astimezone(zone_of(zone)).replace(tzinfo=None)
