"""``review.toml``: decisions as a file that a person can read in a diff, edit by hand, and share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, InlineTable

from afterlog.case import Case
from afterlog.clock import parse_moment, rfc3339, to_us, zone_of
from afterlog.errors import InputError
from afterlog.identity import stable_id
from afterlog.review.known import abouts, day_of, known_findings, span_of
from afterlog.review.model import ACCEPTED, FIELDS, NOBODY, REJECTED, Added, Decision, Review
from afterlog.statement import visible

NAME: Final = "review.toml"
HEAD: Final = (
    "What people decided about the findings of this case. `afterlog review` writes it; edit it by hand as you like.",
    "Of a finding: verdict (accepted or rejected), because, note, text, start, end, pinned, hidden; of an outage also",
    "cause (the id of a change, or none); into (the finding it was merged into). Times are RFC 3339.",
)
MOST: Final = 20_000
"""Characters of a text that one decision may hold."""
_YEARS: Final = (1971, 9000)
_ENTRY_FIELDS: Final = ("id", "at", "until", "text", "host", "service", "note")
_ORDER: Final = ("verdict", "because", "start", "end", "text", "cause", "into", "pinned", "hidden", "note")

_Action = Mapping[str, Any]
_Table = MutableMapping[str, Any]


class ReviewFile:
    """The review of one case. Every act is written at once, in one step; comments written by hand are kept."""

    def __init__(self, folder: Path) -> None:
        self._case = Case(folder)
        self._file = folder / NAME

    def text(self) -> str:
        """Give the file as it stands; "" where there is none yet.

        Raises:
            InputError: it cannot be read.

        """
        try:
            return self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self._file}: cannot be read ({error}).") from None

    def restore(self, text: str) -> Review:
        """Write the file as it was before: undo.

        Raises:
            InputError: the text is no review.

        """
        review = self._understood(self._parsed(text))
        with self._alone():
            self._write(text)
        return review

    def read(self) -> Review:
        """Read all decisions.

        Raises:
            InputError: the file was edited into something that cannot be understood; says where.

        """
        return self._understood(self._parsed(self.text()))

    def act(self, action: _Action) -> Review:
        """Do what a person decided, and write it.

        Args:
            action: ``action`` is one of `ACTIONS`; ``id`` names the finding (its first letters are enough); further
                keys as the action needs: because, note, text, start, end, cause, into, at, until, host, service.

        Raises:
            InputError: there is no such action or finding, or a value cannot be understood.

        """
        name = str(action.get("action", ""))
        if name not in ACTIONS:
            raise InputError(f"review: {visible(name)!r} is no action; there are: {', '.join(ACTIONS)}.")
        long = [key for key, value in action.items() if isinstance(value, str) and len(value) > MOST]
        if long:
            raise InputError(f"review: {long[0]} is too long; at most {MOST:,} characters.")
        with self._alone():
            document = self._parsed(self.text())
            _Hand(document, self._case, self._understood(document)).do(name, action)
            text = tomlkit.dumps(document)
            review = self._understood(self._parsed(text))  # what is written can be read
            self._write(text)
        return review

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from writing between our reading and our writing."""
        with (self._case.folder / ".review.lock").open("a") as lock:
            with suppress(ImportError):  # not on Windows, where nothing is locked
                import fcntl  # noqa: PLC0415

                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, text: str) -> None:
        """Write the file, through a link where it is one: it may stand in a team's repository."""
        target = self._file.resolve()
        Case(target.parent).write_text(target.name, text)

    def _parsed(self, text: str) -> tomlkit.TOMLDocument:
        try:
            document = tomlkit.parse(text)
        except TOMLKitError as error:
            raise InputError(f"{self._file}: {error}. Mend that line; nothing was changed.") from None
        if not text.strip():
            for line in HEAD:
                document.add(tomlkit.comment(line))
        return laid_out(document)

    def _understood(self, document: tomlkit.TOMLDocument) -> Review:
        return understood(document.unwrap(), str(self._file), lambda: self._case.settings().display_zone)


def laid_out(document: tomlkit.TOMLDocument) -> tomlkit.TOMLDocument:
    """Write out what stands in one line (``entries = [{…}]``, ``decisions = {…}``), so that it can be added to."""
    decisions, entries = document.get("decisions"), document.get("entries")
    if isinstance(decisions, InlineTable):
        table = tomlkit.table(is_super_table=True)
        for name, value in decisions.items():
            table[name] = _table_of(value)
        document["decisions"] = table
    elif isinstance(decisions, dict):
        for name, value in list(decisions.items()):
            if isinstance(value, InlineTable):
                decisions[name] = _table_of(value)
    if isinstance(entries, Array):
        del document["entries"]
        if entries:
            document["entries"] = tomlkit.aot()
            for entry in entries:
                document["entries"].append(_table_of(entry))
    return document


