"""Wrong clocks end to end: the recorded outage with one host's clock or zone changed on purpose."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afterlog.analysis import analyse
from afterlog.detect import Instant
from afterlog.draft import make_draft
from afterlog.findings import Findings
from afterlog.ingestion import Options, ingest
from afterlog.statement import plain
from afterlog.writing.render import render
from conftest import SAMPLE, Recording

FORMS = [
    (r"\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d)[ .]", "%d/%b/%Y:%H:%M:%S"),
    (r"\[(\w{3} \w{3} \d\d \d\d:\d\d:\d\d)\.\d+ 2022\]", "%a %b %d %H:%M:%S"),
    (r"^(\w{3} \d\d \d\d:\d\d:\d\d) ", "%b %d %H:%M:%S"),
    (r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", "%Y-%m-%dT%H:%M:%S"),
    (r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", "%Y-%m-%d %H:%M:%S"),
    (r"(\d{4}-\d\d-\d\d  \d\d:\d\d:\d\d)", "%Y-%m-%d  %H:%M:%S"),
]


def shifted(text: str, by: timedelta) -> str:
    """Move every time stamp in a log by the same amount."""

    def move(found: re.Match[str], form: str) -> str:
        has_year = "%Y" in form
        moment = datetime.strptime(found[1] if has_year else f"2022 {found[1]}", form if has_year else f"%Y {form}")
        return found[0].replace(found[1], (moment + by).strftime(form))

    for pattern, form in FORMS:
        text = re.sub(pattern, lambda found, form=form: move(found, form), text, flags=re.MULTILINE)
    return text


def changed(folder: Path, host: str, change: Callable[[str], str]) -> Path:
    """Copy the sample with every text file of one host changed; commits are stamped on other machines and stay."""
    logs = folder / "logs"
    shutil.copytree(SAMPLE, logs)
    for file in sorted((logs / host).rglob("*")):
        if file.is_file() and file.suffix != ".xz" and "collect" not in file.parts:
            file.write_bytes(change(file.read_bytes().decode()).encode())  # carriage returns stay as they are
    return logs


def found(logs: Path, **options: object) -> Findings:
    return analyse(ingest([logs], logs.parent / "case", Options(jobs=1, **options)))


def story(findings: Findings) -> list[tuple[int, str]]:
    """Give the timeline to the second, without its evidence."""
    return [(entry.time_us // 1_000_000, plain(entry.text)) for entry in findings.timeline]


def close(one: list[tuple[int, str]], other: list[tuple[int, str]], seconds: int = 2) -> bool:
    """Tell whether two stories say the same, each moment within so many seconds."""
    first, second = sorted(text for _t, text in one), sorted(text for _t, text in other)
    times = {text: t for t, text in other}
    return first == second and all(abs(t - times[text]) <= seconds for t, text in one)


@pytest.mark.parametrize("minutes", [7, -4])
def test_a_web_server_with_a_wrong_clock_is_found_and_the_story_stays_the_same(tmp_path, recording: Recording, minutes):
    logs = changed(tmp_path, "web-02", lambda text: shifted(text, timedelta(minutes=minutes)))
    findings = found(logs, tz="Asia/Kolkata")
    ledgers = {ledger.path: ledger for ledger in findings.ledgers}
    assert ledgers["web-02/var/log/syslog"].clock_offset_s == pytest.approx(minutes * 60, abs=1)
    assert "haproxy.log" in ledgers["web-02/var/log/syslog"].clock_why
    assert ledgers["web-01/var/log/syslog"].clock_offset_s == 0
    assert close(story(recording.findings), story(findings))


def test_the_draft_says_which_clock_was_set_right(tmp_path):
    logs = changed(tmp_path, "web-02", lambda text: shifted(text, timedelta(minutes=7)))
    draft = render(make_draft(found(logs, tz="Asia/Kolkata"), "Asia/Kolkata", None))
    assert re.search(r"The clock of `web-02` was (419|420)\.\d s ahead", draft)


def test_a_host_that_writes_in_utc_is_read_in_utc(tmp_path, recording: Recording):
    utc = timedelta(hours=-5, minutes=-30)
    logs = changed(
        tmp_path, "web-03", lambda text: shifted(text, utc).replace("+0530", "+0000").replace("+05:30", "+00:00")
    )
    findings = found(logs)
    ledger = next(ledger for ledger in findings.ledgers if ledger.path == "web-03/var/log/syslog")
    assert (ledger.zone, ledger.zone_basis) == ("UTC", "zone-inferred")
    assert close(story(recording.findings), story(findings))


def test_a_stated_clock_is_used_and_nothing_is_measured_on_top(tmp_path, recording: Recording):
    logs = changed(tmp_path, "web-02", lambda text: shifted(text, timedelta(minutes=7)))
    findings = found(logs, tz="Asia/Kolkata", clocks=("web-02=+7m",))
    ledger = next(ledger for ledger in findings.ledgers if ledger.path == "web-02/var/log/syslog")
    assert (ledger.clock_offset_s, ledger.clock_why) == (420.0, "stated by a person")
    assert story(findings) == story(recording.findings)


def draft_of(findings: Findings) -> tuple[list[str], list[str]]:
    """Give the lines of the draft before its evidence part, and those from there on.

    Left out are what a draft should say of logs without a zone (a suggested measure) and how much an argument weighs
    in figures, which goes by how rare a word is in all messages.
    """
    lines = render(make_draft(findings, "Asia/Kolkata", None)).split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("## Evidence"))
    told = [re.sub(r"\([-+]\d\.\d\)", "", line) for line in lines[:at] if "Log with year and zone" not in line]
    return told, lines[at:]


def without_zone(text: str) -> str:
    return text.replace(" +0530]", "]").replace("+05:30", "")


AN_HOUR_EAST = timedelta(hours=1)
CASES = {
    "web-02 seven minutes ahead": ("web-02", lambda text: shifted(text, timedelta(minutes=7)), "Asia/Kolkata"),
    "web-03 without any zone": ("web-03", without_zone, None),
    "web-03 in another zone, and none printed": (
        "web-03",
        lambda text: without_zone(shifted(text, AN_HOUR_EAST)),
        None,
    ),
    "web-03 an hour ahead in the zone stated": ("web-03", lambda text: shifted(text, AN_HOUR_EAST), "Asia/Kolkata"),
    "ops-01 ninety seconds behind": ("ops-01", lambda text: shifted(text, timedelta(seconds=-90)), "Asia/Kolkata"),
}
KNOWN_BY = {
    "web-02 seven minutes ahead": r"`web-02` was 420\.0 s ahead; .* requests that ",
    "web-03 without any zone": r"sources print no zone; `UTC\+05:30` is used, inferred",
    "web-03 in another zone, and none printed": r"`UTC\+06:30` is used, inferred: `aligned with .* by [\d,]+ requests that ",
    "web-03 an hour ahead in the zone stated": r"`web-03` was 3600\.0 s ahead; .* requests that ",
    "ops-01 ninety seconds behind": r"`ops-01` was 90\.0 s behind; .* by 9 Ansible tasks",
}


@pytest.mark.parametrize("case", CASES)
def test_the_draft_comes_out_the_same_but_for_its_evidence_part(tmp_path, recording: Recording, case, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    host, change, tz = CASES[case]
    told, evidence = draft_of(found(changed(tmp_path, host, change), tz=tz))
    assert told == draft_of(recording.findings)[0]
    assert re.search(KNOWN_BY[case], "\n".join(evidence))


def test_without_a_proxy_the_controllers_tasks_tell_which_clock_is_wrong(tmp_path):
    logs = changed(tmp_path, "web-02", lambda text: shifted(text, timedelta(minutes=7)))
    shutil.rmtree(logs / "lb-01")
    ledgers = {ledger.path: ledger for ledger in found(logs, tz="Asia/Kolkata").ledgers}
    wrong = ledgers["web-02/var/log/auth.log"]
    assert wrong.clock_offset_s == pytest.approx(420, abs=1)
    assert re.search(
        r"by 9 Ansible tasks whose results ops-01/\S+ holds and whose modules web-02/\S+ holds", wrong.clock_why
    )
    assert {ledger.host for ledger in ledgers.values() if ledger.clock_why} == {"web-02"}


def test_the_recording_itself_has_no_wrong_clock(recording: Recording):
    assert {ledger.clock_why for ledger in recording.findings.ledgers} == {""}


def test_a_repository_keeps_its_times_where_the_clock_of_its_host_is_set_right(tmp_path):
    logs = changed(tmp_path, "ops-01", lambda text: shifted(text, timedelta(seconds=-90)))
    ledgers = {ledger.path: ledger for ledger in found(logs, tz="Asia/Kolkata").ledgers}
    assert ledgers["ops-01/var/log/syslog"].clock_offset_s == -90
    assert ledgers["ops-01/srv/collect/config.git"].clock_offset_s == 0


def test_moving_every_host_by_the_same_amount_moves_every_finding_by_it(tmp_path):
    by = timedelta(hours=3)
    stories, rankings = [], []
    for name, change in (("still", lambda text: text), ("moved", lambda text: shifted(text, by))):
        logs = tmp_path / name / "logs"
        shutil.copytree(SAMPLE, logs)
        shutil.rmtree(logs / "ops-01" / "srv")  # a git repository cannot be shifted by editing text
        for file in sorted(path for path in logs.rglob("*") if path.is_file() and path.suffix != ".xz"):
            file.write_bytes(change(file.read_bytes().decode()).encode())
        findings = found(logs, tz="Asia/Kolkata")
        stories.append([(e.time_us, e.until_us, e.low_us, e.high_us, plain(e.text)) for e in findings.timeline])
        rankings.append([(o.first_us, o.last_us, o.start, o.end, o.failed) for o in findings.outages])
    by_us = round(by.total_seconds() * 1_000_000)
    assert stories[1] == [(*(time + by_us for time in entry[:4]), entry[4]) for entry in stories[0]]
    for (first, last, start, end, failed), other in zip(*rankings, strict=True):
        moved = (
            first + by_us,
            last + by_us,
            *(Instant(*(t + by_us for t in (i.time_us, i.low_us, i.high_us))) for i in (start, end)),
        )
        assert other == (*moved, failed)


def test_the_order_in_which_the_hosts_are_given_changes_nothing(tmp_path):
    logs = changed(tmp_path, "web-02", lambda text: shifted(text, timedelta(minutes=7)))
    hosts = sorted(logs.iterdir())
    one = analyse(ingest(hosts, tmp_path / "one", Options(jobs=1, tz="Asia/Kolkata")))
    other = analyse(ingest(hosts[::-1], tmp_path / "other", Options(jobs=2, tz="Asia/Kolkata")))
    assert story(one) == story(other)
    assert one.outages_json() == other.outages_json()
    assert one.causes_json() == other.causes_json()
    assert [(x.host, x.clock_offset_s) for x in one.ledgers] == [(x.host, x.clock_offset_s) for x in other.ledgers]


def test_a_clock_stepped_in_the_middle_of_the_outage_is_followed_as_its_daemon_says(tmp_path, recording: Recording):
    """Until 12:30 web-02's clock is 90 s behind; then chronyd steps it."""

    def behind(text: str) -> str:
        lines = text.split("\n")
        clocks = [re.search(r"\d\d:\d\d:\d\d", line) for line in lines]
        marks = [n for n, clock in enumerate(clocks) if clock and clock[0] < "12:30:00"]
        moved = {n: shifted(lines[n], timedelta(seconds=-90)) for n in marks}
        return "\n".join(moved.get(n, line) for n, line in enumerate(lines))

    logs = changed(tmp_path, "web-02", behind)
    syslog = logs / "web-02" / "var" / "log" / "syslog"
    told = "Nov 10 12:30:00 web-02 chronyd[312]: System clock was stepped by 90.000000 seconds\n"
    text = syslog.read_text(encoding="utf-8")
    at = next(
        found.start() for found in re.finditer(r"^Nov 10 (1[2-5]:\d\d)", text, re.MULTILINE) if found[1] >= "12:30"
    )
    syslog.write_text(text[:at] + told + text[at:], encoding="utf-8")
    findings = found(logs, tz="Asia/Kolkata")
    ledger = next(ledger for ledger in findings.ledgers if ledger.path == "web-02/var/log/auth.log")
    assert "chronyd" in ledger.clock_why or "stepped" in ledger.clock_why
    assert close(story(recording.findings), story(findings), seconds=91)
    looks = [t for t, text in story(findings) if "error.log" in text]
    assert looks == [t for t, text in story(recording.findings) if "error.log" in text]
