"""Database migrations as their tools print them: Alembic, Django, Rails, Sequelize, Flyway, Liquibase.

::

    INFO  [alembic.runtime.migration] Running upgrade 1975ea83b712 -> 27c6a30d7c24, Add a column
      Applying auth.0001_initial... OK
    == 20210404082749 CreateBlogs: migrated (0.0092s) =============================
    Migrating schema "public" to version "2 - add users"
    Running Changeset: changelog.xml::my_example_1::jlyle

Each migration is a change. They print no times: all is placed by the file and marked as placed, with the distances that Rails,
Sequelize and Flyway print. (Within an application's log the application's parser reads them, and they are told all the same.)

Traps: Django prints the name before it runs and the result behind it; a failure is a traceback; a downgrade is a rollback; "No
migrations to apply." is a run that changed nothing.

https://alembic.sqlalchemy.org/en/latest/tutorial.html
https://docs.djangoproject.com/en/stable/ref/django-admin/#migrate
https://guides.rubyonrails.org/active_record_migrations.html
https://documentation.red-gate.com/flyway
https://docs.liquibase.com
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from afterlog.parser import Kind, Line, Outcome, Record, RecordParser, Reject, Sample, placed

MAX_HELD: Final = 200_000  # records that wait for the end
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,20}m")
_C, _F, _S = Outcome.CHANGED, Outcome.FAILED, Outcome.STARTED
_ALEMBIC: Final = r"(?:INFO +\[alembic\.runtime\.migration\] )"
_SAYINGS: Final = tuple(
    (re.compile(pattern), action, outcome)
    for pattern, action, outcome in (
        (_ALEMBIC + r"Running upgrade (?P<from>\w*) ?-> (?P<target>\w+)(?:, (?P<about>.*))?", "migration", _C),
        (_ALEMBIC + r"Running downgrade (?P<target>\w+) -> (?P<to>\w*)(?:, (?P<about>.*))?", "rollback", _C),
        (r"  Applying (?P<target>[\w.]+)\.\.\. (?:OK|FAKED)", "migration", _C),
        (r"  Applying (?P<target>[\w.]+)\.\.\..*", "migration", _F),  # nothing came behind it
        (r"  Unapplying (?P<target>[\w.]+)\.\.\. (?:OK|FAKED)", "rollback", _C),
        (r"== +(?P<target>[\w -]+): (?:migrating|reverting) =+", "migration", _S),
        (r"== +(?P<target>[\w -]+): migrated \((?P<took>[\d.]+)s\)(?: =+)?", "migration", _C),
        (r"== +(?P<target>[\w -]+): reverted \((?P<took>[\d.]+)s\)(?: =+)?", "rollback", _C),
        (
            r"Migrating schema [\"`](?P<schema>[^\"`]*)[\"`] (?:to version|with repeatable migration) \"?(?P<target>[^\"]+)\"?",
            "migration",
            _S,
        ),
        (
            r"Successfully applied (?P<count>[1-9]\d*) migrations? to schema [\"`](?P<target>[^\"`]*)[\"`].*?\(execution time (?P<clock>[\d:.]+)s\).*",
            "migration",
            _C,
        ),
        (
            r"(?:ERROR: )?Migration of schema [\"`](?P<schema>[^\"`]*)[\"`] to version \"?(?P<target>[^\"]+)\"? failed!.*",
            "migration",
            _F,
        ),
        (r"Running Changeset: (?P<target>\S+)", "migration", _C),
        (r"Rolling Back Changeset: ?(?P<target>\S+)", "rollback", _C),
    )
)
_OTHERS: Final = re.compile(
    r"Operations to perform:|Running migrations:|  No migrations to apply\.|  Apply all migrations: .*"
    r"|Flyway (?:Community|Teams|Enterprise|OSS) Edition .*|Successfully validated \d+ migrations? .*|Current version of schema .*"
    r"|Schema [\"`].*[\"`] is up to date\. No migration necessary\.|Liquibase command '\w+' was executed successfully\."
    r"|Liquibase: (?:Update|Rollback) has been successful\..*|" + _ALEMBIC + r".*|Sequelize CLI .*"
)

_BEGINS: Final = re.compile(
    r"Operations to perform:|Flyway \w+ Edition|Sequelize CLI|Loaded configuration file|" + _ALEMBIC + r"Context impl"
)


def _claims(_path: str, head: list[bytes]) -> float:
    texts = [_plain(line) for line in head if line.strip()]
    own = [at for at, text in enumerate(texts) if _read(text) or _OTHERS.fullmatch(text)]
    told = any(_read(texts[at]) for at in own)
    return (len(texts) - own[0]) / len(texts) if told and len(own) * 4 >= len(texts) else 0.0


def _plain(line: bytes) -> str:
    return _COLOUR.sub("", line[:4_000].decode("utf-8", "replace")).rstrip()


def _read(text: str) -> dict[str, Any] | None:
    for pattern, action, outcome in _SAYINGS:
        if found := pattern.fullmatch(text):
            told = {name: value.strip() for name, value in found.groupdict().items() if value}
            severity = 17 if outcome == _F else 9
            return told | {"kind": Kind.CHANGE, "action": action, "outcome": outcome, "severity": severity}
    return None


def _records(lines: Iterable[Line]) -> Iterator[Record | Reject]:
    """One event for each line that a tool says; what stands between belongs to the one above."""
    held: list[tuple[Line, int, dict[str, Any]]] = []
    now_us = 0
    run = ""
    for line in lines:
        text = _plain(line.text)
        told = _read(text)
        if told is None and held and not _OTHERS.fullmatch(text):
            continue
        if told is None and not text:
            continue
        columns = told or {"kind": Kind.LOG, "severity": 9}
        if not run or _BEGINS.match(text):
            run = f"migrations line {line.number}"
        columns["run"] = run
        now_us += _took(columns)
        held.append((line, now_us, columns | {"message": text.strip()}))
        if len(held) >= MAX_HELD:
            yield from _released(held)
            held = []
    yield from _released(held)


def _released(held: list[tuple[Line, int, dict[str, Any]]]) -> Iterator[Record]:
    end = held[-1][1] if held else 0
    for line, at, columns in held:
        yield Record(line, placed(end - at), columns)


def _took(columns: dict[str, Any]) -> int:
    """Give the microseconds that a migration says it took."""
    clock = str(columns.pop("clock", "") or columns.get("took", ""))
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + (float(part) if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", part) else 0.0)
    return round(min(seconds, 1e6) * 1_000_000)


PARSER = RecordParser(
    name="migrations",
    title="Database migrations (Alembic, Django, Rails, Sequelize, Flyway, Liquibase)",
    url="https://documentation.red-gate.com/flyway",
    claims=_claims,
    marks=(b"alembic.runtime", b"pplying ", b"igrat", b"hangeset"),
    records=_records,
    samples=(
        Sample(
            b"INFO  [alembic.runtime.migration] Running upgrade 1975ea83b712 -> 27c6a30d7c24, Add a column\n",
            {
                "kind": "change",
                "action": "migration",
                "target": "27c6a30d7c24",
                "from": "1975ea83b712",
                "about": "Add a column",
                "outcome": "changed",
                "severity": 9,
            },
            "Alembic's documentation, tutorial",
        ),
        Sample(
            b"  Applying contenttypes.0001_initial... OK\n  Applying auth.0001_initial... OK\n",
            {"action": "migration", "target": "contenttypes.0001_initial", "outcome": "changed"},
            "Django 5.2, run for the purpose",
        ),
        Sample(
            b"== 20150914201353 CreateDogs: migrated (0.0020s) ==============================\n",
            {"action": "migration", "target": "20150914201353 CreateDogs", "outcome": "changed", "took": "0.0020"},
            "Rails, in a public course",
        ),
        Sample(
            b"== 20210522023826-create-user: migrating =======\n== 20210522023826-create-user: migrated (0.094s)\n",
            {"action": "migration", "target": "20210522023826-create-user", "outcome": "started"},
            "Sequelize CLI 6.2.0, in a public article",
        ),
        Sample(
            b'Migrating schema "public" to version "2 - update user status constraint"\n',
            {
                "action": "migration",
                "target": "2 - update user status constraint",
                "schema": "public",
                "outcome": "started",
            },
            "Flyway, in a public repository",
        ),
        Sample(
            b"Running Changeset: changelog.xml::my_example_1::jlyle\n",
            {"action": "migration", "target": "changelog.xml::my_example_1::jlyle", "outcome": "changed"},
            "liquibase/liquibase pull request 5595",
        ),
        Sample(
            b"Rolling Back Changeset:R1.0...\n",
            {"action": "rollback", "target": "R1.0...", "outcome": "changed"},
            "liquibase/liquibase pull request 1932",
        ),
        Sample(
            b"  Applying x\x00\xff.y... OK\n  Applying auth.0001_initial... OK\n",
            {"kind": "log"},
            "hostile: NUL and bad UTF-8 in a name",
        ),
    ),
)
