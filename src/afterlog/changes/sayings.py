"""Sayings: what a program that deploys, migrates, scales or switches says of it in plain words.

Most companies deploy with a script of their own, whose log no parser knows. Its lines are told by their words: a verb
of doing (deploying, rolled back, migrating, flag … set to) with what was done. In an ordinary program's log such words
may mean anything (an article is published, an order released), so that a verb alone counts only with a version beside
it, and a source that says such things often, among much else, is not believed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from afterlog.changes.model import MINUTE, Change, Row, Step, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome
from afterlog.evidence import Place

_VERSION: Final = re.compile(
    r"(?<![\w.])(?:v?\d+\.\d+(?:\.\d+)*(?:[-+.]\w+)*|v\d+|\d{14}|(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}"
    r"|r\d{3,}|build[ #-]*\d+)(?![\w.]*\w)"
)
# In words that Python's re and RE2 read alike.
_ROLLED_BACK: Final = r"\broll(?:ing|ed|s)?[ -]?back\b"
_REVERTED: Final = r"\brevert(?:ing|ed) (?:to|release|deploy|version|config)"
_FLAG: Final = (
    r"\b(?:feature[ _-]?(?:flag|toggle|switch)|flag|toggle)s?\b.{0,60}?"
    r"\b(?:set to|turned|switched|enabled|disabled|changed|updated|toggled|flipped|rolled out)\b"
    r"|\b(?:enabl|disabl|toggl|flipp)(?:ing|ed)\b.{0,30}?\b(?:feature|flag|toggle)\b"
)
_MIGRATION: Final = (
    r"\bmigrating (?:schema|database|table)|\bapply(?:ing)? migration|\bapplied \d+ migration"
    r"|\brunning migrations?\b|\brunning upgrade \S* ?-> \S+|^== .{1,80}: migrat(?:ing|ed)\b"
    r"|\bmigration of schema\b.{1,100}\bfailed|\bchangeset .{1,200} ran successfully in \d|^running changeset: "
)
_APPLY: Final = (
    r"\b(?:push(?:ing|ed)|apply(?:ing)?|applied|deploy(?:ing|ed)|updat(?:ing|ed)|chang(?:ing|ed)|rolling out)"
    r"\b.{0,40}?\b(?:config(?:uration)?s?|firewall rules?|dns records?)\b"
    r"|\bconfig(?:uration)? (?:was |has been )?(?:pushed|applied|changed|updated|rolled out)\b"
)
_SCALE: Final = r"\bscal(?:ing|ed) (?:up|down|out|in)?.{0,40}?\b(?:to|from) \d+\b"
_DEPLOY: Final = (
    r"\b(?:re)?deploy(?:ing|ed)\b|\b(?:re)?deploy(?:ment)?s? (?:has |was |is )?"
    r"(?:started|starting|begun|finished|done|completed?|succeeded|successful|failed|of|to)\b"
    r"|\b(?:starting|finished) (?:re)?deploy(?:ment)?\b|\bsymlink\w*\b.{0,60}\b(?:release|current)"
)
_DONE: Final = r"\b(?:releas|activat|switch|promot|publish|upgrad|install|roll(?:ing|ed) out)(?:ing|ed)?\b"
_SAYINGS: Final = (
    ("rollback", re.compile(
        r"(?i)^(?!.{0,200}\b(?:transactions?|trx|segments?|statements?|savepoints?)\b"
        r"|.{0,100}\bmigration of schema\b)"  # Flyway: a migration failed, its changes were rolled back
        rf".{{0,200}}?{_ROLLED_BACK}|{_REVERTED}"
    )),
    ("flag", re.compile(f"(?i){_FLAG}")),
    ("migration", re.compile(f"(?i){_MIGRATION}")),
    ("apply", re.compile(f"(?i){_APPLY}")),
    ("scale", re.compile(f"(?i){_SCALE}")),
    ("deploy", re.compile(f"(?i){_DEPLOY}")),
)  # fmt: skip
_WITH_VERSION: Final = re.compile(f"(?i){_DONE}")
COARSE: Final = (
    f"(?i:{_ROLLED_BACK}|{_REVERTED}|{_FLAG}|{_MIGRATION}|{_APPLY}|{_SCALE}|{_DEPLOY}"
    rf"|{_DONE}[^\n]{{0,60}}[0-9])"
)
"""What of all messages is looked at more closely, as RE2 understands it."""
_FAILED: Final = re.compile(r"(?i)\bfail(?:ed|ure|s)?\b|\babort(?:ed|ing)?\b")
_ONLY_TALK: Final = re.compile(
    r"(?i)\b(?:could not|cannot|can't|unable to|no |not |skipp?(?:ing|ed)|would|will|dry.?run|waiting|please|should"
    r"|if )\b"
)
_NAME: Final = re.compile(r"(?<!\w)(?:[A-Za-z]|\d+_(?=[A-Za-z]))[\w./-]*[\w]")
_NO_NAME: Final = frozenset(
    (
        "started starting finished done complete completed succeeded successful failed release version revision build "
        "image tag app application service the of to on in for by from at as with and new current info error warn "
        "deploy deploying deployed deployment redeploy rollback rolling rolled back revert reverting reverted "
        "migrating schema database applying applied migration migrations running upgrade flag feature toggle set "
        "turned switched enabled disabled enabling disabling changed updated config configuration settings pushing "
        "pushed scaling scaled up down out replicas instances has was is been begun now successfully user job "
        "changeset changesets changes head main master trunk origin latest"
    ).split()
)
_TOGETHER_US: Final = 3 * MINUTE
_MOST: Final = 40  # sayings of a source that says much else
_MOSTLY: Final = 0.2  # of a source's events: it is the log of what deploys
_NAMED_BY: Final = (
    "flag", "flag_key", "flagkey", "feature", "feature_flag", "toggle", "migration", "application", "app",
    "deployment", "release", "service", "component", "key", "name",
)  # fmt: skip
_SET_TO: Final = ("new", "new_value", "newvalue", "to", "value", "enabled", "state", "version")
_SHORT: Final = 40  # a longer value is no switch's position
_TITLES: Final = {
    "rollback": "Rollback", "flag": "Flag", "migration": "Migration", "apply": "Configuration", "scale": "Scaling",
    "deploy": "Deploy",
}  # fmt: skip


def said_rows(events: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Give the rows of ordinary messages that say that something was done; ``run`` holds the version."""
    rows = []
    for event in events:
        said = (event["message"] or "")[:300]
        action = _action(said)
        if action:
            place = Place(event["source"], event["line"], event["offset"])
            found = _VERSION.search(said)
            outcome = str(Outcome.FAILED if _FAILED.search(said) else Outcome.CHANGED)
            host, service = event["host"] or "", event["service"] or ""
            version = found[0] if found else ""
            rows.append(
                Row(
                    event["time"],
                    place,
                    "saying",
                    host,
                    service,
                    said,
                    action,
                    _name(said),
                    outcome,
                    "",
                    version,
                    "",
                    {},
                )
            )
    return rows