def _table_of(value: Any) -> Any:
    if not isinstance(value, dict):
        return value  # `understood` says what is wrong with it
    table = tomlkit.table()
    table.update(value)
    return table


# --- reading ------------------------------------------------------------------------------------------------


def understood(document: Mapping[str, Any], where: str, zone: Callable[[], str] = lambda: "UTC") -> Review:
    """Read the values of a parsed review file; ``zone`` gives the zone of times that name none.

    Raises:
        InputError: a table, field or value is not what it can be; says which.

    """
    unknown = [name for name in document if name not in ("decisions", "entries")]
    if unknown:
        raise InputError(f"{where}: {unknown[0]!r} is not known here; there are [decisions.ID] and [[entries]].")
    tables, entries = document.get("decisions", {}), document.get("entries", [])
    if not isinstance(tables, dict) or not isinstance(entries, list):
        raise InputError(f"{where}: write [decisions.ID] for a decision and [[entries]] for an entry.")
    decisions = {name: _decision(name, table, f"{where}: [decisions.{name}]", zone) for name, table in tables.items()}
    added = tuple(_added(entry, f"{where}: entry {n}", zone) for n, entry in enumerate(entries, 1))
    twice = [entry.id for entry in added if sum(other.id == entry.id for other in added) > 1]
    if twice:
        raise InputError(f"{where}: two entries have the id {twice[0]}; give one of them another.")
    return Review(decisions, added)


def _decision(identity: str, table: Any, where: str, zone: Callable[[], str]) -> Decision:
    _check_fields(table, FIELDS, where)
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in ("start", "end"):
            values[f"{name}_us"] = _moment(value, f"{where} {name}", zone)
        elif name in ("pinned", "hidden"):
            if not isinstance(value, bool):
                raise InputError(f"{where}: {name} is true or false, not {value!r}.")
            values[name] = value
        elif not isinstance(value, str):
            raise InputError(f"{where}: {name} is text in quotes, not {value!r}.")
        else:
            values[name] = value
    if values.get("verdict", "") not in ("", ACCEPTED, REJECTED):
        raise InputError(f"{where}: verdict is {ACCEPTED!r} or {REJECTED!r}, not {values['verdict']!r}.")
    start, end = values.get("start_us"), values.get("end_us")
    if start is not None and end is not None and end < start:
        raise InputError(f"{where}: it ends before it starts.")
    return Decision(identity, **values)


def _added(table: Any, where: str, zone: Callable[[], str]) -> Added:
    _check_fields(table, _ENTRY_FIELDS, where)
    if "at" not in table or not str(table.get("text", "")).strip():
        raise InputError(f"{where}: an entry needs a time (at) and a text.")
    at = _moment(table["at"], f"{where} at", zone)
    until = _moment(table["until"], f"{where} until", zone) if "until" in table else at
    if until < at:
        raise InputError(f"{where}: it ends before it starts.")
    told = {name: str(table.get(name, "")) for name in ("text", "host", "service", "note")}
    identity = str(table.get("id", "")) or stable_id("added", at, told["text"], told["host"])
    return Added(identity, at, until, **told)


def _check_fields(table: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(table, dict):
        raise InputError(f"{where}: is a table of {', '.join(known)}.")
    unknown = [name for name in table if name not in known]
    if unknown:
        raise InputError(f"{where}: {unknown[0]!r} is not known; there are: {', '.join(known)}.")


def _moment(value: Any, where: str, zone: Callable[[], str]) -> int:
    if isinstance(value, datetime | str):
        try:
            return _checked_moment(value, zone_of(zone()))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    raise InputError(f"{where}: is a time such as 2022-11-10T11:15:00+05:30, not {value!r}.")


def _checked_moment(value: datetime | str, zone: tzinfo, day_us: int | None = None) -> int:
    """Read a time; one far from any log is refused."""
    try:
        if isinstance(value, str):
            us = parse_moment(value, zone, day_us)
        else:
            us = to_us(value if value.tzinfo else value.replace(tzinfo=zone))
        year = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).year
    except OverflowError:
        year = 0
    if not _YEARS[0] <= year <= _YEARS[1]:
        raise InputError(f"{visible(str(value))!r} is no time that a log could be of.")
    return us


