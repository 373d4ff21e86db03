"""From log files to outages: each kind of sign, what is no outage, and what a person may choose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from afterlog.analysis import analyse
from afterlog.errors import InputError
from afterlog.explain import explain, explain_json, write_picture
from afterlog.ingestion import Options, ingest
from afterlog.traffic.requests import Rules

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def access(second: float, status: int = 200, path: str = "/", client: str = "192.0.2.1") -> str:
    return f'{client} - - [{at(second):%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" {status} 512 "-" "Mozilla/5.0"\n'


def every(step: int, until: int = 36_000, **more):
    """One request each step seconds from many clients, by second."""
    return {
        s: {"client": f"192.0.2.{s // step % 97}", "path": f"/{'abcdefgh'[s // step % 8]}", **more}
        for s in range(0, until, step)
    }


def write(folder, name: str, requests: dict[int, dict]) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(access(second, **how) for second, how in sorted(requests.items())))


def found(folder, tmp_path, rules: Rules | None = None):
    case = ingest([folder], tmp_path / "case", Options(jobs=1))
    return analyse(case, (), rules)


@pytest.fixture
def logs(tmp_path):
    return tmp_path / "logs"


def test_whole_second_stamps_and_failures_from_10_00_to_10_10_are_one_outage_whose_interval_holds_10_00(logs, tmp_path):
    requests = every(2, 50_000)
    for second in range(36_000, 36_600, 2):
        requests[second]["status"] = 503
    write(logs, "web-01/access.log", requests)
    (one,) = found(logs, tmp_path).outages
    assert (one.kind, one.level, one.failed, one.requests) == ("errors", "outage", 300, 300)
    ten = round(at(36_000).timestamp()) * 1_000_000
    assert one.start.low_us <= ten <= one.start.high_us
    assert one.start.low_us % 1_000_000 == one.start.high_us % 1_000_000 == 0


def test_half_an_hour_without_requests_is_a_silence_between_the_last_request_and_the_next(logs, tmp_path):
    requests = {s: how for s, how in every(5).items() if not 10_000 <= s < 11_800}
    write(logs, "web-01/access.log", requests)
    findings = found(logs, tmp_path)
    (one,) = findings.outages
    assert (one.kind, one.open_end) == ("silence", False)
    # requests come at 0, 5, ... so that line 2,000 is that of second 9,995 and the next that of 11,800
    assert (one.first.line, one.recovered.line) == (2_000, 2_001)
    assert [entry.kind for entry in findings.timeline] == ["onset", "end"]


def test_a_log_that_stops_while_its_machine_goes_on_is_a_silence_with_an_open_end(logs, tmp_path):
    write(logs, "web-01/var/log/apache2/access.log", every(5, 20_000))
    lines = "".join(
        f"{at(s):%b} {at(s).day:2d} {at(s):%H:%M:%S} web-01 CRON[{s}]: (root) CMD (true)\n"
        for s in range(0, 36_000, 600)
    )
    (logs / "web-01/var/log/syslog").write_text(lines)
    (one,) = found(logs, tmp_path).outages
    assert (one.kind, one.open_start, one.open_end) == ("silence", False, True)
    assert one.as_json([])["end"] is None


def test_a_lone_line_of_two_years_later_does_not_stretch_the_window_into_a_silence_of_two_years(logs, tmp_path):
    # what a host wrote whose clock had not been set yet, or had been set wrong once
    write(logs, "web-01/var/log/apache2/access.log", every(5, 20_000))
    later = "".join(
        f"{at(s):%Y-%m-%dT%H:%M:%S}.000001+00:00 web-01 CRON[{s}]: (root) CMD (true)\n"
        for s in (*range(0, 20_000, 600), 2 * 365 * 86_400)
    )
    (logs / "web-01/var/log/syslog").write_text(later)
    assert found(logs, tmp_path).outages == ()


def test_a_rotated_piece_that_is_missing_is_no_silence_but_a_silence_across_a_usual_rotation_is_one(logs, tmp_path):
    lost = every(5, 3 * 86_400)
    days = [{s: how for s, how in lost.items() if day * 86_400 <= s < (day + 1) * 86_400} for day in range(3)]
    write(logs, "web-01/access.log.2", days[0])
    write(logs, "web-01/access.log", days[2])
    assert found(logs, tmp_path).outages == ()

    other = tmp_path / "silent"
    for day, name in ((0, "access.log.4"), (1, "access.log.3"), (2, "access.log.2")):
        write(other, f"web-01/{name}", days[day])
    # the fourth day begins 20 minutes late, and the third ended 20 minutes early
    write(other, "web-01/access.log.2", {s: how for s, how in days[2].items() if s < 3 * 86_400 - 1_200})
    write(other, "web-01/access.log", {s + 86_400: how for s, how in days[2].items() if s >= 2 * 86_400 + 1_200})
    (one,) = found(other, tmp_path / "second").outages
    assert one.kind == "silence"


def proxy(second: float, status: int = 200, server: str = "web-01") -> str:
    when = at(second)
    return (
        f"{when:%b} {when.day:2d} {when:%H:%M:%S} lb-01 haproxy[714]: 192.0.2.{int(second) % 97}:40000 [{when:%d/%b/%Y:%H:%M:%S}.000] "
        f'fe bk_shop/{server} 0/0/1/20/21 {status} 512 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"\n'
    )


@pytest.mark.parametrize(("day", "silences"), [(29, 0), (26, 1)])
def test_an_hour_is_missing_where_clocks_go_forward_but_only_on_that_day(logs, tmp_path, day, silences):
    # Europe's clocks went from 02:00 to 03:00 on 29 March 2026; HAProxy's log names no zone
    begin = (datetime(2026, 3, day, tzinfo=UTC) - MIDNIGHT).total_seconds()
    (logs / "lb-01").mkdir(parents=True)
    seconds = [s for s in range(0, 36_000, 5) if not 7_200 <= s < 10_800]
    (logs / "lb-01/haproxy.log").write_text("".join(proxy(begin + s) for s in seconds))
    assert [one.kind for one in found(logs, tmp_path).outages] == ["silence"] * silences


def test_refusals_of_most_requests_are_client_errors(logs, tmp_path):
    requests = every(2)
    for second in range(20_000, 21_000, 2):
        requests[second]["status"] = 401
    write(logs, "web-01/access.log", requests)
    (one,) = found(logs, tmp_path).outages
    assert (one.kind, one.failed) == ("client-errors", 500)


def test_one_client_whose_requests_fail_is_listed_but_is_no_outage_of_the_service(logs, tmp_path):
    requests = every(2)
    for second in range(20_001, 20_601, 2):
        requests[second] = {"status": 500, "path": "/x", "client": "198.51.100.7"}
    write(logs, "web-01/access.log", requests)
    findings = found(logs, tmp_path)
    assert [one.single for one in findings.outages] == ["client"]
    assert findings.impacts == {} and findings.rankings == ()


def test_the_route_that_failed_is_named(logs, tmp_path):
    requests = every(2, 40_000)
    for second, how in requests.items():
        if 20_000 <= second < 24_000 and how["path"] == "/c":
            how["status"] = 500
    write(logs, "web-01/access.log", requests)
    (one,) = found(logs, tmp_path).outages
    # every 16 s: 4,000 / 16
    assert (one.routes, one.failed) == (("/c",), 250)


# --- what a person chooses ----------------------------------------------------------------------------------


def test_what_counts_as_a_failure_can_be_chosen_and_is_remembered(logs, tmp_path):
    requests = every(2)
    for second in range(20_000, 20_600, 2):
        requests[second]["status"] = 499
    write(logs, "web-01/access.log", requests)
    case = ingest([logs], tmp_path / "case", Options(jobs=1))
    rules = Rules("status>=500 or status==499")
    assert [one.kind for one in analyse(case, (), rules).outages] == ["errors"]
    assert json.loads((case.folder / "findings.json").read_text())["settings"]["fail"] == rules.fail
    again = analyse(case)
    assert again.rules == rules
    assert [one.failed for one in again.outages] == [300]


def test_services_are_named_by_source_or_by_name_and_an_unknown_one_is_refused(logs, tmp_path):
    write(logs, "web-01/access.log", every(5))
    write(logs, "api-01/access.log", every(6))
    case = ingest([logs], tmp_path / "case", Options(jobs=1))
    findings = analyse(case, (), Rules(services=("web-01/*=shop", "api-01/*=api")))
    assert sorted(signal.service for signal in findings.signals) == ["api", "shop"]
    with pytest.raises(InputError, match="no source and no service fits"):
        analyse(case, (), Rules(services=("mail-*/x=mail",)))


def test_a_monitor_is_told_by_its_rhythm_and_left_out(logs, tmp_path):
    requests = every(7)
    for second in range(3, 36_000, 30):
        requests[second] = {"path": "/index.html", "client": "198.51.100.9"}
    write(logs, "web-01/access.log", requests)
    (signal,) = found(logs, tmp_path).signals
    # 36,000 / 30 checks; where the second of a check is also one of a request, the check stands
    assert signal.checks == 1_200
    assert len(signal.requests) == len(requests) - 1_200


def test_where_there_are_only_health_checks_they_are_what_is_known(logs, tmp_path):
    checks = {
        s: {"path": "/healthz", "client": "198.51.100.9", "status": 503 if 20_000 <= s < 22_000 else 200}
        for s in range(0, 36_000, 10)
    }
    write(logs, "web-01/access.log", checks)
    (one,) = found(logs, tmp_path).outages
    assert one.failed == 200


# --- how it was found ---------------------------------------------------------------------------------------


def test_explaining_names_baseline_evidence_intervals_and_what_would_move_them(logs, tmp_path):
    requests = every(2)
    for second in range(20_000, 20_600, 2):
        requests[second]["status"] = 503
    for second in range(20_600, 20_800, 2):
        requests[second]["status"] = 499
    write(logs, "web-01/access.log", requests)
    findings = found(logs, tmp_path)
    outage = findings.outages[0]
    told = explain(findings, outage.id, "UTC")
    for words in (
        "status>=500",
        "300 of 300 failed",
        "baseline",
        "threshold",
        "twice the evidence",
        "status>=500 or status==499",
    ):
        assert words in told
    moved = {one["rule"]: one for one in explain_json(findings, outage.id)["sensitivity"]}
    assert moved["status>=500 or status==499"]["failed"] == 400
    assert moved["as it was found"]["failed"] == 300
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for file in (first, second):
        write_picture(findings, outage.id, "UTC", file)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_text().startswith("<?xml")
    with pytest.raises(InputError, match="no outage has this id"):
        explain(findings, "outage-nothing", "UTC")


@pytest.mark.parametrize(
    "words", ["ERROR: no database", "[error] no database", "2026-03-01 10:00:00,000 ERROR no database"]
)
def test_a_plain_syslog_without_priorities_tells_an_outage_by_the_words_that_its_error_lines_begin_with(
    logs, tmp_path, words
):
    (logs / "app-01").mkdir(parents=True)
    lines = [(s, "INFO: error rate is 0") for s in range(0, 80_000, 100)]
    lines += [(s, words) for s in range(36_000, 37_200, 5)]
    text = "".join(f"{at(s):%b} {at(s).day:2d} {at(s):%H:%M:%S} app-01 shopd[7]: {said}\n" for s, said in sorted(lines))
    (logs / "app-01/syslog").write_text(text)
    (one,) = found(logs, tmp_path).outages
    # each 5 s from 10:00:00 to 10:19:55: 240 lines of shopd
    assert (one.kind, one.level, one.service, one.requests) == ("errors", "degraded", "shopd", 0)
    assert one.notes[1].startswith("240 lines")
