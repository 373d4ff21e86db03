"""Any other tool: change events of one run, or of one thing within two minutes, are one change.

So that a new parser's change events become changes without code here: the title is made of action and target.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Final

from afterlog.changes.ansible import CONTROLLERS
from afterlog.changes.model import MINUTE, Change, Pool, Row, Step, joint_outcome, places_of, unique
from afterlog.changes.naming import working_id
from afterlog.event import Outcome

_LEFT: Final = CONTROLLERS | {"sshd", "puppet", "puppet-report", "puppet-summary", "ansible-module", "git-log"}
"""Parsers whose rows are told elsewhere; what is left of them (logins, sessions) is no change."""
_LEFT_ACTIONS: Final = frozenset({"become", "cron", "login", "logout", "session", "read", "check"})
_TOOLS: Final = {
    "kubernetes": "kubernetes", "kube": "kubernetes", "k8s": "kubernetes", "argo": "deploy", "helm": "deploy",
    "chef": "chef", "salt": "salt", "terraform": "terraform", "jenkins": "deploy", "gitlab": "deploy",
    "github": "deploy", "capistrano": "deploy", "actions": "deploy", "cloudtrail": "cloud", "shell": "command",
    "vault-audit": "vault", "docker": "docker",
    "gcp-audit": "cloud", "azure-activity": "cloud",
    "audit": "command",
}  # fmt: skip
_VERBS: Final = {
    "scalingreplicaset": "scale", "scaled": "scale", "scaledup": "scale", "scaledown": "scale", "pulled": "deploy",
    "killing": "stop", "backoff": "crash", "created": "start", "sync": "sync", "applied": "apply", "deployed": "deploy",
    "promoted": "deploy", "crontab": "edit", "rollback": "rollback", "rolledback": "rollback",
}  # fmt: skip
_DULL: Final = frozenset({"start", "started", "task", "result", "recap", "step", "stage", "created", "run"})
_STEPS: Final = 200
_ELSEWHERE: Final = frozenset({"cloudtrail", "gcp-audit", "azure-activity", "kubernetes-audit"})


def generic_changes(pool: Pool) -> list[Change]:
    """Make changes of all change events that nobody has told yet."""
    rows = [row for row in pool.rest() if row.parser not in _LEFT and row.action and row.action not in _LEFT_ACTIONS]
    pool.take(rows)
    with_run = sorted((row for row in rows if row.run), key=lambda r: (r.parser, r.run, r.time_us, r.place))
    groups = [list(group) for _key, group in groupby(with_run, key=lambda row: (row.parser, row.run))]
    groups += _bursts([row for row in rows if not row.run])
    return [_change(group) for group in groups]


def _bursts(rows: list[Row]) -> list[list[Row]]:
    """Group what one tool did to one thing, acts at most two minutes apart."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=lambda r: (r.parser, r.target, r.service, r.time_us, r.place)):
        last = groups[-1][-1] if groups else None
        same = last is not None and (last.parser, last.target, last.service) == (row.parser, row.target, row.service)
        if last is not None and same and row.time_us - last.time_us <= 2 * MINUTE:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _change(rows: list[Row]) -> Change:
    head = rows[0]
    acts = [row for row in rows if row.outcome not in ("", str(Outcome.UNCHANGED))] or rows
    telling = [row for row in acts if row.action.lower() not in _DULL] or acts
    action = Counter(row.action for row in telling).most_common(1)[0][0]
    targets = unique(row.target for row in acts)
    name = next((value for value in (*targets, head.service, head.message[:80]) if value), head.parser)
    more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    failed = next((row for row in rows if row.outcome == str(Outcome.FAILED)), None)
    return Change(
        id=working_id(head.parser, head.place),
        tool=_tool(head.parser),
        action=_VERBS.get(action.lower().replace("-", "").replace("_", ""), action),
        title=f"{_tool(head.parser)}: {action} {name}{more}"[:200],
        start_us=min(row.time_us for row in rows),
        end_us=max(row.time_us for row in rows),
        hosts=unique(_host(row) for row in acts),
        targets=targets[:50],
        outcome=joint_outcome(row.outcome for row in rows),
        actor=head.actor,
        steps=tuple(
            Step(row.time_us, f"{row.action} {row.target}".strip()[:200], row.host, row.outcome, row.place)
            for row in acts[:_STEPS]
        ),
        places=places_of((row.place for row in acts), 6),
        subject=head.message[:200] if head.message and head.message != name else "",
        failure=(failed.fields.get("error", "") or failed.message)[:500] if failed else "",
    )


def _host(row: Row) -> str:
    """Give the host that was worked on; a cloud's audit log says nothing of the machine it was collected on."""
    return row.fields.get("target_host", "") or ("" if row.parser in _ELSEWHERE else row.host)


def _tool(parser: str) -> str:
    return next((tool for word, tool in _TOOLS.items() if word in parser), parser)
