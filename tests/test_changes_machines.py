"""Machines and processes told from ordinary logs, and what must not be taken for them."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from afterlog.changes.machines import boot_changes, new_servers, not_told, process_changes, spans_of
from afterlog.changes.model import MINUTE, Change, Row
from afterlog.clock import to_us
from afterlog.evidence import Place

START = to_us(datetime.fromisoformat("2022-11-10T10:00:00+00:00"))
SECOND = 1_000_000


def boot(host: str, after_s: int) -> Row:
    place = Place(f"{host}/syslog", after_s, after_s)
    texts = ("Linux version 6.1.0", "boot", "", "changed", "", "", "")
    return Row(START + after_s * SECOND, place, "systemd", host, "kernel", *texts, {})


def test_a_machine_that_boots_without_having_been_seen_is_new_and_the_others_reboot():
    first = {"web-01": START, "web-02": START, "web-03": START + 7200 * SECOND}
    rows = [boot("web-03", 7201), boot("web-03", 7202), boot("web-02", 7300)]
    assert [(c.action, c.title) for c in boot_changes(rows, first)] == [
        ("restart", "web-02 boots"),
        ("node-added", "web-03 appears: its first start in these logs"),
    ]


def test_a_machine_whose_logs_begin_with_all_others_is_not_new():
    assert [c.action for c in boot_changes([boot("a", 10)], {"a": START, "b": START})] == ["restart"]


def servers(*spans: tuple[str, int, int]) -> list[Change]:
    """One request per second by each server from a second on to another."""
    rows = [
        {"time": START + s * SECOND, "source": "lb/access.log", "line": s + 1, "offset": s, "host": "lb", "service": "lb", "upstream": server}
        for server, begin, end in spans for s in range(begin, end)
    ]  # fmt: skip
    return new_servers(spans_of([pa.Table.from_pylist(rows)], "upstream"))


def test_a_server_that_begins_to_answer_later_is_new():
    (change,) = servers(("10.0.0.1:80", 0, 4000), ("10.0.0.2:80", 0, 4000), ("10.0.0.3:80", 2000, 4000))
    assert (change.targets, (change.start_us - START) // SECOND) == (("10.0.0.3:80",), 2000)
    assert change.places == (Place("lb/access.log", 2001, 2000),)


def test_servers_that_answer_from_the_beginning_or_seldom_are_not_new():
    assert servers(("a", 0, 4000), ("b", 30, 4000)) == []
    assert servers(("a", 0, 4000), ("b", 3990, 4000)) == []


def written(*spans: tuple[str, int, int]) -> list[pa.Table]:
    """One line a second by each process from a second on to another."""
    rows = [
        {"time": START + s * SECOND, "source": "web/app.log", "line": s + 1, "offset": s, "host": "web", "service": "app", "pid": pid}
        for pid, begin, end in spans for s in range(begin, end)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    return [table.slice(0, 100), table.slice(100)]


def restarts(*spans: tuple[str, int, int]) -> list[int]:
    return [(c.start_us - START) // SECOND for c in process_changes(spans_of(written(*spans), "pid"))]


def test_a_program_that_goes_on_as_another_process_was_restarted():
    (change,) = process_changes(spans_of(written(("100", 0, 300), ("200", 310, 600)), "pid"))
    assert ((change.start_us - START) // SECOND, change.title, change.hosts) == (310, "app restarted", ("web",))
    assert change.steps[0].text == "process 200 instead of 100"
    assert change.places == (Place("web/app.log", 311, 310),)


def test_one_process_over_a_rotated_log_was_not_restarted():
    assert restarts(("100", 0, 600)) == []


def test_workers_that_write_in_turn_are_no_restarts():
    assert restarts(("100", 0, 600), ("200", 10, 590), ("300", 20, 580)) == []


def test_a_process_for_each_connection_is_no_restart():
    assert restarts(*((str(pid), pid * 3, pid * 3 + 3) for pid in range(200))) == []


def test_a_restart_that_another_change_tells_is_told_once():
    found = process_changes(spans_of(written(("100", 0, 300), ("200", 310, 600)), "pid"))
    told = boot_changes([boot("web", 305)], {})
    assert not_told(found, told) == []
    assert not_told(found, boot_changes([boot("web", 305 - 10 * MINUTE // SECOND)], {})) == found
    assert not_told(found, boot_changes([boot("db", 305)], {})) == found


def test_a_program_with_a_new_process_for_each_login_leaves_no_spans_and_one_beside_it_keeps_its_own():
    logins = [(f"{n}", n * 3, n * 3 + 3) for n in range(501)]
    assert spans_of(written(*logins), "pid") == {}
    assert len(spans_of(written(*logins[:500]), "pid")[("web", "app", "web/app.log")]) == 500
    large = [("900", 2000, 20000)]  # most of the lines: may have been restarted in spite of the many
    assert len(spans_of(written(*logins, *large), "pid")[("web", "app", "web/app.log")]) == 502
