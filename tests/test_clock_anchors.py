"""Anchors end to end: small logs of hosts whose clocks are wrong by a known amount, read into a case."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from afterlog.case import Case, Ledger
from afterlog.ingestion import Options, ingest

BEGIN = datetime(2022, 11, 10, 10, 0, tzinfo=UTC)
AFTER_S = [3, 17, 40, 41, 78, 130, 131, 200, 290, 291, 350, 500]
"""When things happen, seconds after the beginning; no two of them at distances that repeat."""


def case_of(folder: Path) -> Case:
    return ingest([folder / "logs"], folder / "case", Options(jobs=1))


def clocks(folder: Path) -> dict[str, Ledger]:
    return {ledger.path: ledger for ledger in case_of(folder).ledgers()}


def write(folder: Path, path: str, lines: list[str]) -> None:
    file = folder / "logs" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))


# --- request ids --------------------------------------------------------------------------------------------


def app_log(folder: Path, host: str, ahead_s: list[float]) -> None:
    """An application's log of the same twelve requests; each stamp ahead by so many seconds."""
    lines = [
        {
            "time": (BEGIN + timedelta(seconds=after + ahead)).isoformat(timespec="milliseconds"),
            "level": "info",
            "message": f"{host} handled it",
            "request_id": f"7f3c2a10-0000-4000-8000-{number:012d}",
        }
        for number, (after, ahead) in enumerate(zip(AFTER_S, ahead_s, strict=False))
    ]
    write(folder, f"{host}/app.log", [json.dumps(line) for line in lines])


def test_request_ids_tell_which_of_three_hosts_is_off_and_by_how_much(tmp_path):
    app_log(tmp_path, "edge-01", [0.0] * 12)
    app_log(tmp_path, "app-01", [0.2] * 12)
    app_log(tmp_path, "app-02", [300.2] * 12)
    found = clocks(tmp_path)
    assert {path: ledger.clock_offset_s for path, ledger in found.items()} == {
        "edge-01/app.log": 0,
        "app-01/app.log": 0,
        "app-02/app.log": pytest.approx(300, abs=0.5),
    }
    why = found["app-02/app.log"].clock_why
    assert "by 12 request ids that" in why and "±1.0 s against app-01, edge-01" in why
    assert found["app-02/app.log"].first == pytest.approx((BEGIN.timestamp() + 3.2) * 1e6, abs=500_000)


def test_two_request_ids_are_reported_and_nothing_is_corrected(tmp_path):
    app_log(tmp_path, "app-01", [0.0, 0.0])
    app_log(tmp_path, "app-02", [300.0, 300.0])
    found = clocks(tmp_path)
    (told,) = [ledger for ledger in found.values() if ledger.clock_why]
    assert told.clock_offset_s == 0
    assert told.clock_why.startswith("not applied: ") and told.clock_why.endswith("fewer than 3 anchors")


def test_scattered_request_ids_are_reported_and_nothing_is_corrected(tmp_path):
    app_log(tmp_path, "app-01", [0.0] * 5)
    app_log(tmp_path, "app-02", [100.0, 140.0, 65.0, 190.0, 120.0])  # median 120, deviation 20
    (told,) = [ledger for ledger in clocks(tmp_path).values() if ledger.clock_why]
    assert told.clock_offset_s == 0
    assert "120.0 s ±60.0 s" in told.clock_why and told.clock_why.endswith("scatter by more than 5 s")


def test_a_worker_that_polls_a_queue_every_ten_seconds_has_no_wrong_clock(tmp_path):
    app_log(tmp_path, "app-01", [0.0] * 12)
    # The median lag is 4.75 s, the median deviation from it 2.5 s.
    app_log(tmp_path, "worker-01", [0.5, 9, 4, 7, 2, 8, 3, 6, 5, 1, 9.5, 4.5])
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}


def test_short_ids_that_every_program_counts_anew_are_no_anchors(tmp_path):
    for host, ahead_s in (("app-01", 0), ("app-02", 300)):
        stamps = [(BEGIN + timedelta(seconds=after + ahead_s)).isoformat() for after in AFTER_S]
        lines = [{"time": stamp, "message": "x", "request_id": str(n)} for n, stamp in enumerate(stamps)]
        write(tmp_path, f"{host}/app.log", [json.dumps(line) for line in lines])
    assert [ledger.clock_why for ledger in clocks(tmp_path).values()] == ["", ""]


# --- messages that a log server holds, too ------------------------------------------------------------------


def syslog(folder: Path, path: str, host: str, ahead_s: float) -> None:
    """Twelve lines of a program on ``host`` in rsyslog's file format, stamped by a clock so far ahead."""
    stamps = [(BEGIN + timedelta(seconds=after + ahead_s)).isoformat(timespec="microseconds") for after in AFTER_S]
    write(folder, path, [f"{stamp} {host} worker[77]: job {n} of batch {n * n} done" for n, stamp in enumerate(stamps)])


def test_a_host_ahead_of_the_log_server_that_stamps_what_it_receives_is_set_right(tmp_path):
    syslog(tmp_path, "web-01/var/log/syslog", "web-01", 120)
    syslog(tmp_path, "log-01/var/log/remote/web-01.log", "web-01", 0.01)
    found = clocks(tmp_path)
    assert found["web-01/var/log/syslog"].clock_offset_s == pytest.approx(120, abs=0.5)
    assert "by 12 syslog messages that web-01/var/log/syslog and log-01/" in found["web-01/var/log/syslog"].clock_why
    assert found["log-01/var/log/remote/web-01.log"].clock_offset_s == 0


