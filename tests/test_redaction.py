"""Redaction: secrets never reach a draft; pseudonyms are stable, the same everywhere, and can be taken back."""

from __future__ import annotations

import shutil
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afterlog.analysis import analyse
from afterlog.case import Case
from afterlog.ingestion import Options, ingest
from afterlog.session import Choices, write_draft
from afterlog.verify import all_hold, verify
from afterlog.writing.redaction import Redactor, without_secrets
from conftest import SAMPLE
from hostile import SECRETS, hostile_logs

MASKED = [  # a line, and what of it must not be seen
    ("mysql -u root -phunter2 shop", "hunter2"),
    ("PGPASSWORD=hunter2 psql", "hunter2"),
    ('{"password": "two words", "x": 1}', "two words"),
    ("login password: 'hunter2'", "hunter2"),
    ("deploy --password hunter2 --verbose", "hunter2"),
    ("GET /reset?access_token=abc.def&u=1", "abc.def"),
    ("GET /?api_key=0123456789 HTTP/1.1", "0123456789"),
    ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ("Cookie: sid=1234; theme=dark", "1234"),
    ("Set-Cookie: PHPSESSID=deadbeef; path=/", "deadbeef"),
    ("curl -u joe:hunter2 http://example.org", "hunter2"),
    ("clone https://joe:hunter2@example.org/x.git", "hunter2"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("using AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig-nature", "eyJzdWIiOiIxIn0"),
    ("pushed with ghp_0123456789abcdefghij0123456789abcdef", "ghp_0123456789"),
    ("-----BEGIN RSA PRIVATE KEY----- MIIEpAIBAAKCAQEA", "MIIEpAIBAAKCAQEA"),
    ("MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun", "MIIEpAIBAAKCAQEA"),
]


@pytest.mark.parametrize(("line", "secret"), MASKED, ids=[line[:30] for line, _ in MASKED])
def test_a_secret_is_masked(line, secret):
    assert secret not in without_secrets(line) and "[secret]" in without_secrets(line)


INNOCENT = [
    "sudo: devops : TTY=pts/0 ; PWD=/home/devops ; USER=root ; COMMAND=/usr/sbin/apachectl restart",
    'PHP Parse error: syntax error, unexpected token "=" in x.php',
    "commit 9c1f33b5b603c69d3c76951914f813d047791178",
    '192.0.2.1 - - [10/Nov/2022:11:15:00 +0530] "GET /post/1?page=2 HTTP/1.1" 500 182',
    "Accepted publickey for devops from 192.0.2.7 port 50122 ssh2",
]


@pytest.mark.parametrize("line", INNOCENT)
def test_what_is_no_secret_stays(line):
    assert without_secrets(line) == line


def test_the_field_s_name_stays_so_that_a_reader_knows_what_was_there():
    assert without_secrets("GET /?user=1&token=abc&x=2") == "GET /?user=1&token=[secret]&x=2"


def test_pseudonyms_are_the_same_everywhere_and_never_reused():
    redactor = Redactor(redact=True)
    assert redactor.text("192.0.2.1 asked") == "address-1 asked"
    assert redactor.text("2001:db8::1 too, as 192.0.2.1") == "address-2 too, as address-1"
    assert redactor.text("again 192.0.2.1, and 198.51.100.9") == "again address-1, and address-3"
    assert (
        redactor.text("Failed password for bob from 192.0.2.1 port 22")
        == "Failed password for user-1 from address-1 port 22"
    )
    assert redactor.text("mail to bob@example.org by bob") == "mail to email-1 by user-1"
    assert redactor.text("id 123e4567-e89b-12d3-a456-426614174000") == "id token-1"


def test_times_versions_loopback_and_system_accounts_stay():
    line = "11:15:00 root www-data 127.0.0.1 ::1 v2022.11.3 10/Nov/2022:11:15:00"
    assert Redactor(redact=True).text(line) == line


def test_a_later_run_keeps_the_names_and_counts_on():
    first = Redactor(redact=True)
    first.text("192.0.2.1")
    later = Redactor(redact=True, known=first.mapping())
    assert later.text("198.51.100.9 then 192.0.2.1") == "address-2 then address-1"


@given(
    st.lists(
        st.sampled_from(["192.0.2.1", "bob@example.org", "2001:db8::5", "user=carol", "10.1.2.3", "plain words"]),
        max_size=6,
    )
)
def test_redacting_twice_is_redacting_once_and_can_be_taken_back(words):
    redactor = Redactor(redact=True)
    line = " ".join(words)
    once = redactor.text(line)
    assert redactor.text(once) == once
    assert redactor.restore(once) == line


@pytest.mark.parametrize("between", [" ", "\n", "x"])
def test_a_secret_far_into_a_long_text_is_masked_and_nothing_else_is_touched(between):
    filling = between.join(["words of no interest"] * 500)
    shown = without_secrets(f"{filling} password=hunter2 {filling}")
    assert shown == f"{filling} password=[secret] {filling}"


@pytest.mark.parametrize(
    "piece", ["a", "token", "mysql -", "a.", "--a", "1:", "eyJ", "password=", "@a", "user=", '"', "\\", "x@", "://a:"]
)
def test_a_line_of_an_attacker_takes_no_time(piece):
    line = (piece * 1_000_000)[:1_000_000]
    begun = time.process_time()
    Redactor(redact=True).text(line)
    assert time.process_time() - begun < 2.0


@pytest.mark.parametrize("redact", [False, True])
def test_no_secret_of_hostile_logs_reaches_draft_report_or_picture(tmp_path, redact):
    case = ingest([hostile_logs(tmp_path / "logs")], tmp_path / "case", Options(tz="UTC", jobs=1))
    write_draft(case, analyse(case), Choices(redact=redact))
    for name in ("postmortem.md", "report.html", "failure-rate.svg", ".draft/postmortem.md"):
        text = (case.folder / name).read_text(encoding="utf-8")
        assert [secret for secret in SECRETS if secret in text] == [], name
        if redact:
            assert "alice" not in text and "203.0.113." not in text, name
    assert (case.folder / "pseudonyms.json").exists() is redact


def test_a_redacted_draft_still_verifies_and_going_back_gives_the_first_bytes(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE / "lb-01", logs / "lb-01")
    shutil.copytree(SAMPLE / "web-01", logs / "web-01")
    case = ingest([logs], tmp_path / "case", Options(tz="Asia/Kolkata", jobs=1))
    findings = analyse(case)
    plain = write_draft(case, findings, report=False).draft.read_text(encoding="utf-8")
    edited = plain.replace("> **?** Was data lost or delayed?", "Client 192.0.2.158 lost an order.")
    (case.folder / "postmortem.md").write_text(edited, encoding="utf-8")
    written = write_draft(case, findings, Choices(redact=True), report=False)
    text = written.draft.read_text(encoding="utf-8")
    assert "192.0.2.158" not in text and "devops" not in text
    assert "Client address-" in text, "what a person wrote is kept, with the same pseudonym"
    assert all_hold(verify(written.draft, Case.open(case.folder)))
    assert write_draft(case, findings, report=False).draft.read_text(encoding="utf-8") == text, (
        "the choice is remembered"
    )
    back = write_draft(case, findings, Choices(redact=False), report=False)
    assert back.draft.read_text(encoding="utf-8") == edited
