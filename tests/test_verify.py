"""Verifying: each footnote is opened again; what holds, moved, changed or is gone is said so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.errors import InputError
from afterlog.ingestion import Options, ingest
from afterlog.session import Choices, write_draft
from afterlog.verify import all_hold, verify
from conftest import SAMPLE


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    shutil.copytree(SAMPLE, folder / "logs")
    case = ingest([folder / "logs"], folder / "case", Options(tz="Asia/Kolkata", jobs=1))
    write_draft(case, analyse(case), Choices(objective=0.999), report=False)
    return folder


@pytest.fixture
def made(original, tmp_path) -> Path:
    """The case and a copy of its logs that a test may damage."""
    shutil.copytree(original, tmp_path / "copy")
    return tmp_path / "copy"


def checked(folder: Path) -> dict[str, tuple[str, int, str]]:
    found = verify(folder / "case" / "postmortem.md", Case.open(folder / "case"), [folder / "logs"])
    return {f"{one.source}:{one.line}": (one.status, one.found_line, one.label) for one in found}


ONSET = "lb-01/var/log/haproxy.log:3159"
LOOK = "web-01/var/log/auth.log:69"


def test_every_footnote_of_the_sample_s_draft_holds(made):
    told = checked(made)
    assert len(told) > 50 and {status for status, _line, _label in told.values()} == {"holds"}


def test_a_line_inserted_above_moves_it(made):
    log = made / "logs" / "web-01" / "var" / "log" / "auth.log"
    log.write_bytes(b"Nov 10 10:00:00 web-01 sshd[1]: Server listening on 0.0.0.0 port 22.\n" + log.read_bytes())
    told = checked(made)
    assert told[LOOK][:2] == ("moved", 70)
    assert told[ONSET][0] == "holds"


def test_a_changed_character_is_a_changed_line_even_beyond_the_quote(made):
    log = made / "logs" / "web-01" / "var" / "log" / "syslog"
    lines = log.read_bytes().split(b"\n")
    assert len(lines[14]) > 400  # line 15, quoted to 240 characters
    lines[14] = lines[14][:-2] + b"?" + lines[14][-1:]
    log.write_bytes(b"\n".join(lines))
    assert checked(made)["web-01/var/log/syslog:15"][0] == "changed"


def test_a_shorter_source_and_a_missing_one_are_gone(made):
    log = made / "logs" / "lb-01" / "var" / "log" / "haproxy.log"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:5000]))
    (made / "logs" / "ops-01" / "var" / "log" / "ansible" / "ansible.log").unlink()
    told = checked(made)
    assert told[ONSET][0] == "holds"
    assert told["lb-01/var/log/haproxy.log:15325"][0] == "gone"
    assert told["ops-01/var/log/ansible/ansible.log:10"][0] == "gone"


def test_a_quote_that_a_person_changed_no_longer_holds(made):
    draft = made / "case" / "postmortem.md"
    draft.write_text(
        draft.read_text(encoding="utf-8").replace('"GET /archive-302.html HTTP/1.1"', '"GET / HTTP/1.1"'),
        encoding="utf-8",
    )
    assert checked(made)[ONSET][0] == "changed"


def test_a_citation_without_footnote_does_not_hold_and_a_person_s_own_is_let_be(made):
    draft = made / "case" / "postmortem.md"
    draft.write_text(draft.read_text(encoding="utf-8") + "\n[^ticket]: OPS-17\n", encoding="utf-8")
    found = verify(draft, Case.open(made / "case"), [made / "logs"])
    assert [one.status for one in found if one.label == "ticket"] == ["not-ours"] and all_hold(found)
    draft.write_text("A fact.[^7] Code `[^8]`.\n", encoding="utf-8")
    (one,) = verify(draft, Case.open(made / "case"), [made / "logs"])
    assert (one.label, one.status) == ("7", "missing") and not all_hold([one])


def test_a_rotated_and_compressed_source_is_opened_as_before(tmp_path):
    import gzip

    logs = tmp_path / "logs" / "web-01"
    logs.mkdir(parents=True)
    data = (SAMPLE / "web-01" / "var" / "log" / "apache2" / "access.log").read_bytes()
    (logs / "access.log.1.gz").write_bytes(gzip.compress(data, mtime=0))
    case = ingest([tmp_path / "logs"], tmp_path / "case", Options(tz="Asia/Kolkata", jobs=1))
    written = write_draft(case, analyse(case), report=False)
    found = verify(written.draft, case)
    assert len(found) >= 3 and all_hold(found)


def test_logs_that_are_nowhere_give_a_clear_message(original, tmp_path):
    shutil.copytree(original / "case", tmp_path / "case")
    toml = tmp_path / "case" / "case.toml"
    toml.write_text(toml.read_text().replace(str(original), "/nowhere"), encoding="utf-8")
    with pytest.raises(InputError, match="--logs DIR"):
        verify(tmp_path / "case" / "postmortem.md", Case.open(tmp_path / "case"))


def test_the_command_says_the_sums_and_exits_with_one_when_something_does_not_hold(made):
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        words = [
            "verify",
            str(made / "case" / "postmortem.md"),
            str(made / "case"),
            "--logs",
            str(made / "logs"),
            *more,
        ]
        return subprocess.run(
            [sys.executable, "-c", "from afterlog.cli import main; main()", *words],
            capture_output=True,
            text=True,
            check=False,
        )

    good = run()
    assert good.returncode == 0 and "holds." in good.stdout
    (made / "logs" / "lb-01" / "var" / "log" / "haproxy.log").unlink()
    bad = run("--json")
    document = json.loads(bad.stdout)
    assert bad.returncode == 1 and document["holds"] is False and document["counts"]["gone"] > 3
