"""One outage seen by several: proxies, programs behind them, and the error lines that they wrote."""

from __future__ import annotations

from dataclasses import replace

from afterlog.analysis import analyse
from afterlog.errorlines import find_bursts
from afterlog.ingestion import Options, ingest
from afterlog.outages import _counted
from afterlog.traffic.requests import _without_ports
from afterlog.traffic.signals import read_signals
from test_outages_kinds import access, at, every, proxy, write

BROKEN = range(20_000, 21_800)  # seconds


def found(folder, tmp_path):
    case = ingest([folder], tmp_path / "case", Options(jobs=1))
    return analyse(case)


def error_lines(folder, seconds, word="error") -> None:
    """An Apache error log; https://httpd.apache.org/docs/2.4/logs.html#errorlog."""
    file = folder / "web-01/var/log/apache2/error.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = (
        f"[{at(s):%a %b %d %H:%M:%S}.000000 {at(s):%Y}] [proxy:{word}] [pid 714] AH00957: attempt to connect to 127.0.0.1:8000 failed\n"
        for s in seconds
    )
    file.write_text("".join(lines))


def test_a_proxys_errors_and_the_silence_of_the_server_behind_it_are_one_outage_with_two_views(tmp_path):
    logs = tmp_path / "logs"
    (logs / "lb-01").mkdir(parents=True)
    seconds = range(0, 36_000, 5)
    (logs / "lb-01/haproxy.log").write_text("".join(proxy(s, 503 if s in BROKEN else 200) for s in seconds))
    write(logs, "web-01/access.log", {s: {"client": "10.0.0.1"} for s in seconds if s not in BROKEN})
    (one,) = found(logs, tmp_path).outages
    # every five seconds for half an hour, counted once
    assert (one.kind, one.service, one.failed) == ("errors", "bk_shop", 360)
    assert [(view.what, view.kind, view.requests) for view in one.views] == [("web-01/access.log", "silence", 0)]


def test_a_program_behind_a_proxy_on_the_same_machine_is_seen_as_such_though_no_server_is_named(tmp_path):
    logs = tmp_path / "logs"
    outer = every(5)
    inner = {s: {**how, "client": "127.0.0.1"} for s, how in outer.items() if s not in BROKEN}
    for second in outer:
        if second in BROKEN:
            outer[second]["status"] = 502
    write(logs, "web-01/var/log/nginx/access.log", outer)
    write(logs, "web-01/var/log/app/access.log", inner)
    findings = found(logs, tmp_path)
    assert findings.views.inner == {"web-01/var/log/app/access.log": "web-01/var/log/nginx/access.log"}
    (one,) = findings.outages
    assert (one.failed, one.requests) == (360, 360)
    assert [view.kind for view in one.views] == ["silence"]


def test_two_sites_of_one_machine_with_the_same_paths_are_not_views_of_each_other(tmp_path):
    logs = tmp_path / "logs"
    write(logs, "web-01/var/log/nginx/shop.access.log", every(2))
    other = {s: {**how, "client": f"198.51.100.{s % 89}"} for s, how in every(3).items()}
    write(logs, "web-01/var/log/nginx/blog.access.log", other)
    assert found(logs, tmp_path).views.inner == {}


def test_failures_that_go_over_into_silence_and_back_are_one_outage(tmp_path):
    logs = tmp_path / "logs"
    requests = {s: how for s, how in every(5).items() if not 20_600 <= s < 21_800}
    for second, how in requests.items():
        if 20_000 <= second < 22_400:
            how["status"] = 503
    write(logs, "web-01/access.log", requests)
    (one,) = found(logs, tmp_path).outages
    # 600 s of failures before the silence and 600 s after it, one each five seconds
    assert (one.kind, one.level, one.failed, one.requests) == ("errors", "outage", 240, 240)
    assert [view.kind for view in one.views] == ["silence"]
    begin, end = (round(at(s).timestamp() * 1e6) for s in (20_000, 22_400))
    assert one.start.low_us <= begin <= one.start.high_us
    assert one.end.low_us <= end <= one.end.high_us


def test_what_failed_between_the_parts_of_a_joined_outage_is_counted_too(tmp_path):
    logs = tmp_path / "logs"
    requests = {s: how for s, how in every(5).items() if not 20_600 <= s < 21_800}
    for second, how in requests.items():
        if 20_000 <= second < 22_400:
            how["status"] = 503
    write(logs, "web-01/access.log", requests)
    case = ingest([logs], tmp_path / "case", Options(jobs=1))
    (signal,), _views = read_signals(case)
    (one,) = analyse(case).outages
    # as the sum of its parts may leave it; there are 600 s of failures on each side of the silence, each five seconds
    told = _counted(replace(one, requests=200, failed=190, clients=1), signal)
    assert (told.requests, told.failed, told.clients) == (240, 240, 97)


