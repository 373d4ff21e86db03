"""The main job on the recorded outage, against the truth measured from the clients' own record."""

from __future__ import annotations

from datetime import datetime

import pytest

from afterlog.statement import plain
from conftest import Recording


def us(stamp: str) -> int:
    """Microseconds of an RFC 3339 stamp."""
    return round(datetime.fromisoformat(stamp).timestamp() * 1_000_000)


def ist(clock: str) -> int:
    return us(f"2022-11-10T{clock}+05:30")


@pytest.fixture(scope="module")
def outage(recording: Recording):
    found = [outage for outage in recording.findings.outages if outage.level == "outage"]
    assert len(found) == 1, "one outage, not several"
    return found[0]


def test_the_start_is_within_five_seconds_and_the_truth_lies_in_its_interval(recording, outage):
    truth = us(recording.truth["incidents"][0]["first_failing_request"]["utc"])
    assert abs(outage.start.time_us - truth) <= 5_000_000
    assert outage.start.low_us <= truth <= outage.start.high_us


def test_the_end_is_within_fifteen_seconds_and_the_truth_lies_in_its_interval(recording, outage):
    truth = us(recording.truth["incidents"][0]["last_failing_request"]["utc"])
    assert abs(outage.end.time_us - truth) <= 15_000_000
    assert outage.end.low_us <= truth <= outage.end.high_us


def test_failed_total_and_clients_are_within_one_percent_of_the_truth_for_the_pages(recording, outage):
    truth = recording.truth["incidents"][0]
    impact = recording.findings.impacts[outage.id]
    assert impact.failed == pytest.approx(truth["failed"], rel=0.01)
    assert impact.requests == pytest.approx(truth["requests_in_interval"], rel=0.01)
    assert impact.clients == pytest.approx(truth["affected_clients"], rel=0.01)


def test_the_phases_fall_from_everything_to_two_thirds_to_one_third(outage):
    long_ones = [phase for phase in outage.phases if phase.end_us - phase.start_us > 60_000_000]
    assert [round(phase.rate, 2) for phase in long_ones] == pytest.approx([1.0, 0.67, 0.34], abs=0.015)
    expected = [ist("13:55:05"), ist("14:08:05")]
    for phase, begins in zip(long_ones[1:], expected, strict=True):
        assert abs(phase.start_us - begins) <= 15_000_000
    assert [phase.hosts for phase in long_ones] == [("web-01", "web-02", "web-03"), ("web-02", "web-03"), ("web-03",)]


def test_the_static_files_are_said_to_have_kept_working(recording, outage):
    beside = {other.service: other for other in recording.findings.impacts[outage.id].beside}
    truth = recording.truth["incidents"][0]["static_requests_in_interval"]
    assert beside["bk_static"].failed == 0
    assert beside["bk_static"].requests == pytest.approx(truth["requests"], rel=0.01)


def test_a_request_seen_by_proxy_and_web_server_is_counted_once(recording):
    assert recording.findings.views.outermost == ("lb-01/var/log/haproxy.log",)
    assert set(recording.findings.views.inner) == {f"web-0{n}/var/log/apache2/access.log" for n in (1, 2, 3)}


MOMENTS = [  # the seed document's seven moments, with the true time and a line that proves each
    ("configuration pushed", "11:05:02", "Push blog configuration", "ops-01/var/log/ansible/ansible.log", 10),
    ("outage begins", "11:15:00", "Outage begins", "lb-01/var/log/haproxy.log", 3159),
    ("error logs looked at", "11:19:06", "/var/log/apache2/error.log", "web-01/var/log/auth.log", 69),
    ("rollback failed", "12:02:00", "Roll back blog configuration", "ops-01/var/log/ansible/ansible.log", 52),
    ("Puppet manifest everywhere", "13:45:19", "fix-locale.pp", "web-01/var/log/syslog", 66),
    ("restarts begin", "13:55:01", "apache2 restarted on web-01", "web-01/var/log/auth.log", 185),
    ("all restored", "14:22:24", "Outage ends", "lb-01/var/log/haproxy.log", 15325),
]


@pytest.mark.parametrize(("what", "clock", "words", "source", "line"), MOMENTS, ids=[m[0] for m in MOMENTS])
def test_the_timeline_holds_the_moment_with_its_line(recording, what, clock, words, source, line):
    entries = [
        e for e in recording.findings.timeline if abs(e.time_us - ist(clock)) <= 1_000_000 and words in plain(e.text)
    ]
    assert entries, f"{what}: no entry at {clock} that says {words!r}"
    cited = {(place.source, place.line) for entry in entries for place in entry.places}
    assert (source, line) in cited


