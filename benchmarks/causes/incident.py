"""One simulated incident: what `rank_causes` is given, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from afterlog.changes import Change, Look
from afterlog.detect import Baseline, Instant
from afterlog.evidence import Place
from afterlog.identity import stable_id
from afterlog.messages import Message
from afterlog.messages.signs import sign_of
from afterlog.outages import Outage
from benchmarks.causes.world import HOUR, MINUTE, ONSET, SECOND, World


@dataclass
class Incident:
    """An outage with what was done, said and looked at; ``guilty`` is a change's id, a sign's name, or "" for none."""

    family: str
    world: World
    service: str
    start_us: int = ONSET
    end_us: int = ONSET + HOUR
    guilty: str = ""
    hosts: tuple[str, ...] = ()
    changes: list[Change] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    first_failures: dict[str, int] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """Tell whether a change is guilty."""
        return self.guilty.startswith("change-")

    def outage(self) -> Outage:
        """Give the outage as the detector would: its boundaries known to seconds, or to minutes."""
        rng = self.world.rng
        width = int(rng.choice([1, 5, 60]) * SECOND)
        start = Instant(self.start_us + int(rng.integers(width)), self.start_us - width, self.start_us + width)
        end = Instant(self.end_us, self.end_us - width, self.end_us + width)
        return Outage(
            id="outage", kind="errors", level="outage", service=self.service, hosts=self.hosts, start=start, end=end,
            open_start=False, open_end=False, baseline=Baseline(0.001, 0.001, 1.0, 1.0, 10_000, 10), failure_rate=0.6,
            requests=5_000, failed=3_000, clients=500, phases=(), single="", notes=(), first_us=self.start_us,
            last_us=self.end_us, first=None, last=None, recovered=None,
        )  # fmt: skip

    def fail(self, hosts: tuple[str, ...], firsts: dict[str, int] | None = None) -> None:
        """Let hosts fail, from given moments or within seconds of the onset."""
        self.hosts = hosts
        for host in hosts:
            late = int(self.world.rng.exponential(5 * SECOND))
            self.first_failures[host] = (firsts or {}).get(host, self.start_us + late)

    def say(
        self,
        sample: str,
        first_us: int,
        *,
        before: int = 0,
        during: int = 200,
        after: int = 0,
        correlation: float | None = None,
        severity: int = 17,
        hosts: tuple[str, ...] = (),
    ) -> None:
        """Let programs say something."""
        rng = self.world.rng
        place = Place("error.log", len(self.messages) + 1, 0)
        begin = first_us if not before else self.start_us - 20 * HOUR
        with_failures = float(np.clip(rng.normal(0.75, 0.15), 0, 1)) if correlation is None else correlation
        self.messages.append(
            Message(
                id=stable_id("message", sample), template=sample, sample=sample, severity=severity,
                service=self.service, hosts=hosts or self.hosts, first_us=begin, last_us=self.end_us,
                near_us=first_us, before=before, during=during, after=after,
                before_s=86_400.0, during_s=(self.end_us - self.start_us) / SECOND,
                after_s=3600.0, correlation=with_failures, first=place, near=place, sign=sign_of(sample),
            )
        )  # fmt: skip

    def look(self, command: str) -> None:
        """Let a person look for something during the outage."""
        rng = self.world.rng
        at = self.start_us + int(rng.uniform(2, 15) * MINUTE)
        number = len(self.looks) + 1
        place = Place("auth.log", number, 0)
        self.looks.append(
            Look(f"look-{number}", "check", command, at, at, self.hosts[:1], "somebody", (command,), (place,))
        )
