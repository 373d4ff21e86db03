"""Wrong clocks end to end: the recorded outage with one host's clock or zone changed on purpose."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afterlog.draft import make_draft
from afterlog.findings import Findings, analyse
from afterlog.ingestion import Options, ingest
from afterlog.render import render
from afterlog.statement import plain
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


def changed(folder: Path, host: str, change: object) -> Path:
    """Copy the sample with every text file of one host changed."""
    logs = folder / "logs"
    shutil.copytree(SAMPLE, logs)
    for file in sorted((logs / host).rglob("*")):
        if file.is_file() and file.suffix != ".xz":
            file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
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


def test_moving_every_host_by_the_same_amount_moves_every_finding_by_it(tmp_path, recording: Recording):
    logs = tmp_path / "logs"
    shutil.copytree(SAMPLE, logs)
    for file in sorted(logs.rglob("*")):
        if file.is_file() and file.suffix != ".xz" and "config.git" not in str(file):
            file.write_text(shifted(file.read_text(encoding="utf-8"), timedelta(hours=3)), encoding="utf-8")
    shutil.rmtree(logs / "ops-01" / "srv")  # a git repository cannot be shifted by editing text
    findings = found(logs, tz="Asia/Kolkata")
    (one,), (other,) = ([o for o in f.outages if o.level == "outage"] for f in (recording.findings, findings))
    assert other.start.time_us - one.start.time_us == other.end.time_us - one.end.time_us == 3 * 3600 * 1_000_000


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