def test_the_failed_rollback_is_an_attempt_and_says_what_went_wrong(recording):
    (attempt,) = [entry for entry in recording.findings.timeline if entry.kind == "attempt"]
    assert "Source /var/backups/blog/settings.php.last-good not found" in plain(attempt.text)


def test_the_timeline_does_not_drown(recording):
    assert len(recording.findings.timeline) <= 30
    assert not any(
        "cron" in plain(entry.text) or "site.pp" in plain(entry.text) for entry in recording.findings.timeline
    )


def test_the_push_of_settings_php_leads_the_causes(recording, outage):
    ranking = recording.findings.ranking(outage)
    leader = ranking.suspects[0].change
    assert ranking.verdict == "likely"
    assert leader.tool == "ansible"
    assert leader.title == "Ansible: Push blog configuration"
    assert "/var/www/blog/settings.php" in leader.targets


def test_the_misspelt_name_is_quoted_as_evidence_for_it(recording, outage):
    (cause,) = recording.findings.causes_json()["causes"]
    quotes = {evidence["source"]: evidence["quote"] for evidence in cause["evidence"] if "phpp" in evidence["quote"]}
    assert "class-locale.phpp" in quotes["ops-01/srv/collect/config.git"]
    assert "grep -rn phpp" in quotes["web-01/var/log/auth.log"]


def test_the_innocent_are_no_suspects_and_have_an_alibi(recording, outage):
    ranking = recording.findings.ranking(outage)
    suspected = {cause.change.title for cause in ranking.suspects}
    cleared = {cause.change.title for cause in ranking.innocent}
    innocent = {"Ansible: Message of the day", "Packages: reinstall less", "Puppet: routine runs that changed nothing"}
    assert not innocent & suspected
    assert innocent <= cleared


def test_three_puppet_runs_of_one_manifest_are_one_change_over_three_hosts(recording):
    (change,) = [c for c in recording.findings.history.changes if c.tool == "puppet" and not c.routine]
    assert change.hosts == ("web-01", "web-02", "web-03")
    assert change.targets == ("/etc/puppet/manifests/fix-locale.pp", "Exec[fix-locale-extension]")


def test_each_phase_ended_with_the_restart_of_the_server_that_recovered(recording, outage):
    endings = [ending for ending in recording.findings.endings if ending.outage == outage.id]
    assert [ending.recovered for ending in endings] == [("web-01",), ("web-02",), ("web-03",)]
    assert [ending.change.action for ending in endings] == ["restart"] * 3
    assert [ending.change.hosts for ending in endings] == [("web-01",), ("web-02",), ("web-03",)]


def test_every_line_is_an_event_a_continuation_or_a_reject(recording):
    for ledger in recording.case.ledgers():
        assert ledger.lines == ledger.events + ledger.continuations + ledger.rejects, ledger.path
    counted = {ledger.path: ledger.lines for ledger in recording.case.ledgers() if ledger.status == "read"}
    # The truth counts the carriage returns of apt's progress bar as line ends; a line ends at a line feed.
    truth = {f["file"]: f["lines"] for f in recording.truth["files"] if not f["file"].endswith("apt/term.log")}
    assert {path: lines for path, lines in counted.items() if path in truth} == {
        path: truth[path] for path in counted if path in truth
    }


def test_every_file_of_the_recording_is_in_the_ledger(recording):
    known = {ledger.path for ledger in recording.case.ledgers()}
    missing = [f["file"] for f in recording.truth["files"] if f["file"] not in known]
    assert missing == []


def test_a_record_in_two_files_is_one_event_with_two_pieces_of_evidence(recording):
    from afterlog.case import COPY_SCHEMA

    copies = recording.case.read_table("copies", COPY_SCHEMA).to_pylist()
    pairs = {(copy["source"], copy["of_source"]) for copy in copies}
    assert ("web-01/var/log/user.log", "web-01/var/log/syslog") in pairs
    lines = recording.case.events(["source", "line"]).to_pylist()
    assert len({(row["source"], row["line"]) for row in lines}) == len(lines)
    assert not any(row["source"] == "web-01/var/log/user.log" for row in lines)


def test_years_and_zones_come_from_evidence_and_say_so(recording):
    ledgers = {ledger.path: ledger for ledger in recording.case.ledgers()}
    syslog = ledgers["web-01/var/log/syslog"]
    assert (syslog.year, syslog.zone, syslog.zone_basis) == (2022, "Asia/Kolkata", "zone-stated")
    access = ledgers["web-01/var/log/apache2/access.log"]
    assert (access.zone, access.zone_basis) == ("UTC+05:30", "exact")
