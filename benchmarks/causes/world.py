"""A small company in a seed: its hosts, services and files, and the changes that nobody remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from afterlog.changes import Change, Step
from afterlog.evidence import Place

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
ONSET: Final = 1_700_000_000 * SECOND
SERVICES: Final = ("shop", "search", "payments", "mail", "images", "accounts")
_WORDS: Final = (
    "cache session cart price index query token queue retry limit batch worker "
    "shard replica invoice label theme banner cookie header locale stock coupon order "
    "basket review profile avatar address ledger refund webhook gateway tariff voucher catalog "
    "ranking filter facet suggest digest bounce relay spool crop resize pixel codec "
    "quota tenant badge "
).split()
_ENDINGS: Final = ("php", "yaml", "conf", "py", "json", "ini")
# what is done in a day besides incidents: how often, tool, action, and how many hosts of a service it takes
KINDS: Final = (
    (0.18, "deploy", "deploy"), (0.16, "ansible", "playbook"), (0.16, "package", "package"),
    (0.14, "service", "restart"),
    (0.08, "service", "reload"), (0.10, "command", "edit"), (0.08, "puppet", "run"), (0.10, "git", "commit"),
)  # fmt: skip
# which kinds are guilty, after the published counts of triggers (binary push, configuration push, then the rest)
GUILTY_KINDS: Final = (
    (0.38, "deploy", "deploy"), (0.32, "ansible", "playbook"), (0.08, "puppet", "run"), (0.08, "command", "edit"),
    (0.06, "package", "package"), (0.05, "service", "restart"), (0.03, "service", "reload"),
)  # fmt: skip


@dataclass
class World:
    """The company; ``rng`` makes every choice."""

    rng: np.random.Generator
    hosts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        for service in SERVICES:
            count = int(self.rng.integers(2, 7))
            self.hosts[service] = tuple(f"{service}-{n + 1}" for n in range(count))

    @property
    def fleet(self) -> tuple[str, ...]:
        """Give all hosts, those of databases and caches included."""
        return (*(host for hosts in self.hosts.values() for host in hosts), "db-1", "db-2", "cache-1", "queue-1")

    def chance(self, share: float) -> bool:
        """Throw a coin that shows heads with this probability."""
        return bool(self.rng.random() < share)

    def word(self) -> str:
        """Give any of sixty words."""
        return str(self.rng.choice(_WORDS))

    def name(self) -> str:
        """Give a name of two words; many things share one of them."""
        return f"{self.word()}_{self.word()}"

    def some_hosts(self, service: str) -> tuple[str, ...]:
        """Give the hosts that an ordinary change of a service takes."""
        own = self.hosts[service]
        draw = self.rng.random()
        if draw < 0.5:
            return own
        if draw < 0.8:
            return (str(self.rng.choice(own)),)
        if draw < 0.9:
            return (str(self.rng.choice(self.fleet)),)
        return self.fleet

    def change(self, tool: str, action: str, at: int, hosts: tuple[str, ...], **more: object) -> Change:
        """Make a change that takes from seconds (a restart) to many minutes (a rolling deploy)."""
        self.made += 1
        key = str(more.pop("key", "")) or self.name()
        subject = str(more.pop("subject", f"{self.word()} {self.word()}"))
        rolling = len(hosts) > 1 and action in ("deploy", "playbook")
        gap = int(self.rng.integers(3, 90)) * SECOND if rolling and self.chance(0.6) else 0
        place = Place(f"{tool}.log", self.made, 100 * self.made)
        steps = tuple(Step(at + n * gap, action, host, "changed", place) for n, host in enumerate(hosts))
        target = str(more.pop("target", "")) or f"/etc/{key}.{self.rng.choice(_ENDINGS)}"
        values: dict[str, object] = {
            "id": f"change-{self.made}", "tool": tool, "action": action, "title": f"{action} {key}", "start_us": at,
            "end_us": at + gap * max(len(hosts) - 1, 0), "hosts": () if tool == "git" else hosts, "targets": (target,),
            "outcome": "changed", "actor": "somebody", "steps": () if tool == "git" else steps, "places": (place,),
            "subject": subject, "content": ((f"{key}_{self.word()} = {self.rng.integers(100)}", place),),
        }  # fmt: skip
        if tool in ("service", "package"):
            values |= {"content": (), "subject": "", "targets": (str(more.pop("unit", "")) or f"{self.word()}d",)}
        return Change(**{**values, **more})  # type: ignore[arg-type]

    def ordinary(self, at: int) -> Change:
        """Make one of the changes that nobody remembers."""
        _share, tool, action = self.draw(KINDS)
        service = str(self.rng.choice(SERVICES))
        return self.change(tool, action, at, self.some_hosts(service))

    def draw(self, kinds: tuple[tuple[float, str, str], ...]) -> tuple[float, str, str]:
        """Choose a kind of change by its share."""
        shares = np.array([kind[0] for kind in kinds])
        return kinds[int(self.rng.choice(len(kinds), p=shares / shares.sum()))]

    def routine(self, action: str, period_s: int, hosts: tuple[str, ...]) -> Change:
        """Make a routine: a cron job, or a Puppet run that changes nothing."""
        outcome = "unchanged" if action == "run" else "unknown"
        times = 86_400 // period_s
        start = ONSET - 86_400 * SECOND + int(self.rng.integers(period_s)) * SECOND
        tool = "puppet" if action == "run" else "cron"
        return self.change(
            tool, action, start, hosts, end_us=ONSET + HOUR, routine=True, period_s=float(period_s), times=times,
            outcome=outcome, steps=(),
        )  # fmt: skip
