"""Helm: the history of a release (``helm history``), and what ``helm upgrade``, ``install``, ``rollback`` and ``status`` print.

Each revision is a change: a rollback says what it went back to. Traps: no zone; the table is cut off by its file's end if it was printed
with ``--max``; "pending-upgrade" is a deploy that never ended; the release's name stands only in the command or the file.

https://helm.sh/docs/helm/helm_history/
https://github.com/helm/helm/blob/main/pkg/cmd/history.go
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, Stamp, placed, read_stamp

MAX_TEXT: Final = 2_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  wall clocks have no zone
_TIME: Final = r"(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4})"
_HEADER: Final = re.compile(r"REVISION\s+UPDATED\s+STATUS\s+CHART\s+(?:APP VERSION\s+)?DESCRIPTION\s*")
_ROW: Final = re.compile(
    rf"(?P<revision>\d{{1,6}})\s+{_TIME}\s+(?P<status>[A-Za-z-]{{1,30}})\s+(?P<chart>\S+)\s+(?:(?P<version>\S+)\s+)?(?P<what>[A-Z].*)"
)
_LIST: Final = re.compile(r"NAME\s+NAMESPACE\s+REVISION\s+UPDATED\s+STATUS\s+CHART(?:\s+APP VERSION)?\s*")
_RELEASE: Final = re.compile(
    r"(?P<name>[\w.-]{1,63})\s+(?P<namespace>[\w.-]{1,63})\s+(?P<revision>\d{1,6})\s+"
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} [+-]\d{4}) \S{2,6}\s+(?P<status>[a-z-]{1,30})\s+(?P<chart>\S+)(?:\s+(?P<version>\S+))?\s*"
)
_SAID: Final = re.compile(r'Release "(?P<release>[^"]{1,200})" (?:has been|does not exist).*|Rollback was a success!.*')
_NAMED: Final = re.compile(r"(?P<key>NAME|LAST DEPLOYED|NAMESPACE|STATUS|REVISION|CHART|DESCRIPTION): ?(?P<value>.*)")
_FAILURE: Final = re.compile(
    r"Error: (?:UPGRADE|INSTALLATION|ROLLBACK) FAILED: (?P<why>.*)|Error: (?:release|Release) .* failed.*"
)
_EXPECTED: Final = "a time such as Mon Oct  3 10:15:13 2016 was expected"
_STATES: Final = {
    "superseded": Outcome.CHANGED, "deployed": Outcome.CHANGED, "failed": Outcome.FAILED, "uninstalled": Outcome.CHANGED,
}  # fmt: skip


def _claims(_path: str, head: list[bytes]) -> float:
    texts = [line.decode("utf-8", "replace").rstrip() for line in head if line.strip()]
    if not texts:
        return 0.0
    rows = sum(bool(_HEADER.fullmatch(text) or _ROW.fullmatch(text)) for text in texts)
    if any(_LIST.fullmatch(text) for text in texts):
        return sum(bool(_LIST.fullmatch(text) or _RELEASE.fullmatch(text)) for text in texts) / len(texts)
    deployed = any(text.startswith("LAST DEPLOYED: ") for text in texts)
    if deployed and any(_NAMED.match(text) and text.startswith("REVISION:") for text in texts):
        return 1.0
    return rows / len(texts) if rows > 1 or _HEADER.fullmatch(texts[0]) else 0.0


def _stamp(text: str) -> Stamp | None:
    try:
        moment = datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y")  # noqa: DTZ007  it prints no zone
    except ValueError:
        return None
    return Stamp(round((moment - _EPOCH).total_seconds()) * 1_000_000, resolution_us=1_000_000)


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each revision, and one for each release that a command told of, on its LAST DEPLOYED line."""
    told = _Told()
    begun = False
    for line in lines:
        text = line.text[:MAX_TEXT].decode("utf-8", "replace").strip()
        records = list(told.read(line, text))
        if (
            not begun and not records and not told.waiting and text
        ):  # what stands above the first event is none's continuation
            records = [Record(line, placed(), {"kind": Kind.LOG, "severity": 9, "message": text})]
        begun = begun or bool(text)
        yield from records
    yield from told.rest()


