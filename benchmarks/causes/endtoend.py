"""The whole walk on played incidents: written as directories of logs, ingested, read from ``causes --json``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from afterlog.analysis import analyse
from afterlog.ingestion import Options, ingest
from benchmarks.causes.played import PLAYED, Truth, play


@dataclass(frozen=True, slots=True)
class Heard:
    """What the tool said of one incident; ``place`` of the guilty from 1, 0 where it is not named."""

    name: str
    seed: int
    truth: Truth
    found: bool  # an outage that overlaps the true one by half
    others: int  # further outages told
    place: int
    first: str
    confidence: float
    verdict: str

    @property
    def expected(self) -> bool:
        """Tell whether a change is guilty or a sign tells the cause."""
        return bool(self.truth.words or self.truth.sign)

    @property
    def blames(self) -> bool:
        """Tell whether a change is named where none is guilty."""
        wrongly = not self.truth.words and self.verdict != "no-change-explains-it" and bool(self.first)
        return wrongly and not self.first.startswith("sign ")


def hear(names: Iterable[str], seeds: range) -> Iterator[Heard]:
    """Play incidents through files and give what is told of each."""
    for name in names:
        for seed in seeds:
            machines, truth = play(name, seed)
            with tempfile.TemporaryDirectory() as folder:
                machines.write(Path(folder, "logs"))
                findings = analyse(ingest([Path(folder, "logs")], Path(folder, "case"), Options(tz="UTC", jobs=1)))
                told = [one for one in findings.outages_json()["outages"] if one["class"] != "blip"]
                causes = findings.causes_json()
            yield _heard(name, seed, truth, told, causes)


def _heard(name: str, seed: int, truth: Truth, told: list[dict[str, Any]], causes: dict[str, Any]) -> Heard:
    fitting = [one for one in told if _overlap(truth, one) >= 0.5]
    if not fitting:
        return Heard(name, seed, truth, False, len(told), 0, "", 0.0, "")
    outage = max(fitting, key=lambda one: _overlap(truth, one))["id"]
    ranked = [one for one in causes["causes"] if one["outage"] == outage and (one["change"] or one.get("sign"))]
    place = next((number for number, one in enumerate(ranked, 1) if _is_guilty(one, truth)), 0)
    first = ranked[0] if ranked else None
    label = "" if first is None else first["title"] if first["change"] else f"sign {first['title']}"
    confidence = first["confidence"] if first else 0.0
    return Heard(name, seed, truth, True, len(told) - 1, place, label, confidence, causes["verdicts"][outage])


def _is_guilty(cause: dict[str, Any], truth: Truth) -> bool:
    if not cause["change"]:
        return bool(truth.sign) and cause["sign"] == truth.sign
    said = " ".join([cause["title"], *cause["change"]["targets"]]).lower()
    return any(word in said for word in truth.words)


def _overlap(truth: Truth, one: dict[str, Any]) -> float:
    begin = datetime.fromisoformat(one["start"]).timestamp()
    end = datetime.fromisoformat(one["end"]).timestamp() if one["end"] else truth.end.timestamp()
    low, high = truth.begin.timestamp(), truth.end.timestamp()
    return max(min(end, high) - max(begin, low), 0) / max(max(end, high) - min(begin, low), 1)


def told(heard: list[Heard]) -> str:
    """Return the tables of the page: all incidents, and a row for each kind."""
    lines = [
        "| incident | n | outage found | hit@1 | hit@3 | called likely | abstained |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in PLAYED:
        mine = [one for one in heard if one.name == name]
        if mine:
            lines.append(f"| {name} | {_row(mine)} |")
    lines.append(f"| **all** | {_row(heard)} |")
    negative = [one for one in heard if not one.truth.words]
    wrong = sum(one.blames for one in negative)
    return "\n".join(
        [*lines, "", f"A change is blamed in {wrong} of {len(negative)} incidents without a guilty one.", ""]
    )


def _row(heard: list[Heard]) -> str:
    guilty = [one for one in heard if one.expected]
    hits = [f"{sum(test(one) for one in guilty)} of {len(guilty)}" if guilty else "-" for test in (_first, _third)]
    likely = sum(one.verdict == "likely" for one in heard)
    abstained = sum(one.verdict == "no-change-explains-it" for one in heard)
    return " | ".join(map(str, (len(heard), sum(one.found for one in heard), *hits, likely, abstained)))


def _first(one: Heard) -> bool:
    return one.place == 1


def _third(one: Heard) -> bool:
    return 0 < one.place <= 3