def detailed(row: Row, fields: Mapping[str, str]) -> Row:
    """Name what a structured log's message leaves to its fields: ``flag updated`` with ``flag=new-checkout new=on``."""
    found = {key.lower(): value for key, value in fields.items()}
    name = next((found[key] for key in _NAMED_BY if _NAME.fullmatch(found.get(key, ""))), "")
    if not name:
        return row
    value = next((found[key] for key in _SET_TO if 0 < len(found.get(key, "")) <= _SHORT), "")
    return row._replace(target=name, message=f"{row.message} {name}" + (f" to {value}" if value else ""))


def _action(said: str) -> str:
    for action, pattern in _SAYINGS:
        if found := pattern.search(said):
            return "" if _ONLY_TALK.search(said, 0, found.end()) else action
    found = _WITH_VERSION.search(said)
    return "deploy" if found and _VERSION.search(said) and not _ONLY_TALK.search(said, 0, found.end()) else ""


def _name(said: str) -> str:
    """Give the first word after the verb that may name something."""
    starts = [found.end() for _action, pattern in _SAYINGS if (found := pattern.search(said))]
    begin = min(starts, default=0)
    words = [word for word in _NAME.findall(said[begin:]) + _NAME.findall(said[:begin]) if word.lower() not in _NO_NAME]
    return next((word for word in words if not _VERSION.fullmatch(word)), "")


def said_changes(rows: Iterable[Row], hosts: Collection[str], events_of: Mapping[str, int]) -> list[Change]:
    """Group sayings to changes: of one source and version, at most three minutes apart.

    Args:
        rows: of `said_rows`.
        hosts: the machines of the case, told in messages by their names.
        events_of: how many events each source has.

    """
    rows = sorted(rows, key=lambda row: (row.place.source, row.time_us, row.place))
    count = Counter(row.place.source for row in rows)
    mostly = {path for path, n in count.items() if n >= _MOSTLY * events_of.get(path, n)}
    groups: list[list[Row]] = []
    for row in rows:
        path = row.place.source
        if path not in mostly and count[path] > _MOST:
            continue
        if groups and _belongs(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_change(group, hosts, of_tool=group[0].place.source in mostly) for group in groups]


def _belongs(group: list[Row], row: Row) -> bool:
    head, last = group[0], group[-1]
    near = last.place.source == row.place.source and row.time_us - last.time_us <= _TOGETHER_US
    version = next((one.run for one in group if one.run), "")
    other = bool(version and row.run and version != row.run)
    return near and not other and (head.action == row.action or {head.action, row.action} <= {"deploy", "apply"})


def _change(group: list[Row], hosts: Collection[str], *, of_tool: bool) -> Change:
    head = group[0]
    named = {row.place: _hosts_in(row.message, hosts) for row in group}
    touched = unique(host for row in group for host in named[row.place])
    if not touched and not of_tool:
        touched = unique(row.host for row in group)
    versions = unique(row.run for row in group)
    names = unique(row.target for row in group if row.target not in touched)
    outcome = str(Outcome.FAILED if group[-1].outcome == str(Outcome.FAILED) else Outcome.CHANGED)
    steps = [
        Step(row.time_us, row.message[:200], host, row.outcome, row.place)
        for row in group for host in (named[row.place] or ("" if touched else row.host,))
    ]  # fmt: skip
    failed = next((row for row in group if row.outcome == str(Outcome.FAILED)), None)
    return Change(
        id=working_id("saying", head.place),
        tool="deploy",
        action=head.action,
        title=f"{_TITLES[head.action]}: {' '.join((*names[:2], *versions[:1])) or head.message}"[:200],
        start_us=head.time_us,
        end_us=group[-1].time_us,
        hosts=touched,
        targets=(*names[:10], *versions[:2]),
        outcome=outcome,
        actor="",
        steps=tuple(steps[:200]),
        places=places_of((row.place for row in group), 6),
        subject=head.message[:200],
        failure=failed.message[:500] if failed and outcome == str(Outcome.FAILED) else "",
    )


def _hosts_in(said: str, hosts: Collection[str]) -> tuple[str, ...]:
    words = re.findall(r"[\w.-]+", said)
    known = {word.strip(".-") for word in words} | {word.partition(".")[0] for word in words}
    return tuple(sorted(known & set(hosts)))