class _Told:
    """What a command told of a release so far: its lines are one event."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self.waiting: tuple[Line, Stamp] | None = None

    def read(self, line: Line, text: str) -> Iterator[Record | Reject]:
        """Take a line, and give the events that are whole with it."""
        if row := _ROW.fullmatch(text):
            stamp = _stamp(row["time"])
            yield Record(line, stamp, _revision(row)) if stamp else Reject(line, _EXPECTED)
        elif listed := _RELEASE.fullmatch(text):
            stamp = read_stamp("iso", listed["time"].encode())
            yield Record(line, stamp, _listed(listed)) if stamp else Reject(line, _EXPECTED)
        elif failure := _FAILURE.match(text):
            yield Record(line, placed(), _failed(text, failure, self._said))
        elif named := _NAMED.fullmatch(text):
            yield from self._named(line, named["key"], named["value"].strip())
        elif found := _SAID.match(text):
            self._said = {"NAME": found["release"] or "", "SAID": text}

    def _named(self, line: Line, key: str, value: str) -> Iterator[Record | Reject]:
        self._said[key] = value
        if key == "LAST DEPLOYED":
            yield from self.rest(keep=True)
            stamp = _stamp(value)
            self.waiting = (line, stamp) if stamp else None
            if stamp is None:
                yield Reject(line, _EXPECTED)
        elif key == "REVISION":
            yield from self.rest()

    def rest(self, *, keep: bool = False) -> Iterator[Record]:
        """Give the event that waits, as far as it was told."""
        if self.waiting:
            yield Record(*self.waiting, _deployed(self._said))
            self.waiting = None
            self._said = self._said if keep else {}


def _revision(row: re.Match[str]) -> dict[str, Any]:
    what, status = row["what"].strip(), row["status"].lower()
    back = re.match(r"Roll(?:ed back|back) to (\d+)", what)
    outcome = Outcome.FAILED if "failed" in what.lower() else _STATES.get(status, Outcome.UNKNOWN)
    return {
        "kind": Kind.CHANGE,
        "action": "rollback" if back else "install" if what.startswith(("Initial install", "Install")) else "deploy",
        "target": row["chart"],
        "outcome": outcome,
        "actor": "helm",
        "run": f"helm revision {row['revision']}",
        "message": f"revision {row['revision']} of {row['chart']}: {what}",
        "revision": row["revision"],
        "status_then": status,
        "app_version": row["version"] or "",
        "back_to": back[1] if back else "",
    }


def _listed(row: re.Match[str]) -> dict[str, Any]:
    """Tell of a release as ``helm list`` does: when it was deployed last, and how that ended."""
    return {
        "kind": Kind.CHANGE,
        "action": "install" if row["revision"] == "1" else "deploy",
        "target": row["name"],
        "outcome": _STATES.get(row["status"], Outcome.UNKNOWN),
        "actor": "helm",
        "run": f"helm {row['name']} revision {row['revision']}",
        "message": f"release {row['name']} ({row['chart']}) is {row['status']}, revision {row['revision']}",
        "revision": row["revision"],
        "namespace": row["namespace"],
        "app_version": row["version"] or "",
    }


def _deployed(said: dict[str, str]) -> dict[str, Any]:
    revision, status = said.get("REVISION", ""), said.get("STATUS", "").lower()
    back = "Rollback" in said.get("SAID", "") or said.get("DESCRIPTION", "").startswith("Rollback")
    return {
        "kind": Kind.CHANGE,
        "action": "rollback" if back else "install" if revision == "1" else "deploy",
        "target": said.get("NAME", "") or "release",
        "outcome": _STATES.get(status, Outcome.UNKNOWN),
        "actor": "helm",
        "run": f"helm {said.get('NAME', '')} revision {revision}",
        "message": said.get("SAID") or f"release {said.get('NAME', '')} is {status}, revision {revision}",
        "revision": revision,
        "namespace": said.get("NAMESPACE", ""),
    }


def _failed(text: str, found: re.Match[str], said: dict[str, str]) -> dict[str, Any]:
    action = "rollback" if "ROLLBACK" in text[:30] else "deploy"
    return {
        "kind": Kind.CHANGE, "action": action, "target": said.get("NAME", "") or "release", "outcome": Outcome.FAILED,
        "severity": 17, "actor": "helm", "message": text, "error": found["why"] or text,
    }  # fmt: skip


PARSER = RecordParser(
    name="helm",
    title="Helm history and output",
    url="https://helm.sh/docs/helm/helm_history/",
    claims=_claims,
    marks=(b"REVISION", b"LAST DEPLOYED", b"superseded", b"deployed", b"failed", b"uninstalled", b"pending"),
    records=_records,
    samples=(
        Sample(
            b"NAME         \tNAMESPACE\tREVISION\tUPDATED                                \tSTATUS  \tCHART               \tAPP VERSION\n"
            b"nginx-ingress\tdefault  \t4       \t2020-12-09 11:01:37.140162288 -0500 EST\tdeployed\tnginx-ingress-1.36.3\t0.30.0     \n",
            {"kind": "log", "severity": 9},
            "helm/helm issue 9113: helm list; its heading",
        ),
        Sample(
            b"3           Mon Oct 3 10:15:13 2016     superseded      alpine-0.1.0      1.0             Rolled back to 2\n"
            b"4           Mon Oct 3 10:15:13 2016     deployed        alpine-0.1.0      1.0             Upgraded successfully\n",
            {
                "time": "2016-10-03T10:15:13",
                "kind": "change",
                "action": "rollback",
                "target": "alpine-0.1.0",
                "outcome": "changed",
                "revision": "3",
                "back_to": "2",
                "app_version": "1.0",
            },
            "documentation, helm history",
        ),
        Sample(
            b"REVISION UPDATED STATUS CHART DESCRIPTION\n"
            b"1 Wed Sep 19 16:38:07 2018 SUPERSEDED mychartapp-0.1.0 Install complete\n"
            b"2 Wed Sep 19 16:38:50 2018 SUPERSEDED mychartapp-0.1.0 Upgrade complete\n"
            b"3 Wed Sep 19 16:39:31 2018 DEPLOYED mychartapp-0.1.0 Rollback to 1\n",
            {"kind": "log", "message": "REVISION UPDATED STATUS CHART DESCRIPTION"},
            "gist hickeyma/41f39ca10c850164eb227f1e289614bd (its blanks were folded)",
        ),
    ),
)