def test_error_lines_during_failing_requests_are_a_view_and_no_second_outage(tmp_path):
    logs = tmp_path / "logs"
    requests = every(5)
    for second in requests:
        if second in BROKEN:
            requests[second]["status"] = 503
    write(logs, "web-01/var/log/apache2/access.log", requests)
    error_lines(logs, BROKEN[::5])
    (one,) = found(logs, tmp_path).outages
    assert [(view.kind, view.failed) for view in one.views] == [("error-lines", 360)]


def test_error_lines_without_any_requests_are_a_degraded_service(tmp_path):
    logs = tmp_path / "logs"
    error_lines(logs, [0, *BROKEN[::5], 35_999])
    (one,) = found(logs, tmp_path).outages
    assert (one.kind, one.level, one.failed, one.requests) == ("errors", "degraded", 360, 0)
    assert (one.first.line, one.last.line) == (2, 361)


def test_error_lines_while_requests_are_answered_are_only_a_weaker_sign(tmp_path):
    logs = tmp_path / "logs"
    write(logs, "web-01/var/log/apache2/access.log", every(5))
    error_lines(logs, [0, *BROKEN[::5], 35_999])
    findings = found(logs, tmp_path)
    assert findings.outages == ()
    assert [one.kind for one in findings.weaker] == ["error-lines"]


def test_a_steady_trickle_of_error_lines_is_no_burst(tmp_path):
    logs = tmp_path / "logs"
    error_lines(logs, range(0, 36_000, 100))
    case = ingest([logs], tmp_path / "case", Options(jobs=1))
    assert find_bursts(case) == []


def test_an_access_line_is_written_as_apache_does():
    assert access(0).startswith('192.0.2.1 - - [01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200')


def test_a_server_is_called_as_its_machine_is_unless_it_has_several_ports():
    names = ("web-01:8080", "web-02:8080", "db:5432", "db:5433", "plain")
    assert _without_ports(names) == ("web-01", "web-02", "db:5432", "db:5433", "plain")


def test_stray_failures_of_recovered_servers_do_not_keep_them_in_a_phase(tmp_path):
    logs = tmp_path / "logs" / "lb-01"
    logs.mkdir(parents=True)
    lines = []
    for second in range(0, 36_000, 2):
        web02 = second % 4 == 0
        down = second in range(20_000, 23_600 if web02 else 21_800)  # the other one answers again after half an hour
        stray = second % 100 == 2  # a failure in 100 s of the other one, all day
        lines.append(proxy(second, 503 if down or stray else 200, "web-02" if web02 else "web-01"))
    (logs / "haproxy.log").write_text("".join(lines))
    (one,) = found(tmp_path / "logs", tmp_path).outages
    assert [phase.hosts for phase in one.phases] == [("web-01", "web-02"), ("web-02",)]


def test_servers_behind_a_proxy_on_another_machine_are_seen_as_such_though_no_server_is_named(tmp_path):
    # nginx in its own format before two others, taking turns; the servers know the proxy's address alone
    logs = tmp_path / "logs"
    outer = {s: {"path": f"/item/{s % 400}", "client": f"203.0.113.{s % 200}"} for s in range(0, 36_000, 5)}
    for name, turn in (("web-01", 0), ("web-02", 5)):
        behind = {s: {**how, "client": "10.20.0.12"} for s, how in outer.items() if s % 10 == turn and s not in BROKEN}
        write(logs, f"{name}/var/log/nginx/access.log", behind)
    write(
        logs,
        "gw/var/log/nginx/access.log",
        {s: {**how, "status": 502 if s in BROKEN else 200} for s, how in outer.items()},
    )
    findings = found(logs, tmp_path)
    assert findings.views.outermost == ("gw/var/log/nginx/access.log",)
    (one,) = findings.outages
    assert (one.failed, one.requests) == (360, 360)


def test_two_servers_of_a_farm_whose_proxy_was_not_collected_are_not_views_of_each_other(tmp_path):
    logs = tmp_path / "logs"
    write(
        logs, "web-01/access.log", {s: {"path": f"/item/{s % 7}", "client": "10.20.0.12"} for s in range(0, 36_000, 2)}
    )
    write(
        logs, "web-02/access.log", {s: {"path": f"/item/{s % 7}", "client": "10.20.0.12"} for s in range(1, 36_000, 3)}
    )
    assert found(logs, tmp_path).views.inner == {}
