"""What programs say, one kind of message at a time, seen from one outage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from afterlog.clock import rfc3339
from afterlog.evidence import Place

SECOND: Final = 1_000_000
BIN_US: Final = 10 * SECOND
"""Width of the bins in which messages are counted near an outage."""


_LONG_S = 600.0  # of logs before an outage tell that a message is new,
_AWAITED = 8.0  # or fewer, where at its rate so many would have been said in them


@dataclass(frozen=True, slots=True)
class Window:
    """An outage as counting needs it: ``[start_us, end_us]``, and the moments of its failures."""

    id: str
    start_us: int
    low_us: int
    end_us: int
    failures_us: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message, and how it behaves around one outage; times in UTC microseconds, lengths in seconds.

    ``template`` has ``<*>`` where messages differ; ``sample`` is the first one said near the outage.
    ``first_us`` and ``last_us`` are over the whole case, ``near_us`` is the first time from three hours before the
    outage on (0 where it was not said then). ``before`` counts the day before the outage, ``correlation`` is that of
    its counts with the failures, in bins over the outage and as long before and after it, -1 to 1.
    """

    id: str
    template: str
    sample: str
    severity: int
    service: str
    hosts: tuple[str, ...]
    first_us: int
    last_us: int
    near_us: int
    before: int
    during: int
    after: int
    before_s: float
    during_s: float
    after_s: float
    correlation: float
    first: Place
    near: Place
    sign: str = ""  # the non-change cause it is a sign of, if any

    @property
    def rate_before(self) -> float:
        """Give messages per hour before the outage."""
        return 3600 * self.before / self.before_s if self.before_s else 0.0

    @property
    def rate_during(self) -> float:
        """Give messages per hour during the outage."""
        return 3600 * self.during / self.during_s if self.during_s else 0.0

    @property
    def rate_after(self) -> float:
        """Give messages per hour after the outage."""
        return 3600 * self.after / self.after_s if self.after_s else 0.0

    @property
    def trend(self) -> str:
        """Tell how it behaves: new, grew, stopped, constant; or rare, where there is too little to tell."""
        if self.during and not self.before:
            awaited = self.during * self.before_s / max(self.during_s, 1.0)
            return "new" if self.before_s >= _LONG_S or awaited >= _AWAITED else "rare"
        if self.during >= 5 and self.rate_during >= 3 * self.rate_before and self._surprise() > 6:
            return "grew"
        expected = self.rate_before * self.during_s / 3600
        if self.before >= 10 and expected >= 5 and self.during <= expected / 5:
            return "stopped"
        return "constant" if self.before >= 3 and self.during else "rare"

    def _surprise(self) -> float:
        """Give how far the count lies above the expected one, in squared standard deviations of a Poisson count."""
        expected = max(self.rate_before * self.during_s / 3600, 0.5)
        return (self.during - expected) ** 2 / (self.during + expected)

    def as_json(self, evidence: list[dict[str, Any]]) -> dict[str, Any]:
        """Give it as it stands in JSON."""
        return {
            "id": self.id,
            "trend": self.trend,
            "template": self.template,
            "sample": self.sample,
            "severity": self.severity or None,
            "service": self.service,
            "hosts": list(self.hosts),
            "first": rfc3339(self.first_us),
            "last": rfc3339(self.last_us),
            "before": self.before,
            "during": self.during,
            "after": self.after,
            "per_hour_before": round(self.rate_before, 3),
            "per_hour_during": round(self.rate_during, 3),
            "per_hour_after": round(self.rate_after, 3),
            "correlation": round(self.correlation, 3),
            "sign": self.sign or None,
            "evidence": evidence,
        }