def test_a_copy_with_the_senders_stamps_is_set_right_with_the_sender(tmp_path):
    syslog(tmp_path, "web-01/var/log/syslog", "web-01", 120)
    syslog(tmp_path, "log-01/var/log/remote/web-01.log", "web-01", 0.01)
    syslog(tmp_path, "log-02/var/log/remote/web-01.log", "web-01", 120)
    found = clocks(tmp_path)
    assert found["log-02/var/log/remote/web-01.log"].clock_offset_s == pytest.approx(120, abs=0.5)
    assert found["log-02/var/log/remote/web-01.log"].first == found["web-01/var/log/syslog"].first
    assert found["log-01/var/log/remote/web-01.log"].clock_offset_s == 0


def test_the_senders_own_stamps_are_no_sign_that_two_clocks_agree(tmp_path):
    syslog(tmp_path, "web-01/var/log/syslog", "web-01", 0)
    syslog(tmp_path, "log-01/var/log/remote/web-01.log", "web-01", 0)
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}


def test_files_that_share_a_message_or_two_by_chance_are_not_compared(tmp_path):
    syslog(tmp_path, "web-01/var/log/syslog", "web-01", 0)
    other = [f"2022-11-11T1{n}:00:00.000000+00:00 web-01 worker[8]: job {n} alone" for n in range(8)]
    write(
        tmp_path,
        "log-01/var/log/remote/web-01.log",
        [*other, "2022-11-11T19:00:00.000000+00:00 web-01 worker[8]: job 3 of batch 9 done"],
    )
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}


# --- ssh ----------------------------------------------------------------------------------------------------


def ssh(folder: Path, count: int, ahead_s: int) -> None:
    """Commands in root's history on ops-01; web-01, so far ahead, lets each in a second later."""
    times = [BEGIN + timedelta(seconds=7 * after) for after in AFTER_S[:count]]
    history = [line for time in times for line in (f"#{int(time.timestamp())}", "ssh deploy@web-01 uptime")]
    write(folder, "ops-01/root/.bash_history", history)
    logins = [
        f"{(time + timedelta(seconds=ahead_s + 1)).isoformat()} web-01 sshd[{4000 + n}]: Accepted publickey for deploy "
        f"from 10.20.0.2 port {48000 + n} ssh2: ED25519 SHA256:8Vb+cC010EVJPbsLMa9iit76PFR+Wne5a1s4/gifVlw"
        for n, time in enumerate(times)
    ]
    write(folder, "web-01/var/log/auth.log", logins)


def test_ssh_commands_and_logins_tell_how_far_a_server_is_ahead(tmp_path):
    ssh(tmp_path, 12, 60)
    found = clocks(tmp_path)
    assert found["web-01/var/log/auth.log"].clock_offset_s == pytest.approx(60, abs=1)
    assert "by 12 ssh logins that web-01/var/log/auth.log holds" in found["web-01/var/log/auth.log"].clock_why
    assert found["ops-01/root/.bash_history"].clock_offset_s == 0


def test_logins_a_moment_after_their_commands_are_no_wrong_clock(tmp_path):
    ssh(tmp_path, 12, 0)
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}


def test_two_logins_tell_nothing(tmp_path):
    ssh(tmp_path, 2, 60)
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}


# --- all of them --------------------------------------------------------------------------------------------


def test_reading_the_same_logs_again_tells_the_same(tmp_path):
    app_log(tmp_path, "edge-01", [0.0] * 12)
    app_log(tmp_path, "app-01", [0.2] * 12)
    app_log(tmp_path, "app-02", [300.2] * 12)
    assert clocks(tmp_path) == clocks(tmp_path)


def test_very_many_ids_are_thinned_alike_on_both_sides(tmp_path, monkeypatch):
    monkeypatch.setattr("afterlog.anchors.identifiers._BUDGET", 400)
    for host, ahead_s in (("app-01", 0.0), ("app-02", 300.0)):
        lines = [
            {
                "time": (BEGIN + timedelta(seconds=n * n % 9_973 + ahead_s)).isoformat(timespec="milliseconds"),
                "message": "handled",
                "request_id": f"{n * 2_654_435_761 % 2**32:08x}-{n:04x}",
            }
            for n in range(1_000)
        ]
        write(tmp_path, f"{host}/app.log", [json.dumps(line) for line in lines])
    (told,) = [ledger for ledger in clocks(tmp_path).values() if ledger.clock_why]
    assert abs(told.clock_offset_s) == pytest.approx(300, abs=0.5)
    # 2,000 lines where about 400 are wanted: one in five of the 1,000 ids
    anchors = int(told.clock_why.partition(" request ids")[0].rpartition(" ")[2].replace(",", ""))
    assert 100 < anchors < 300


def test_what_a_machine_says_at_every_boot_is_no_anchor(tmp_path):
    """Two days, two boots: the host's own file holds the one, the log server's the other."""
    for path, day in (("web-01/var/log/syslog", 10), ("log-01/var/log/remote/web-01.log", 11)):
        boot = [
            f"2022-11-{day}T06:00:{n:02d}.000000+00:00 web-01 kernel: [    {n}.000000] device {n} up" for n in range(40)
        ]
        work = [f"2022-11-{day}T09:00:{n:02d}.000000+00:00 web-01 worker[8]: job {n} of day {day}" for n in range(10)]
        write(tmp_path, path, boot + work)
    assert {ledger.clock_why for ledger in clocks(tmp_path).values()} == {""}
