"""The goals, and whether a run of the benchmark meets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure that is asked for: at most ``asked``, or at least where ``least``."""

    what: str
    asked: float
    least: bool = False

    def met(self, measured: float) -> bool:
        """Tell whether a measured figure is as good as asked for."""
        return measured >= self.asked if self.least else measured <= self.asked


_FAST: Final = ("syslog", "json", "apache-error")
_VECTORISED: Final = ("access", "nginx-error", "logfmt", "tomcat", "learned")
GOALS: Final = (
    Goal("access: all fields into a case / counts per minute by lnav, CPU", 0.33),
    Goal("access: counts per minute / counts per minute by lnav, CPU", 0.2),
    Goal("counts only: counts per minute / counts per minute by lnav, CPU", 0.2),
    Goal("counts only: counts per minute / counts per minute by mawk, CPU", 1.0),
    *(Goal(f"{kind}: MB per CPU s", 80, least=True) for kind in _FAST),
    *(Goal(f"{kind}: MB per CPU s", 60, least=True) for kind in _VECTORISED),
    Goal("run / ingest, CPU", 1.5),
    Goal("run: peak MB", 500),
    Goal("memory: peak MB", 500),
)


def told(found: Mapping[str, float]) -> list[str]:
    """Say of each goal whose figure was measured what was asked and what came out."""
    lines = ["## Goals", "", "| figure | asked | measured | |", "|---|---|---|---|"]
    for goal in GOALS:
        if goal.what in found:
            measured = found[goal.what]
            asked = f"{'≥' if goal.least else '≤'} {goal.asked:g}"
            met = "met" if goal.met(measured) else "**not met**"
            lines.append(f"| {goal.what} | {asked} | {measured:{'.2f' if measured < 10 else '.0f'}} | {met} |")
    return [*lines, ""]
