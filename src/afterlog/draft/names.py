"""People: in sentences they appear as roles, or by the names of their accounts where a person asks for names."""

from __future__ import annotations

from dataclasses import replace

from afterlog.changes import History, Look
from afterlog.identity import stable_id
from afterlog.statement import Code, Part, Text, text
from afterlog.timeline import Entry

_ROLES = ("An operator", "an operator")


def who(look: Look, *, names: bool) -> Text:
    """Name the person of a look: a role, or the account."""
    return text(Code(look.actor)) if names and look.actor else text("an operator")


def named_timeline(entries: tuple[Entry, ...], history: History) -> tuple[Entry, ...]:
    """Put the accounts of people in the place of their roles."""
    actors = {stable_id("entry", look.id): look.actor for look in history.looks}
    actors |= {stable_id("entry", change.id, ""): change.actor for change in history.changes}
    return tuple(
        replace(entry, text=_named(entry.text, actors[entry.id])) if actors.get(entry.id) else entry
        for entry in entries
    )


def _named(words: Text, actor: str) -> Text:
    parts: list[Part] = []
    for part in words:
        role = next((role for role in _ROLES if isinstance(part, str) and role in part), None)
        if role is None or not isinstance(part, str):
            parts.append(part)
            continue
        before, _, after = part.partition(role)
        parts += [piece for piece in (before, Code(actor), after) if piece]
    return tuple(parts)
