"""What the tool tells of another world: each fault of `elsewhere.py` in each form of `logs.py`, through files."""

from __future__ import annotations

import shutil
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from afterlog.analysis import analyse
from afterlog.ingestion import Options, ingest
from benchmarks.outages.elsewhere import FAULTS, Trouble, traffic
from benchmarks.outages.logs import BEGIN, ERRORS_ONLY, LAYOUTS
from benchmarks.outages.score import iou

_STAMPED_LATE = (*ERRORS_ONLY, "nginx combined", "a big and a tiny service")  # and tell no duration
_WEB_ONLY = ("429 storm", "404 after a deploy", "silence")  # leave no line of level error


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case: whether found, rightly named, its ends' errors and whether they lie inside their intervals."""

    layout: str
    fault: str
    rate: float
    trouble: bool
    found: bool
    named: bool
    false: int
    errors_s: tuple[float, ...]
    covered: tuple[bool, ...]


def foreign(seeds: range, rates: tuple[float, ...], root: Path, *, aloud: bool = False) -> Iterator[Verdict]:
    """Yield a verdict on each fault at each rate for each seed; each seed and fault is written in all forms in turn."""
    forms = list(LAYOUTS)
    for seed in seeds:
        for rate in rates:
            for number, fault in enumerate(FAULTS):
                form = forms[(seed + number + rates.index(rate)) % len(forms)]
                if form in ERRORS_ONLY and fault in _WEB_ONLY:
                    form = forms[(seed + number) % 5]
                yield _one(form, fault, rate, seed, root, aloud)


def _one(form: str, fault: str, rate: float, seed: int, root: Path, aloud: bool) -> Verdict:
    rng = np.random.default_rng([seed, zlib.crc32(fault.encode()), round(rate * 1000)])
    visits, trouble = FAULTS[fault](
        rng, traffic(rng, rate, 3 if fault == "one server fails" else int(rng.integers(1, 3)))
    )
    if trouble is not None and fault == "504 after a minute" and form in _STAMPED_LATE:
        trouble = replace(trouble, start=trouble.start + 60, end=trouble.end + 60)
    place = root / "foreign"
    LAYOUTS[form](visits, place / "logs")
    document = analyse(ingest([place / "logs"], place / "case", Options(jobs=1))).outages_json()
    shutil.rmtree(place)
    told = [one for one in document["outages"] if one["class"] != "blip" and not one["single"]]
    verdict = _judged(form, fault, rate, trouble, told)
    if aloud and (verdict.false or (trouble and not (verdict.found and verdict.named and all(verdict.covered)))):
        spans = [(o["kind"], o["class"], _clock(o["start"]), _clock(o["end"]), o["open_start"]) for o in told]
        print(f"{form} | {fault}: true {trouble}, told {spans}, {verdict}, seed {seed}", file=sys.stderr, flush=True)
    return verdict


def _clock(stamp: str | None) -> float | None:
    return None if stamp is None else round((datetime.fromisoformat(stamp) - BEGIN).total_seconds(), 1)


def _judged(form: str, fault: str, rate: float, trouble: Trouble | None, told: list[dict[str, Any]]) -> Verdict:
    if trouble is None:
        return Verdict(form, fault, rate, False, False, False, len(told), (), ())
    spans = [(round(_at(o, "start")), round(_at(o, "end"))) for o in told]
    overlaps = [iou(span, (round(trouble.start), round(trouble.end))) for span in spans]
    best = int(np.argmax(overlaps)) if overlaps else -1
    if best < 0 or overlaps[best] < 0.5:
        return Verdict(form, fault, rate, True, False, False, len(told), (), ())
    one = told[best]
    kind = one["kind"] == trouble.kind
    level = form in ERRORS_ONLY or trouble.level in ("", one["class"])
    is_open = one["open_end"] == trouble.open_end and one["open_start"] == trouble.open_start
    errors, covered = [], []
    for which, at, skip in (("start", trouble.start, trouble.open_start), ("end", trouble.end, trouble.open_end)):
        if not skip and one[which] is not None:
            errors.append(abs(_at(one, which) - at))
            covered.append(_at(one, which + "_low") - 0.5 <= at <= _at(one, which + "_high") + 0.5)
    return Verdict(
        form, fault, rate, True, True, kind and level and is_open, len(told) - 1, tuple(errors), tuple(covered)
    )


def _at(one: dict[str, Any], name: str) -> float:
    given = one[name]
    if given is None:
        return 0.0 if name.startswith("start") else 86_400.0
    return (datetime.fromisoformat(given) - BEGIN).total_seconds()


def report(verdicts: list[Verdict]) -> str:
    """Return tables by fault, by form and by rate."""
    out = []
    for title, name in (("fault", "fault"), ("form", "layout"), ("requests/s", "rate")):
        out.append(
            f"| {title} | cases | with trouble | found | named rightly | false | error median / p95 s | coverage |"
        )
        out.append("|---|---|---|---|---|---|---|---|")
        out += [_row(value, [v for v in verdicts if getattr(v, name) == value])
                for value in dict.fromkeys(getattr(v, name) for v in verdicts)]  # fmt: skip
        out.append("")
    return "\n".join(out)


def _row(value: object, own: list[Verdict]) -> str:
    troubled = sum(v.trouble for v in own)
    errors = [e for v in own for e in v.errors_s]
    inside = [c for v in own for c in v.covered]
    spread = f"{np.median(errors):.1f} / {np.quantile(errors, 0.95):.1f}" if errors else "-"
    share = f"{np.mean(inside):.2f}" if inside else "-"
    counts = f"{sum(v.found for v in own)} | {sum(v.named for v in own)} | {sum(v.false for v in own)}"
    return f"| {value} | {len(own)} | {troubled} | {counts} | {spread} | {share} |"
