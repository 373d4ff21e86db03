"""Durations as people write them, with their precision: ``20h 03m`` is exact, ``nine hours`` and ``40min`` are not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NUMBERS: Final = {
    name: value
    for value, name in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen twenty"
        ).split()
    )
} | {
    "an": 1,
    "a": 1,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "twenty-five": 25,
    "forty-five": 45,
    "twenty-four": 24,
    "forty-eight": 48,
}
_WORD: Final = "|".join(sorted((re.escape(name) for name in _NUMBERS), key=len, reverse=True))
_COUNT: Final = rf"(?:\d+(?:[.,]\d+)?|\b(?:{_WORD}))(?:\s+and\s+a\s+half)?"
_UNITS: Final = (
    ("w", r"weeks?", 604_800),
    ("d", r"days?|d", 86_400),
    ("h", r"hours?|hrs?|h", 3_600),
    ("m", r"minutes?|mins?|m", 60),
    ("s", r"seconds?|secs?|s", 1),
)
_SIZES: Final = {name: size for name, _pattern, size in _UNITS}
_PART: Final = {name: rf"(?P<{name}>{_COUNT})[\s-]?(?:{pattern})\b\.?" for name, pattern, _size in _UNITS}
_JOIN: Final = r"(?:,?\s+and\s+|,\s*|\s*)"
_TAIL: Final = r"(?P<half>\s+and\s+a\s+half)?"
_SPAN: Final = re.compile(
    rf"(?<![\w.:$+])(?:{_PART['w']})?{_JOIN}?(?:{_PART['d']})?{_JOIN}?(?:{_PART['h']}{_TAIL})?{_JOIN}?(?:{_PART['m']})?{_JOIN}?(?:{_PART['s']})?(?![\w/%])",
    re.IGNORECASE,
)
_GLUED: Final = re.compile(r"(?<![\w.:$+])(?P<h>\d+)\s?h(?:rs?)?\s?(?P<m>\d{1,2})(?:\s?m(?:in)?s?)?\b", re.IGNORECASE)
_GLUED_DAY: Final = re.compile(r"(?<![\w.:$+])(?P<d>\d+)d\s?(?P<h>\d{1,2})h(?:\s?(?P<m>\d{1,2})m)?\b", re.IGNORECASE)
_HALF: Final = re.compile(r"\bhalf an hour\b|\bhalf-hour\b", re.IGNORECASE)
_LOOSE: Final = re.compile(
    (
        r"(?:~|≈|\babout|\baround|\bapprox\w*\.?|\broughly|\bnearly|\balmost|\bca\.?|\bcirca"
        r"|\bsome|\bclose to|\ban estimated|\bless than a|\bestimated)\s*(?:a total of\s+)?$"
    ),
    re.IGNORECASE,
)
_LEAST: Final = re.compile(
    (
        r"(?:>|≥|\bover|\bmore than|\bat least|\bexceed\w*|\blonger than|\bupwards of|\bwell "
        r"over|\bjust over)\s*(?:an?\s+)?$"
    ),
    re.IGNORECASE,
)
_MOST: Final = re.compile(
    (
        r"(?:<|≤|\bless than|\bunder|\bat most|\bup to|\bfewer than|\bwithin|\bno more than"
        r"|\bjust under|\bmaximum(?: of)?)\s*$"
    ),
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"^\s*(?:\(?(?:approx\w*|approximately|roughly|or so|ish|give or take|estimated)\b|\+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Span:
    """A duration in a line, columns [start, end). ``step_s`` is the last unit printed: its precision."""

    seconds: float
    start: int
    end: int
    raw: str
    exact: bool  # to the minute, as printed
    step_s: int = 60
    bound: str = ""  # least, most

    def agrees(self, real_s: float, slack_s: float = 60) -> bool:
        """Tell whether a real length can be called this: to the minute where exact, else less than a quarter off."""
        if self.bound == "least":
            return real_s > self.seconds * 0.75 - 60
        if self.bound == "most":
            return real_s < self.seconds * 1.25 + 60
        if self.exact:
            return abs(real_s - self.seconds) < slack_s or (self.step_s < 60 and abs(real_s - self.seconds) < 90)
        return abs(real_s - self.seconds) < max(0.25 * min(real_s, self.seconds), self.step_s * 0.51, 90)


def find_spans(text: str) -> list[Span]:
    """Find the durations in a line, left to right, without overlap."""
    found: list[Span] = []
    for form in (_HALF, _GLUED_DAY, _GLUED, _SPAN):
        for match in form.finditer(text):
            if not match[0].strip() or any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            span = _read(match, text)
            if span:
                found.append(span)
    return sorted(found, key=lambda span: span.start)


def _number(text: str) -> float:
    word, half, _rest = text.lower().strip().partition(" and")
    if half:
        return _number(word) + 0.5
    if word in _NUMBERS:
        return float(_NUMBERS[word])
    whole = word.replace(",", "." if re.fullmatch(r"\d+,\d{1,2}", word) else "")
    return float(whole)


def _read(match: re.Match[str], text: str) -> Span | None:
    parts = {name: value for name, value in match.groupdict().items() if value}
    half = bool(parts.pop("half", ""))
    raw = match[0].strip(" ,")
    lead = len(match[0]) - len(match[0].lstrip(" ,"))
    start = match.start() + lead
    if match.re is _HALF:
        return Span(1800, start, start + len(raw), raw, exact=False, step_s=1800)
    if not parts or _is_word_alone(parts, raw):
        return None
    try:
        seconds = sum(_number(value) * _SIZES[name] for name, value in parts.items()) + (1800 if half else 0)
    except (ValueError, OverflowError):
        return None
    if seconds > 10**9:
        return None
    before, after = text[:start], text[start + len(raw) :]
    loose = bool(_LOOSE.search(before[-40:]) or _AFTER.match(after)) or half
    bound = "least" if _LEAST.search(before[-30:]) else "most" if _MOST.search(before[-30:]) else ""
    step = min(_SIZES[name] for name in parts)
    return Span(seconds, start, start + len(raw), raw, exact=not loose and _exact(parts), step_s=step, bound=bound)


def _is_word_alone(parts: dict[str, str], raw: str) -> bool:
    """Tell ``a m`` and ``5 s`` of prose from a duration: a spelled number takes a spelled unit."""
    spelled = any(not value[0].isdigit() for value in parts.values())
    return spelled and re.search(r"(?:week|day|hour|min|sec)", raw, re.IGNORECASE) is None


def _exact(parts: dict[str, str]) -> bool:
    """Tell whether what is printed is exact to the minute: hours with minutes, or minutes that nobody rounded."""
    if any(not value.isdigit() for value in parts.values()):
        return False
    if "m" in parts and ({"h", "d"} & set(parts) or "s" in parts):
        return True
    return "m" in parts and int(parts["m"]) % 5 != 0