# --- writing ------------------------------------------------------------------------------------------------


class _Hand:
    """Writes one act into a parsed review file."""

    def __init__(self, document: tomlkit.TOMLDocument, case: Case, review: Review) -> None:
        self._document = document
        self._case = case
        self._review = review
        self._known = known_findings(case.folder)
        self._abouts = abouts(case.folder)

    def do(self, name: str, action: _Action) -> None:
        """Do one action."""
        if name == "add":
            self._add(action)
            return
        identity = self._identity(str(action.get("id", "")))
        if name == "remove":
            self._remove(identity)
        elif name == "clear":
            self._decisions().pop(identity, None)
        elif any(entry.id == identity for entry in self._review.entries) and name in ("edit", "note"):
            self._rewrite(identity, action)
        else:
            self._decide(identity, {**_CHANGES[name](action), **_notes(action)} if name in _CHANGES else {}, action)

    def _decide(self, identity: str, change: dict[str, Any], action: _Action) -> None:
        name = action["action"]
        if name == "edit":
            change = {**_notes(action), **self._edited(action)}
        elif name == "choose":
            change = {**_notes(action), "cause": self._cause(identity, str(action.get("cause", "")))}
        elif name == "merge":
            change = {**_notes(action), "into": self._into(identity, str(action.get("into", "")))}
        elif name == "note":
            change = {"note": str(action.get("note", action.get("text", ""))).strip()}
        self._check(identity, change)
        decisions = self._decisions()
        if identity not in decisions:
            table = tomlkit.table()
            if identity in self._known:
                table.add(tomlkit.comment(visible(self._known[identity])[:200]))
            decisions[identity] = table
        _put(decisions[identity], change, _ORDER)
        if not decisions[identity]:
            del decisions[identity]

    def _check(self, identity: str, change: Mapping[str, Any]) -> None:
        """Refuse what would do nothing, or cannot be."""
        kind = identity.partition("-")[0]
        if kind in ("outage", "blip") and (change.get("text") or change.get("pinned") or change.get("hidden")):
            raise InputError(
                "review: an outage has no text and is not pinned or hidden; accept it, reject it, edit times."
            )
        if kind == "clock" and change.keys() - {"verdict", "because", "note"}:
            raise InputError(
                "review: what was inferred of a clock is accepted or rejected; state it with --clock, --zone."
            )
        times = [name for name in ("start", "end") if change.get(name)]
        about = self._abouts.get(identity, "")
        if kind == "entry" and times and about.startswith(("outage-", "blip-")):
            raise InputError(f"review: this entry tells of {about}; edit that one's {times[0]} instead.")
        span = span_of(self._case.folder, identity)
        if not times or span is None:
            return
        decided = self._review.of(identity)
        start, end = (
            to_us(change[name]) if change.get(name) else given if given is not None and name not in change else inferred
            for name, given, inferred in zip(("start", "end"), (decided.start_us, decided.end_us), span, strict=True)
        )
        if end < start:
            raise InputError("review: it would end before it starts; give --start and --end together.")
        firsts = [ledger.first for ledger in self._case.ledgers() if ledger.first is not None]
        lasts = [ledger.last for ledger in self._case.ledgers() if ledger.last is not None]
        if kind in ("outage", "blip") and firsts and (start > max(lasts) or end < min(firsts)):
            raise InputError(f"review: the logs cover {rfc3339(min(firsts))} to {rfc3339(max(lasts))}, and nothing of "
                             "that time.")  # fmt: skip

    def _edited(self, action: _Action) -> dict[str, Any]:
        change: dict[str, Any] = {name: self._time(action, name) for name in ("start", "end") if name in action}
        if "text" in action:
            change["text"] = str(action["text"] or "").strip()
        if not change:
            raise InputError("review: edit what? Give --start, --end or --text.")
        return change

    def _time(self, action: _Action, name: str) -> datetime | None:
        value = action[name]
        if value in (None, ""):
            return None
        zone = zone_of(self._case.settings().display_zone)
        identity = str(action.get("id", ""))
        near = day_of(self._case.folder, self._identity(identity) if identity else "")
        us = _checked_moment(value if isinstance(value, datetime) else str(value), zone, near)
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).astimezone(zone)

    def _cause(self, identity: str, cause: str) -> str:
        if not identity.startswith(("outage-", "blip-")):
            raise InputError(f"review: a cause is chosen for an outage; {identity} is none.")
        if cause in ("", NOBODY):
            return cause
        chosen = self._identity(cause)
        chosen = self._abouts.get(chosen, chosen)  # an entry stands for the change it tells of
        if not chosen.startswith(("change-", "sign-")):
            raise InputError(f"review: {chosen} is no change; choose one of `afterlog causes`, or {NOBODY}.")
        return chosen

    def _into(self, identity: str, into: str) -> str:
        if not into:
            return ""
        target = self._identity(into)
        if target == identity or target in self._review.absorbed(identity):
            raise InputError(f"review: {identity} cannot be merged into {target}, which is (part of) itself.")
        if target.partition("-")[0] != identity.partition("-")[0] and {target[:6], identity[:6]} != {"outage", "blip-"}:
            raise InputError(f"review: {identity} and {target} are of different kinds; merge like with like.")
        return target

    def _add(self, action: _Action) -> None:
        if not action.get("at") or not str(action.get("text") or "").strip():
            raise InputError("review: an entry needs a time (--at) and a text.")
        at, text = self._time(action, "at"), str(action["text"]).strip()
        told: dict[str, Any] = {"at": at, "until": self._time(action, "until") if action.get("until") else None}
        told |= {"text": text} | {name: str(action.get(name) or "").strip() for name in ("host", "service", "note")}
        names = {entry.id for entry in self._review.entries}
        identity = stable_id("added", to_us(at) if at else 0, text, told["host"])
        while identity in names:
            identity = stable_id("added", identity)
        table = tomlkit.table()
        _put(table, {"id": identity, **told}, _ENTRY_FIELDS)
        if "entries" not in self._document:
            self._document.add(tomlkit.nl())
            self._document["entries"] = tomlkit.aot()
        self._document["entries"].append(table)

    def _rewrite(self, identity: str, action: _Action) -> None:
        change: dict[str, Any] = _notes(action)
        for key, name in (("start", "at"), ("at", "at"), ("end", "until"), ("until", "until")):
            if key in action:
                change[name] = self._time(action, key)
        change |= {name: str(action[name] or "").strip() for name in ("text", "host", "service") if name in action}
        table = next(t for t in self._entries() if _id_of(t, self._case) == identity)
        _put(table, {"id": identity, **change}, _ENTRY_FIELDS)

    def _remove(self, identity: str) -> None:
        entries = self._entries()
        place = next((n for n, table in enumerate(entries) if _id_of(table, self._case) == identity), None)
        if place is None:
            raise InputError(f"review: {identity} was inferred, not added; reject or hide it instead.")
        del entries[place]
        if not entries:
            del self._document["entries"]
        self._decisions().pop(identity, None)

    def _entries(self) -> Any:
        return self._document.get("entries", [])

    def _decisions(self) -> _Table:
        if "decisions" not in self._document:
            self._document["decisions"] = tomlkit.table(is_super_table=True)
        return self._document["decisions"]

    def _identity(self, given: str) -> str:
        """Give the id that begins so, with or without its kind."""
        names = [*self._known, *self._review.decisions, *(entry.id for entry in self._review.entries)]
        fitting = {n for n in names if given and (n.startswith(given) or n.partition("-")[2].startswith(given))}
        if given in fitting:
            return given
        if len(fitting) != 1:
            why = f"{len(fitting)} findings begin so" if fitting else "no finding has this id"
            raise InputError(f"review: {given or '(no id)'}: {why}; see: afterlog review {self._case.folder} --list")
        return fitting.pop()


def _id_of(table: Any, case: Case) -> str:
    return _added(dict(table), NAME, lambda: case.settings().display_zone).id


def _notes(action: _Action) -> dict[str, Any]:
    return {name: str(action[name]).strip() for name in ("because", "note") if action.get(name) is not None}


def _put(table: _Table, change: Mapping[str, Any], order: tuple[str, ...]) -> None:
    """Write fields into a table in their order; what is empty is taken out."""
    for name in order:
        if name in change and change[name] in ("", None, False):
            table.pop(name, None)
        elif name in change:
            table[name] = change[name]


_CHANGES: Final[dict[str, Callable[[_Action], dict[str, Any]]]] = {
    "accept": lambda _: {"verdict": ACCEPTED, "hidden": False},
    "reject": lambda _: {"verdict": REJECTED},
    "pin": lambda _: {"pinned": True, "hidden": False},
    "unpin": lambda _: {"pinned": False},
    "hide": lambda _: {"hidden": True, "pinned": False},
    "show": lambda _: {"hidden": False},
    "unjudge": lambda _: {"verdict": "", "because": ""},
}
ACTIONS: Final = (*_CHANGES, "edit", "note", "choose", "merge", "add", "remove", "clear")
